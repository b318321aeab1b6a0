#ifndef SPARKGATE_SERVICE_CONFIG_HOST_PORT_H_
#define SPARKGATE_SERVICE_CONFIG_HOST_PORT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace sparkgate::config {

// An address to listen on. An IPv6 host stands without its brackets here.
struct HostPort {
  std::string host;
  uint16_t port = 0;  // 0: any free one

  friend bool operator==(const HostPort& a, const HostPort& b) {
    return a.host == b.host && a.port == b.port;
  }
};

// `host:port`, `1.2.3.4:port` or `[v6]:port`. The message of an error says what would be right.
absl::StatusOr<HostPort> ParseHostPort(std::string_view text);

// The inverse, with brackets around an IPv6 host.
std::string FormatHostPort(const HostPort& address);

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_HOST_PORT_H_
