#ifndef SPARKGATE_SERVICE_CONFIG_HEADER_NAMES_H_
#define SPARKGATE_SERVICE_CONFIG_HEADER_NAMES_H_

#include <string>
#include <string_view>

// Which names a header of upstream requests may have that is not Sparkgate's own. Names are in
// lower case. A problem is what a message says behind the name; "" if there is none.
namespace sparkgate::config {

// RFC 9110 §5.6.2.
bool IsToken(std::string_view name);

// Of a header whose value callers decide on.
std::string CallerHeaderProblem(std::string_view name);

// Of a header whose value the configuration decides on: also authorization and cookie may be.
std::string FixedHeaderProblem(std::string_view name);

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_HEADER_NAMES_H_
