#ifndef SPARKGATE_SERVICE_CONFIG_NEAREST_H_
#define SPARKGATE_SERVICE_CONFIG_NEAREST_H_

#include <string>
#include <string_view>
#include <vector>

namespace sparkgate::config {

// The name that `wrong` was probably meant to be; "" if none is near.
std::string Nearest(std::string_view wrong, const std::vector<std::string>& names);

// "; did you mean NAME?" with `prefix` before the name, or "".
std::string DidYouMean(std::string_view wrong, const std::vector<std::string>& names,
                       std::string_view prefix);

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_NEAREST_H_
