#include "service/config/url.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "service/config/host_port.h"

namespace sparkgate::config {
namespace {

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

bool HasOddCharacters(const std::string& text) {
  for (unsigned char c : text) {
    if (c <= ' ' || c >= 0x7f || c == '\\' || c == '"') return true;
  }
  return false;
}

bool HasPort(const Parts& parts) {
  return parts.host_port.find(':', parts.host_port.rfind(']') + 1) != std::string::npos;
}

std::string HostOf(const Parts& parts) {
  const absl::StatusOr<HostPort> parsed =
      ParseHostPort(HasPort(parts) ? parts.host_port : parts.host_port + ":1");
  return parsed.ok() && parsed->port != 0 ? parsed->host : "";
}

absl::Status Wrong(std::string_view what, std::string_view right) {
  return absl::InvalidArgumentError(std::string(what) + "; give " + std::string(right));
}

}  // namespace

absl::Status CheckUpstreamUrl(const std::string& url) {
  constexpr char kRight[] = "a URL such as https://api.fireworks.ai/inference/v1";
  const std::optional<Parts> parts = Split(url);
  if (!parts.has_value() || (parts->scheme != "https" && parts->scheme != "http")) {
    return Wrong("does not begin with https:// or http://", kRight);
  }
  if (parts->has_user_info) return Wrong("holds a name or password", kRight);
  if (parts->path.find('#') != std::string::npos) return Wrong("holds a fragment", kRight);
  if (HasOddCharacters(url)) return Wrong("has characters that no URL has", kRight);
  if (HostOf(*parts).empty()) return Wrong("has no valid host and port", kRight);
  return absl::OkStatus();
}

absl::Status CheckProxyUrl(const std::string& url) {
  constexpr char kRight[] = "a URL such as http://proxy.example:3128";
  const std::optional<Parts> parts = Split(url);
  if (!parts.has_value() || (parts->scheme != "http" && parts->scheme != "https")) {
    return Wrong("does not begin with http:// or https://", kRight);
  }
  if (parts->has_user_info) {
    return Wrong("holds a name or password",
                 "both in the file of --upstream_proxy_auth_file, and here " + std::string(kRight));
  }
  if (!parts->path.empty() && parts->path != "/") return Wrong("has a path", kRight);
  if (HasOddCharacters(url)) return Wrong("has characters that no URL has", kRight);
  // libcurl's default for a proxy is 1080, which nobody expects of an http URL.
  if (!HasPort(*parts)) return Wrong("has no port", kRight);
  if (HostOf(*parts).empty()) return Wrong("has no valid host and port", kRight);
  return absl::OkStatus();
}

bool IsPlainRemote(const std::string& url) {
  const std::optional<Parts> parts = Split(url);
  if (!parts.has_value() || parts->scheme != "http") return false;
  const std::string host = HostOf(*parts);
  return host != "localhost" && host != "::1" && host.rfind("127.", 0) != 0;
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

}  // namespace sparkgate::config
