#ifndef SPARKGATE_SERVICE_CONFIG_URL_H_
#define SPARKGATE_SERVICE_CONFIG_URL_H_

#include <string>

#include "absl/status/status.h"

namespace sparkgate::config {

// The upstream's URL: http or https, a host, perhaps a port and a path; nothing else.
absl::Status CheckUpstreamUrl(const std::string& url);

// A proxy's URL: http or https, a host and a port; nothing else.
absl::Status CheckProxyUrl(const std::string& url);

// True if requests to it, and the key, travel unencrypted over more than this machine.
bool IsPlainRemote(const std::string& url);

// The URL, or what was meant to be one, without what may be secret in it: name, password, query.
std::string PrintableUrl(const std::string& url);

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_URL_H_
