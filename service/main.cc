// sparkgate: gRPC in front of a chat-completions API. See README.md, and --help.
#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <thread>

#include "service/call_log.h"
#include "service/config/flags.h"
#include "service/config/host_port.h"
#include "service/rpc/server.h"
#include "service/server_options.h"
#include "service/telemetry/crash.h"
#include "service/telemetry/library_logs.h"
#include "service/telemetry/log.h"
#include "service/upstream/base_url.h"
#include "service/upstream/resolver.h"

namespace sparkgate {
namespace {

// Blocked before any thread is started, so that every thread inherits it and sigwait alone takes
// them.
sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
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
  const auto url = upstream::ParseBaseUrl(config.upstream_proxy.empty() ? config.upstream_url
                                                                        : config.upstream_proxy);
  if (!url.ok()) return url.status();
  return std::make_unique<upstream::Resolver>(url->host, url->port, config.dns_refresh);
}

int Serve(const config::Config& config, const sigset_t& signals, telemetry::Logger* logger) {
  for (const std::string& warning : config.warnings) {
    logger->Log(telemetry::Level::kWarning, warning);
  }
  const auto resolver = MakeResolver(config);
  if (!resolver.ok()) return Fail(resolver.status());
  auto options = MakeServerOptions(config);
  if (!options.ok()) return Fail(options.status());
  options->on_over = [logger](const rpc::CallReport& report) {
    telemetry::LogCall(MakeCallRecord(report), logger);
  };
  options->on_notice = [logger](const std::string& notice) {
    logger->Log(telemetry::Level::kInfo, notice);
  };
  auto server = rpc::Server::Start(*std::move(options), resolver->get());
  if (!server.ok()) return Fail(server.status());

  printf("listening on %s\n",
         config::FormatHostPort({config.listen.host, static_cast<uint16_t>((*server)->port())})
             .c_str());
  fflush(stdout);
  WaitForSignal(signals);
  // The second signal is for whoever does not want to wait.
  std::thread([signals] {
    WaitForSignal(signals);
    _exit(0);
  }).detach();
  (*server)->Drain();
  return 0;
}

int Main(int argc, char** argv) {
  const sigset_t signals = BlockSignals();
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
  const int code = Serve(*start->config, signals, &logger);
  telemetry::RouteLibraryLogs(nullptr);
  return code;
}

}  // namespace
}  // namespace sparkgate

int main(int argc, char** argv) { return sparkgate::Main(argc, argv); }
