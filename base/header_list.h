#ifndef SPARKGATE_BASE_HEADER_LIST_H_
#define SPARKGATE_BASE_HEADER_LIST_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sparkgate {

// Headers or metadata, names in lower case, in the order of the wire: the one form in which they
// travel between the layers.
using HeaderList = std::vector<std::pair<std::string, std::string>>;

// The value of the first header `name` (lower case); null if there is none.
inline const std::string* FindHeader(const HeaderList& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (key == name) return &value;
  }
  return nullptr;
}

}  // namespace sparkgate

#endif  // SPARKGATE_BASE_HEADER_LIST_H_
