#ifndef SPARKGATE_SERVICE_UPSTREAM_REQUEST_HEADERS_H_
#define SPARKGATE_SERVICE_UPSTREAM_REQUEST_HEADERS_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "service/upstream/curl_options.h"
#include "service/upstream/transfer.h"

namespace sparkgate::upstream {

// A value that cannot end its header line: no control bytes but tab.
bool IsHeaderValue(std::string_view value);

// The header list as libcurl takes it: `fixed`, then those of the request's own that are not among
// them, then those of ours that nobody has named (the key, content type, accept, accept-encoding).
// libcurl sends CR and LF as they are, so a name or value that could smuggle one is
// INVALID_ARGUMENT; the message names the header, not the value.
absl::StatusOr<HeaderSlist> BuildHeaders(const Request& request, const std::string& api_key,
                                         const std::string& auth_header = "authorization",
                                         const HeaderList& fixed = {});

}  // namespace sparkgate::upstream

#endif  // SPARKGATE_SERVICE_UPSTREAM_REQUEST_HEADERS_H_
