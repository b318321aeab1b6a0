#ifndef SPARKGATE_BASE_URL_H_
#define SPARKGATE_BASE_URL_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace sparkgate {

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

// The URL of an upstream or of a proxy, taken apart.
struct Url {
  bool tls = false;
  std::string host;    // without the brackets and the zone of an IPv6 address
  int port = 0;        // the scheme's own if the URL names none
  std::string prefix;  // the URL whole, without a "/" at its end and without the query
  std::string query;   // with its "?"; "" if there is none

  // The URL of a request with this path.
  std::string With(const std::string& path) const { return prefix + path + query; }
};

// Messages of errors say what is wrong with the text, which they do not repeat, and what would be
// right.
//
// An upstream's URL: http or https, a host, perhaps a port, a path and a query; nothing else.
absl::StatusOr<Url> ParseUpstreamUrl(const std::string& text);
// A proxy's URL: http or https, a host and a port; nothing else.
absl::StatusOr<Url> ParseProxyUrl(const std::string& text);

// True if requests to it, and the key, travel unencrypted over more than this machine.
bool IsPlainRemote(const std::string& text);

// The URL, or what was meant to be one, without what may be secret in it: name, password, query.
std::string PrintableUrl(const std::string& text);

}  // namespace sparkgate

#endif  // SPARKGATE_BASE_URL_H_
