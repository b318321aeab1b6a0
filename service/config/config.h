#ifndef SPARKGATE_SERVICE_CONFIG_CONFIG_H_
#define SPARKGATE_SERVICE_CONFIG_CONFIG_H_

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "base/url.h"
#include "service/config/fixed_headers.h"
#include "service/config/secrets.h"
#include "service/telemetry/log.h"

namespace sparkgate::config {

// Everything that the program was told, validated: nothing here has to be checked again. Made once
// at start by LoadConfig, read-only afterwards, so every thread may read it. How a member is set,
// its bounds, its default and the reason for that stand in the table of settings
// (settings_table.cc); a member without a row there is made of others.
struct Config {
  // How it is started.
  std::string config_file;  // "": none
  bool check_config = false;

  // The server.
  HostPort listen;
  std::string tls_cert_file;  // PEM; both or none: "" is plain text
  std::string tls_key_file;
  bool reflection = true;
  bool debug_service = false;
  int loops = 1;            // at least 1
  int max_calls = 0;        // at least 1, and what the descriptors hold together with
  int max_connections = 0;  // this, at least 1
  std::chrono::milliseconds request_timeout{0};
  std::chrono::milliseconds max_connection_age{0};  // 0: no limit
  size_t max_receive_bytes = 0;

  // The upstream.
  std::string upstream_url;  // http(s)://host[:port][/prefix], without a slash at its end
  std::string api_key_file;
  bool no_api_key = false;
  Secret api_key;       // empty only if the configuration says that the upstream wants none
  std::string ca_file;  // PEM; "": the system's
  std::string upstream_proxy;
  std::string upstream_proxy_auth_file;
  ProxyAuth proxy_auth;              // the user is empty if there is none
  std::string upstream_auth_header;  // lower case
  std::string upstream_header_file;
  FixedHeaders upstream_headers;  // go with every request; the key's is not among them
  std::chrono::milliseconds dns_refresh{0};
  bool include_usage = true;
  bool echo_extra = true;
  std::string reasoning_field;                 // "reasoning_content" or "reasoning"
  std::vector<std::string> header_allow_list;  // lower case, none of upstream_headers

  // One call.
  std::chrono::milliseconds connect_timeout{0};
  std::chrono::milliseconds first_content_timeout{0};
  std::chrono::milliseconds content_gap_timeout{0};
  std::chrono::milliseconds end_grace{0};
  std::chrono::milliseconds heartbeat{0};  // 0: none
  std::chrono::milliseconds idle_timeout{0};
  std::chrono::milliseconds max_call_time{0};
  std::chrono::milliseconds reader_stall_timeout{0};
  size_t outbox_bytes = 0;
  size_t max_event_bytes = 0;
  size_t max_chat_body_bytes = 0;
  int max_request_elements = 0;

  // The process.
  std::chrono::milliseconds drain_delay{0};
  std::chrono::milliseconds drain_grace{0};
  telemetry::Level log_level = telemetry::Level::kInfo;
  bool allow_core = false;

  // What is allowed but unwise, for the log. No secret.
  std::vector<std::string> warnings;
};

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_CONFIG_H_
