#include "service/config/host_port.h"

#include <arpa/inet.h>

#include <charconv>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace sparkgate::config {
namespace {

absl::Status Wrong(const std::string& what) {
  return absl::InvalidArgumentError(
      absl::StrCat(what, "; give HOST:PORT, such as 127.0.0.1:50051 or [::1]:50051"));
}

std::optional<uint16_t> ParsePort(std::string_view text) {
  uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  if (text.empty() || error != std::errc() || stop != end) return std::nullopt;
  return port;
}

bool IsIpv6(const std::string& host) {
  in6_addr address;
  return inet_pton(AF_INET6, host.substr(0, host.find('%')).c_str(), &address) == 1;
}

bool IsNameOrIpv4(std::string_view host) {
  for (char c : host) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && !(c >= '0' && c <= '9') && c != '.' && c != '-' && c != '_') return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<HostPort> ParseHostPort(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return Wrong("has no port");
  std::string host(text.substr(0, colon));
  const bool brackets = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (brackets) host = host.substr(1, host.size() - 2);
  if (host.empty()) return Wrong("has no host (all addresses: 0.0.0.0 or [::])");
  if (brackets && !IsIpv6(host)) return Wrong("has no IPv6 address between its brackets");
  if (!brackets && host.find(':') != std::string::npos) {
    return Wrong("looks like an IPv6 address without brackets");
  }
  if (!brackets && !IsNameOrIpv4(host)) return Wrong("has characters that no host name has");
  const std::optional<uint16_t> port = ParsePort(text.substr(colon + 1));
  if (!port.has_value()) return Wrong("has no port between 0 and 65535");
  return HostPort{host, *port};
}

std::string FormatHostPort(const HostPort& address) {
  if (address.host.find(':') == std::string::npos)
    return absl::StrCat(address.host, ":", address.port);
  return absl::StrCat("[", address.host, "]:", address.port);
}

}  // namespace sparkgate::config
