// sparkgate-sim: see README.md in this folder.
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <string>

#include "simulator/flags.h"
#include "simulator/server.h"

namespace {

// Every stream is a descriptor.
void RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int Fail(const std::string& error) {
  std::fprintf(stderr, "sparkgate-sim: %s\n", error.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  sparkgate::simulator::Options options;
  std::string error;
  if (!sparkgate::simulator::ReadFlags(argc, argv, &options, &error)) return Fail(error);
  RaiseDescriptorLimit();
  sparkgate::simulator::Server server(options);
  if (!server.Listen(&error)) return Fail(error);
  server.StopOnSignals();
  const bool is_v6 = options.host.find(':') != std::string::npos;
  const std::string host = is_v6 ? "[" + options.host + "]" : options.host;
  std::printf("listening on %s:%u\n", host.c_str(), static_cast<unsigned>(server.port()));
  std::fflush(stdout);
  server.Run();
  return 0;
}
