#include "service/server_options.h"

#include <grpcpp/security/server_credentials.h>

#include <optional>
#include <string>
#include <utility>

#include "base/text.h"
#include "service/config/process_limits.h"
#include "service/config/report.h"
#include "service/rpc/server_credentials.h"
#include "service/translate/redaction.h"

namespace sparkgate {
namespace {

// Null for plain text.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeCredentials(
    const config::Config& config, config::KeyPairFiles::Log log) {
  if (config.tls_cert_file.empty()) return nullptr;
  auto opened = config::KeyPairFiles::Open(config.tls_cert_file, config.tls_key_file,
                                           std::move(log), config::KeyPairFiles::Clock::now());
  if (!opened.ok()) return opened.status();
  const std::shared_ptr<config::KeyPairFiles> files = *std::move(opened);
  return rpc::MakeTlsCredentials(
      [files]() -> std::optional<grpc::SslServerCredentialsOptions::PemKeyCertPair> {
        auto pair = files->TakeNew(config::KeyPairFiles::Clock::now());
        if (!pair) return std::nullopt;
        return grpc::SslServerCredentialsOptions::PemKeyCertPair{std::move(pair->key),
                                                                 std::move(pair->certificates)};
      });
}

// Of the proxy's user only what is a token by itself: without a password.
translate::KnownSecrets MakeSecrets(const config::Config& config) {
  translate::KnownSecrets secrets;
  secrets.AddKey(config.api_key.Reveal());
  const auto& [user, password] = config.proxy_auth;
  if (!user.empty()) {
    secrets.AddKey(password.empty() ? user.Reveal() : password.Reveal());
    secrets.AddBasic(user.Reveal(), password.Reveal());
  }
  for (const auto& [name, value] : config.upstream_headers) {
    secrets.AddHeaderValue(value.Reveal());
  }
  return secrets;
}

call::CallLimits MakeLimits(const config::Config& config) {
  call::CallLimits limits;
  limits.secrets = MakeSecrets(config);
  limits.proxy_has_auth = !config.proxy_auth.user.empty();
  limits.proxy_forwards =
      !config.upstream_proxy.empty() && config.upstream_url.rfind("http://", 0) == 0;
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
  for (const auto& [name, value] : config.upstream_headers) {
    options.fixed_headers.emplace_back(name, value.Reveal());
  }
  options.proxy = config.upstream_proxy;
  if (!config.proxy_auth.user.empty()) {
    options.proxy_authorization = "Basic ";
    AppendBase64(config.proxy_auth.user.Reveal() + ":" + config.proxy_auth.password.Reveal(),
                 &options.proxy_authorization);
  }
  options.user_agent = std::string("sparkgate/") + config::kVersion;
  options.connect_timeout = config.connect_timeout;
  return options;
}

}  // namespace

absl::StatusOr<rpc::ServerOptions> MakeServerOptions(const config::Config& config,
                                                     config::KeyPairFiles::Log tls_log) {
  rpc::ServerOptions options;
  auto credentials = MakeCredentials(config, std::move(tls_log));
  if (!credentials.ok()) return credentials.status();
  options.credentials = *std::move(credentials);
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
