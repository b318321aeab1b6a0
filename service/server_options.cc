#include "service/server_options.h"

#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "service/config/certificate_files.h"
#include "service/config/memory.h"
#include "service/config/version.h"
#include "service/rpc/tls_credentials.h"

namespace sparkgate {
namespace {

using config::CertificateFiles;
using telemetry::Level;

// Of a certificate that callers are shown from now on. The first one was checked, and is no news.
void LogCertificate(const CertificateFiles::Pair& pair, bool is_first, telemetry::Logger* logger) {
  const std::string until = absl::FormatTime(absl::RFC3339_sec, pair.expiry, absl::UTCTimeZone());
  if (pair.expiry < absl::Now()) {
    logger->Log(Level::kWarning, "the certificate has expired: callers will refuse it",
                {{"expired", until}});
  } else if (!is_first) {
    logger->Log(Level::kInfo, "the certificate was replaced", {{"valid_until", until}});
  }
}

std::shared_ptr<grpc::ServerCredentials> MakeCredentials(const config::Config& config,
                                                         telemetry::Logger* logger) {
  if (config.tls_cert_file.empty()) return grpc::InsecureServerCredentials();
  auto files = std::make_shared<CertificateFiles>(
      config.tls_cert_file, config.tls_key_file, [logger](const std::string& problem) {
        logger->Log(Level::kWarning, "the new certificate is not used yet", {{"why", problem}});
      });
  auto next = [files, logger, is_first = true]() mutable -> std::optional<rpc::CertificatePair> {
    auto pair = files->TakeIfChanged(CertificateFiles::Clock::now());
    if (!pair) return std::nullopt;
    LogCertificate(*pair, std::exchange(is_first, false), logger);
    return rpc::CertificatePair{std::move(pair->certificates), std::move(pair->key)};
  };
  return rpc::MakeTlsCredentials(std::move(next));
}

call::CallLimits MakeLimits(const config::Config& config) {
  call::CallLimits limits;
  limits.key = translate::KnownSecret(config.api_key.Reveal());
  limits.first_content = config.first_content_timeout;
  limits.content_gap = config.content_gap_timeout;
  limits.end_grace = config.end_grace;
  limits.idle = config.idle_timeout;
  limits.max_call_time = config.max_call_time;
  limits.reader_stall = config.reader_stall_timeout;
  limits.outbox_bytes = config.outbox_bytes;
  limits.max_event_bytes = config.max_event_bytes;
  limits.max_chat_body_bytes = config.max_chat_body_bytes;
  return limits;
}

upstream::ClientOptions MakeClientOptions(const config::Config& config) {
  upstream::ClientOptions options;
  options.base_url = config.upstream_url;
  options.auth_header = config.upstream_auth_header;
  options.api_key = config.api_key.Reveal();
  options.ca_file = config.ca_file;
  options.proxy = config.upstream_proxy;
  options.user_agent = std::string("sparkgate/") + config::kVersion;
  options.connect_timeout = config.connect_timeout;
  return options;
}

}  // namespace

rpc::ServerOptions MakeServerOptions(const config::Config& config, telemetry::Logger* logger) {
  rpc::ServerOptions options;
  options.on_notice = [logger](const std::string& notice) { logger->Log(Level::kInfo, notice); };
  options.credentials = MakeCredentials(config, logger);
  options.listen_host = config.listen.host;
  options.listen_port = config.listen.port;
  options.loops = config.loops;
  options.max_calls = config.max_calls;
  options.max_connections = config.max_connections;
  options.max_connection_age = config.max_connection_age;
  options.request_timeout = config.request_timeout;
  options.heartbeat = config.heartbeat;
  options.max_receive_bytes = static_cast<int>(config.max_receive_bytes);
  options.max_request_elements = config.max_request_elements;
  options.max_request_memory = config::AvailableMemory() / 2;
  options.reflection = config.reflection;
  options.debug_service = config.debug_service;
  options.include_usage = config.include_usage;
  options.echo.extra_json = config.echo_extra;
  options.echo.reasoning_key = config.reasoning_field;
  options.allowed_headers = config.header_allow_list;
  options.drain_delay = config.drain_delay;
  options.drain_grace = config.drain_grace;
  options.limits = MakeLimits(config);
  options.client = MakeClientOptions(config);
  return options;
}

}  // namespace sparkgate
