#ifndef SPARKGATE_SERVICE_UPSTREAM_BASE_URL_H_
#define SPARKGATE_SERVICE_UPSTREAM_BASE_URL_H_

#include <string>

#include "absl/status/statusor.h"

namespace sparkgate::upstream {

// The upstream's address, taken apart.
struct BaseUrl {
  bool tls = false;
  std::string host;    // without the brackets of an IPv6 address
  int port = 0;        // the scheme's own if the URL names none
  std::string prefix;  // the URL whole, without a "/" at its end and without the query
  std::string query;   // with its "?"; "" if there is none

  // The URL of a request with this path.
  std::string With(const std::string& path) const { return prefix + path + query; }
};

// Takes http and https with a host, and refuses user names and fragments: INVALID_ARGUMENT
// with a message that says what would be right (and never repeats a password).
absl::StatusOr<BaseUrl> ParseBaseUrl(const std::string& url);

}  // namespace sparkgate::upstream

#endif  // SPARKGATE_SERVICE_UPSTREAM_BASE_URL_H_
