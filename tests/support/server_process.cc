#include "tests/support/server_process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "tests/support/secrets.h"

namespace sparkgate::support {
namespace {

constexpr char kProgram[] = "service/sparkgate";

// Beside the other files of this test, readable by its owner alone.
std::string WriteKeyFile() {
  const char* const folder = std::getenv("TEST_TMPDIR");
  const std::string path = std::string(folder != nullptr ? folder : "/tmp") + "/api_key";
  std::ofstream(path) << kMadeUpKey << "\n";
  chmod(path.c_str(), 0600);
  return path;
}

std::vector<std::string> Arguments(const ServerProcess::Options& options) {
  std::vector<std::string> argv = options.run_by;
  argv.insert(argv.end(),
              {kProgram, "--listen=127.0.0.1:0", "--upstream_url=" + options.upstream_url,
               "--drain_delay=" + options.drain_delay, "--drain_grace=" + options.drain_grace});
  if (!options.ca_file.empty()) argv.push_back("--ca_file=" + options.ca_file);
  if (options.no_key) argv.push_back("--no_api_key");
  if (options.key_by_file) argv.push_back("--api_key_file=" + WriteKeyFile());
  if (options.allow_core) argv.push_back("--allow_core");
  argv.insert(argv.end(), options.flags.begin(), options.flags.end());
  return argv;
}

ChildProcess::Environment KeyInEnvironment(const ServerProcess::Options& options) {
  if (options.no_key || options.key_by_file) return {"FIREWORKS_API_KEY="};
  return {"FIREWORKS_API_KEY=" + (options.key.empty() ? std::string(kMadeUpKey) : options.key)};
}

bool IsSanitizerReport(const std::string& errors) {
  for (const char* mark : {"Sanitizer:", "runtime error:", "ThreadSanitizer"}) {
    if (errors.find(mark) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

ServerProcess::ServerProcess(const std::string& upstream_url, std::vector<std::string> flags)
    : ServerProcess([&] {
        Options options;
        options.upstream_url = upstream_url;
        options.flags = std::move(flags);
        return options;
      }()) {}

ServerProcess::ServerProcess(const Options& options)
    : process_(std::make_unique<ChildProcess>(Arguments(options), KeyInEnvironment(options))) {
  if (!options.wait) return;
  const std::optional<std::string> address = process_->AwaitLine("listening on ");
  if (!address) {
    ADD_FAILURE() << "The server did not become ready:\n"
                  << process_->output() << process_->errors();
    std::abort();  // nothing can be tested without it
  }
  port_ = std::atoi(address->c_str() + address->rfind(':') + 1);
}

ServerProcess::~ServerProcess() {
  if (!ended_) Stop();
}

void ServerProcess::Terminate() { process_->Signal(SIGTERM); }

int ServerProcess::WaitForEnd(std::chrono::milliseconds patience) {
  const std::optional<int> code = process_->Wait(patience);
  if (!code) return -1;
  ended_ = true;
  CheckOutput();
  return *code;
}

void ServerProcess::Stop() {
  Terminate();
  if (WaitForEnd() >= 0) {
    EXPECT_EQ(*process_->Wait(), 0) << process_->errors();
    return;
  }
  ADD_FAILURE() << "The server did not end after SIGTERM; what it printed last:\n"
                << process_->errors();
  Terminate();
  if (WaitForEnd() < 0) ADD_FAILURE() << "nor after a second one";
  ended_ = true;
}

void ServerProcess::CheckOutput() {
  const std::string output = process_->output();
  const std::string errors = process_->errors();
  ExpectNoSecret("the server's standard output", output);
  ExpectNoSecret("the server's standard error", errors);
  if (IsSanitizerReport(errors)) ADD_FAILURE() << errors;
}

}  // namespace sparkgate::support
