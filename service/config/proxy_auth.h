#ifndef SPARKGATE_SERVICE_CONFIG_PROXY_AUTH_H_
#define SPARKGATE_SERVICE_CONFIG_PROXY_AUTH_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "service/config/secret.h"

namespace sparkgate::config {

// What the proxy on the way to the upstream is told of us.
struct ProxyAuth {
  Secret user;      // without a colon; empty only if there is no ProxyAuth
  Secret password;  // may be empty: then the user is a token
};

// Reads `user:password`, one line, from a file. Bytes beyond ASCII are taken as they are, because
// nobody says what a proxy expects; control characters are refused. Errors and warnings name the
// file, never its contents.
absl::StatusOr<ProxyAuth> ReadProxyAuthFile(const std::string& path,
                                            std::vector<std::string>* warnings);

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_PROXY_AUTH_H_
