#include "service/upstream/base_url.h"

#include <curl/curl.h>

#include <memory>

#include "service/upstream/request_headers.h"

namespace sparkgate::upstream {
namespace {

struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using UrlHandle = std::unique_ptr<CURLU, UrlDeleter>;

// "" if the URL has no such part.
std::string Part(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK || text == nullptr) return "";
  std::string copy = text;
  curl_free(text);
  return copy;
}

absl::Status Refuse(const std::string& what) {
  return absl::InvalidArgumentError("the upstream's URL " + what +
                                    "; expected https://host[:port][/prefix][?query]");
}

std::string WithoutBrackets(const std::string& host) {
  if (host.size() < 2 || host.front() != '[') return host;
  return host.substr(1, host.size() - 2);
}

}  // namespace

absl::StatusOr<BaseUrl> ParseBaseUrl(const std::string& text) {
  if (text.empty()) return Refuse("is empty");
  if (!IsVisibleAscii(text)) return Refuse("holds a space or a byte that is not printable ASCII");
  const UrlHandle url(curl_url());
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) {
    return Refuse("cannot be read");
  }
  const std::string scheme = Part(url.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") return Refuse("is not of the scheme http or https");
  if (!Part(url.get(), CURLUPART_USER).empty()) return Refuse("names a user");
  if (!Part(url.get(), CURLUPART_FRAGMENT).empty()) return Refuse("has a fragment");

  BaseUrl base;
  base.tls = scheme == "https";
  base.host = WithoutBrackets(Part(url.get(), CURLUPART_HOST));
  base.port = std::stoi(Part(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT));
  base.query = Part(url.get(), CURLUPART_QUERY);
  if (!base.query.empty()) base.query.insert(0, "?");
  curl_url_set(url.get(), CURLUPART_QUERY, nullptr, 0);
  base.prefix = Part(url.get(), CURLUPART_URL);
  if (base.host.empty()) return Refuse("has no host");
  if (base.port == 0) return Refuse("has the port 0");
  while (base.prefix.back() == '/') base.prefix.pop_back();
  return base;
}

}  // namespace sparkgate::upstream
