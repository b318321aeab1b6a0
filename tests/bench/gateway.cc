#include "tests/bench/gateway.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <utility>

#include "tests/bench/mark.h"
#include "tests/bench/process_stats.h"
#include "tests/bench/sockets.h"
#include "tests/support/test_certificates.h"

namespace sparkgate::bench {
namespace {

// Nobody has it now.
int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  bind(fd, reinterpret_cast<sockaddr*>(&address), size);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  close(fd);
  return ntohs(address.sin_port);
}

bool Accepts(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool accepts = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  close(fd);
  return accepts;
}

std::string Scheme(const Gateway::Upstream& upstream) { return upstream.tls ? "https" : "http"; }

void Replace(std::string* text, const std::string& what, const std::string& with) {
  for (size_t at = 0; (at = text->find(what, at)) != std::string::npos; at += with.size()) {
    text->replace(at, what.size(), with);
  }
}

}  // namespace

std::unique_ptr<Gateway> Gateway::Sparkgate(const std::string& name, const std::string& path,
                                            const Upstream& upstream, int loops) {
  std::unique_ptr<Gateway> gateway(new Gateway(name, /*grpc=*/true));
  gateway->port_ = FreePort();
  std::vector<std::string> arguments = {path,
                                        "--listen=127.0.0.1:" + std::to_string(gateway->port_),
                                        "--upstream_url=" + Scheme(upstream) +
                                            "://127.0.0.1:" + std::to_string(upstream.port) + "/v1",
                                        "--no_api_key",
                                        "--drain_delay=0s",
                                        "--log_level=warning",
                                        "--loops=" + std::to_string(loops)};
  if (upstream.tls) arguments.push_back("--ca_file=" + support::CaFile());
  gateway->Run(arguments);
  return gateway;
}

std::unique_ptr<Gateway> Gateway::Nginx(const std::string& config, const Upstream& upstream,
                                        int workers) {
  std::unique_ptr<Gateway> gateway(new Gateway("nginx", /*grpc=*/false));
  gateway->RunNginx(config, {{"@UPSTREAM@", std::to_string(upstream.port)},
                             {"@SCHEME@", Scheme(upstream)},
                             {"@WORKERS@", std::to_string(workers)},
                             {"@CA@", support::CaFile()},
                             {"@LISTEN@", ""}});
  return gateway;
}

std::unique_ptr<Gateway> Gateway::TlsFront(const std::string& config, int upstream_port) {
  std::unique_ptr<Gateway> gateway(new Gateway("TLS front", /*grpc=*/false));
  gateway->RunNginx(config, {{"@UPSTREAM@", std::to_string(upstream_port)},
                             {"@SCHEME@", "http"},
                             {"@WORKERS@", "1"},
                             {"@CA@", support::CaFile()},
                             {"@LISTEN@", "ssl"}});
  return gateway;
}

void Gateway::RunNginx(const std::string& config, std::map<std::string, std::string> replacements) {
  char folder[] = "/tmp/sparkgate-bench-XXXXXX";
  if (mkdtemp(folder) == nullptr) std::abort();
  folder_ = folder;
  port_ = FreePort();
  const support::IdentityFiles identity = support::WriteIdentity(folder_, "upstream");
  replacements["@PORT@"] = std::to_string(port_);
  replacements["@DIR@"] = folder_;
  replacements["@CERTIFICATE@"] = identity.certificate;
  replacements["@KEY@"] = identity.key;
  std::ifstream file(config);
  std::string text((std::istreambuf_iterator<char>(file)), {});
  for (const auto& [what, with] : replacements) Replace(&text, what, with);
  const std::string filled = folder_ + "/nginx.conf";
  std::ofstream(filled) << text;
  Run({"/usr/sbin/nginx", "-p", folder_, "-c", filled, "-e", "stderr", "-g", "daemon off;"});
}

std::unique_ptr<Gateway> Gateway::Direct(int upstream_port) {
  std::unique_ptr<Gateway> gateway(new Gateway("direct", /*grpc=*/false));
  gateway->port_ = upstream_port;
  return gateway;
}

void Gateway::Run(const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const int64_t begun = NowNs();
  pid_ = fork();
  if (pid_ == 0) {
    const int null = open("/dev/null", O_RDWR);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    execv(argv[0], argv.data());
    _exit(127);
  }
  constexpr int64_t kPatienceNs = 10'000'000'000;
  while (!Accepts(port_)) {
    if (NowNs() - begun > kPatienceNs) {
      std::fprintf(stderr, "%s did not start\n", argv[0]);
      std::abort();
    }
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  start_ms_ = static_cast<double>(NowNs() - begun) / 1e6;
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  idle_rss_kib_ = ReadProcessStats(pid_).rss_kib;
}

std::unique_ptr<LoadClient> Gateway::Client(const ClientOptions& options,
                                            LoadEvents* events) const {
  return grpc_ ? MakeGrpcClient(port_, options, events) : MakeHttp1Client(port_, options, events);
}

bool Gateway::Stop() {
  if (pid_ <= 0) return true;
  kill(pid_, SIGTERM);
  int status = 0;
  waitpid(std::exchange(pid_, -1), &status, 0);
  if (!folder_.empty()) std::filesystem::remove_all(folder_);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace sparkgate::bench
