#ifndef SPARKGATE_SERVICE_CONFIG_FIXED_HEADERS_H_
#define SPARKGATE_SERVICE_CONFIG_FIXED_HEADERS_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "service/config/secrets.h"

namespace sparkgate::config {

// Which names a header of upstream requests may have that is not Sparkgate's own. Names are in
// lower case. A problem is what a message says behind the name; "" if there is none.
// RFC 9110 §5.6.2.
bool IsToken(std::string_view name);

// Of a header whose value callers decide on.
std::string CallerHeaderProblem(std::string_view name);

// Of a header whose value the configuration decides on: also authorization and cookie may be.
std::string FixedHeaderProblem(std::string_view name);

// Names in lower case, in the order of the file.
using FixedHeaders = std::vector<std::pair<std::string, Secret>>;

// Reads headers from a file, one `Name: value` per line; blank lines and lines that begin with '#'
// are skipped. At least one and at most 32, 16 KiB together. `key_header`: the name, in lower case,
// of the header that takes the API key, which must not be given again; "" if there is no key.
//
// An error has one line for each bad line of the file, with its number. Errors and warnings
// may show names; they show no value, and nothing of a line that has no name.
absl::StatusOr<FixedHeaders> ReadHeaderFile(const std::string& path, std::string_view key_header,
                                            std::vector<std::string>* warnings);

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_FIXED_HEADERS_H_
