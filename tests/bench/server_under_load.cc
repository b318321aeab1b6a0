#include "tests/bench/server_under_load.h"

#include <fcntl.h>
#include <grpcpp/grpcpp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <utility>

#include "sparkgate/v1/request.pb.h"

namespace sparkgate::bench {
namespace {

// In the child, between fork and exec.
[[noreturn]] void Exec(const std::vector<std::string>& arguments, int out) {
  dup2(out, STDOUT_FILENO);
  dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execv(argv[0], argv.data());
  _exit(127);
}

}  // namespace

ServerUnderLoad::ServerUnderLoad(const std::string& path, int upstream_port, int loops) {
  const std::vector<std::string> arguments = {
      path,
      "--listen=127.0.0.1:0",
      "--upstream_url=http://127.0.0.1:" + std::to_string(upstream_port) + "/v1",
      "--no_api_key",
      "--drain_delay=0s",
      "--loops=" + std::to_string(loops)};
  int out[2];
  if (pipe(out) != 0) abort();
  const auto begun = std::chrono::steady_clock::now();
  pid_ = fork();
  if (pid_ == 0) Exec(arguments, out[1]);
  close(out[1]);
  FILE* const lines = fdopen(out[0], "r");
  char line[256];
  while (fgets(line, sizeof line, lines)) {
    if (sscanf(line, "listening on 127.0.0.1:%d", &port_) == 1) break;
  }
  start_ms_ =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count();
  if (port_ == 0) fprintf(stderr, "%s did not start\n", path.c_str());
}

std::vector<std::unique_ptr<grpc::GenericStub>> ServerUnderLoad::Connect(int connections) const {
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs;
  for (int i = 0; i < connections; ++i) {
    grpc::ChannelArguments arguments;
    // A channel with arguments of its own has a connection of its own.
    arguments.SetInt("bench.connection", i);
    stubs.push_back(std::make_unique<grpc::GenericStub>(grpc::CreateCustomChannel(
        "127.0.0.1:" + std::to_string(port_), grpc::InsecureChannelCredentials(), arguments)));
  }
  return stubs;
}

bool ServerUnderLoad::Stop() {
  if (pid_ <= 0) return true;
  kill(pid_, SIGTERM);
  int status = 0;
  waitpid(std::exchange(pid_, -1), &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

grpc::ByteBuffer ChatRequestBytes() {
  v1::ChatRequest request;
  request.set_model("bench");
  auto* message = request.add_messages();
  message->set_role("user");
  message->set_content(std::string(1024, 'p'));
  const grpc::Slice slice(request.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

}  // namespace sparkgate::bench
