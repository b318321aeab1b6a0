#include "base/url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/text.h"

namespace sparkgate {
namespace {

absl::Status WrongAddress(const std::string& what) {
  return absl::InvalidArgumentError(
      absl::StrCat(what, "; give HOST:PORT, such as 127.0.0.1:50051 or [::1]:50051"));
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

struct Parts {
  std::string scheme;
  bool has_user_info = false;
  std::string host_port;
  std::string path;
};

std::optional<Parts> Split(const std::string& url) {
  const size_t colon = url.find("://");
  if (colon == std::string::npos) return std::nullopt;
  Parts parts;
  parts.scheme = url.substr(0, colon);
  const size_t begin = colon + 3;
  const size_t end = std::min(url.find_first_of("/?#", begin), url.size());
  parts.host_port = url.substr(begin, end - begin);
  parts.path = url.substr(end);
  const size_t at = parts.host_port.rfind('@');
  if (at != std::string::npos) {
    parts.has_user_info = true;
    parts.host_port.erase(0, at + 1);
  }
  return parts;
}

bool IsHttp(const Parts& parts) { return parts.scheme == "https" || parts.scheme == "http"; }

bool HasOddCharacters(const std::string& text) {
  return !IsVisibleAscii(text) || text.find_first_of("\\\"") != std::string::npos;
}

bool HasPort(const Parts& parts) {
  return parts.host_port.find(':', parts.host_port.rfind(']') + 1) != std::string::npos;
}

// `right`: what would be right; `credentials`: where name and password belong, before that.
absl::StatusOr<Url> Parse(const std::string& text, const std::string& right,
                          const std::string& credentials) {
  const auto wrong = [&right](const char* what) {
    return absl::InvalidArgumentError(absl::StrCat(what, "; give ", right));
  };
  const std::optional<Parts> parts = Split(text);
  if (!parts.has_value() || !IsHttp(*parts)) {
    return wrong("does not begin with https:// or http://");
  }
  if (parts->has_user_info) {
    return absl::InvalidArgumentError(
        absl::StrCat("holds a name or password; give ", credentials, right));
  }
  if (parts->path.find('#') != std::string::npos) return wrong("holds a fragment");
  if (HasOddCharacters(text)) return wrong("has characters that no URL has");
  Url url;
  url.tls = parts->scheme == "https";
  const std::string port = HasPort(*parts) ? "" : url.tls ? ":443" : ":80";
  const absl::StatusOr<HostPort> address = ParseHostPort(parts->host_port + port);
  if (!address.ok() || address->port == 0) return wrong("has no valid host and port");
  url.host = address->host.substr(0, address->host.find('%'));
  url.port = address->port;
  const size_t query = std::min(text.find('?'), text.size());
  if (query + 1 < text.size()) url.query = text.substr(query);
  url.prefix = text.substr(0, query);
  while (url.prefix.back() == '/') url.prefix.pop_back();
  return url;
}

}  // namespace

absl::StatusOr<HostPort> ParseHostPort(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return WrongAddress("has no port");
  std::string host(text.substr(0, colon));
  const bool brackets = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (brackets) host = host.substr(1, host.size() - 2);
  if (host.empty()) return WrongAddress("has no host (all addresses: 0.0.0.0 or [::])");
  if (brackets && !IsIpv6(host)) return WrongAddress("has no IPv6 address between its brackets");
  if (!brackets && host.find(':') != std::string::npos) {
    return WrongAddress("looks like an IPv6 address without brackets");
  }
  if (!brackets && !IsNameOrIpv4(host)) return WrongAddress("has characters that no host name has");
  uint16_t port = 0;
  if (!ParseNumber(text.substr(colon + 1), &port)) {
    return WrongAddress("has no port between 0 and 65535");
  }
  return HostPort{host, port};
}

std::string FormatHostPort(const HostPort& address) {
  if (address.host.find(':') == std::string::npos)
    return absl::StrCat(address.host, ":", address.port);
  return absl::StrCat("[", address.host, "]:", address.port);
}

absl::StatusOr<Url> ParseUpstreamUrl(const std::string& text) {
  return Parse(text, "a URL such as https://api.fireworks.ai/inference/v1", "");
}

absl::StatusOr<Url> ParseProxyUrl(const std::string& text) {
  const std::string right = "a URL such as http://proxy.example:3128";
  absl::StatusOr<Url> url =
      Parse(text, right, "both in the file of --upstream_proxy_auth_file, and here ");
  const std::optional<Parts> parts = Split(text);
  if (!parts || parts->has_user_info || !IsHttp(*parts)) return url;
  if (!parts->path.empty() && parts->path != "/") {
    return absl::InvalidArgumentError("has a path; give " + right);
  }
  // libcurl's default for a proxy is 1080, which nobody expects of an http URL.
  if (url.ok() && !HasPort(*parts)) return absl::InvalidArgumentError("has no port; give " + right);
  return url;
}

bool IsPlainRemote(const std::string& text) {
  const absl::StatusOr<Url> url = Parse(text, "", "");
  if (!url.ok() || url->tls) return false;
  return url->host != "localhost" && url->host != "::1" && url->host.rfind("127.", 0) != 0;
}

std::string PrintableUrl(const std::string& url) {
  std::string text = url.substr(0, url.find_first_of("?#"));
  const size_t colon = text.find("://");
  // A password may hold these characters: then all that stands before the '@' is suspect.
  if (url.find('@', text.size()) != std::string::npos) {
    return (colon == std::string::npos ? "" : text.substr(0, colon + 3)) + "redacted";
  }
  if (text.size() < url.size()) text += url[text.size()] + std::string("redacted");
  const size_t begin = colon == std::string::npos ? 0 : colon + 3;
  const size_t at = text.rfind('@');
  if (at != std::string::npos && at >= begin) text.replace(begin, at - begin, "redacted");
  return text;
}

}  // namespace sparkgate
