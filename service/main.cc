// sparkgate: gRPC in front of a chat-completions API. See README.md, and --help.
#include <curl/curl.h>
#include <fcntl.h>
#include <grpc/grpc.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/url.h"
#include "service/call_log.h"
#include "service/config/load.h"
#include "service/rpc/server.h"
#include "service/server_options.h"
#include "service/telemetry/crash.h"
#include "service/telemetry/library_logs.h"
#include "service/telemetry/log.h"
#include "service/upstream/resolver.h"

namespace sparkgate {
namespace {

// A descriptor of the first three that is closed would be given to the next socket, and what is
// printed or logged would go to its peer. This runs before the constructors of the shared
// libraries, one of which opens an eventfd; so early that no sanitizer is there yet: plain system
// calls only.
__attribute__((no_sanitize("address", "thread", "undefined"))) void OpenStandardDescriptors() {
  for (int fd = 0; fd <= 2; ++fd) {
    if (syscall(SYS_fcntl, fd, F_GETFD) == -1) {
      syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR);
    }
  }
}
__attribute__((section(".preinit_array"),
               used)) void (*const open_standard_descriptors)() = OpenStandardDescriptors;

// Variables by which libraries write secrets, prompts or the callers' headers to files and logs:
// OpenSSL's of libcurl, and all of gRPC's. Before any of them is used.
void ClearLibraryEnvironment() {
  std::vector<std::string> names = {"SSLKEYLOGFILE"};
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view variable(*entry);
    if (variable.substr(0, 5) == "GRPC_") {
      names.emplace_back(variable.substr(0, variable.find('=')));
    }
  }
  for (const std::string& name : names) unsetenv(name.c_str());
}

// Large blocks are mappings of their own, so that they go back to the system when they are freed.
// By default glibc raises the threshold to 32 MiB by and by, and a block that was freed then stays
// with the process, for each arena. Messages come in slices of a little over 64 KiB. The number of
// mappings is bounded because the system bounds it too, at 65,530, and threads need some.
void ReturnLargeBlocks() {
  mallopt(M_MMAP_THRESHOLD, 64 << 10);
  mallopt(M_MMAP_MAX, 16 << 10);
  mallopt(M_TRIM_THRESHOLD, 1 << 20);
}

// SIGTERM and SIGINT are blocked before any thread is started, so that every thread inherits it and
// sigwait alone takes them. Those that mean nothing here would end the process by default.
sigset_t PrepareSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  for (const int ignored :
       {SIGPIPE, SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGSTKFLT}) {
    signal(ignored, SIG_IGN);
  }
  return signals;
}

void WaitForSignal(const sigset_t& signals) {
  int signal = 0;
  while (sigwait(&signals, &signal) != 0) {
  }
}

int Fail(const absl::Status& status) {
  fprintf(stderr, "sparkgate: %s\n", std::string(status.message()).c_str());
  return 1;
}

absl::StatusOr<std::unique_ptr<upstream::Resolver>> MakeResolver(const config::Config& config) {
  // A proxy looks the upstream's name up itself; what we connect to is the proxy.
  const auto url =
      ParseUpstreamUrl(config.upstream_proxy.empty() ? config.upstream_url : config.upstream_proxy);
  if (!url.ok()) return url.status();
  return std::make_unique<upstream::Resolver>(url->host, url->port, config.dns_refresh);
}

int Serve(const config::Config& config, const sigset_t& signals, telemetry::Logger* logger) {
  for (const std::string& warning : config.warnings) {
    logger->Log(telemetry::Level::kWarning, warning);
  }
  const auto resolver = MakeResolver(config);
  if (!resolver.ok()) return Fail(resolver.status());
  auto options =
      MakeServerOptions(config, [logger](telemetry::Level level, const std::string& message) {
        logger->Log(level, message);
      });
  if (!options.ok()) return Fail(options.status());
  options->on_over = [logger](const rpc::CallReport& report) {
    LogCall(report, std::chrono::steady_clock::now(), logger);
  };
  options->on_notice = [logger](const std::string& notice) {
    logger->Log(telemetry::Level::kInfo, notice);
  };
  options->end_process = [logger](int exit_code) {
    logger->Flush();
    _exit(exit_code);
  };
  auto server = rpc::Server::Start(*std::move(options), resolver->get());
  if (!server.ok()) return Fail(server.status());
  // The second signal is for whoever does not want to wait. The thread is there from the start: at
  // the end there may be none left to be had.
  std::promise<void> first;
  std::future<void> first_signal = first.get_future();
  std::thread([signals, first = std::move(first)]() mutable {
    WaitForSignal(signals);
    first.set_value();
    WaitForSignal(signals);
    _exit(0);
  }).detach();

  printf("listening on %s\n",
         FormatHostPort({config.listen.host, static_cast<uint16_t>((*server)->port())}).c_str());
  fflush(stdout);
  first_signal.wait();
  (*server)->Drain();
  return 0;
}

int Main(int argc, char** argv) {
  ClearLibraryEnvironment();
  ReturnLargeBlocks();
  const sigset_t signals = PrepareSignals();
  const auto start = config::LoadConfig(argc, argv);
  if (!start.ok()) return Fail(start.status());
  if (!start->config) {
    fputs(start->output.c_str(), stdout);
    return 0;
  }
  telemetry::InstallCrashHandler("sparkgate");
  if (!start->config->allow_core) telemetry::ForbidCoreDumps();
  telemetry::LoggerOptions log_options;
  log_options.least = start->config->log_level;
  telemetry::Logger logger(log_options);
  telemetry::RouteLibraryLogs(&logger);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  // Never shut down again: gRPC's own end starts a thread and waits for it, and at a limit of
  // threads it would wait for ever.
  grpc_init();
  const int code = Serve(*start->config, signals, &logger);
  telemetry::RouteLibraryLogs(nullptr);
  return code;
}

}  // namespace
}  // namespace sparkgate

int main(int argc, char** argv) { return sparkgate::Main(argc, argv); }
