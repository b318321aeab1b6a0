#ifndef SPARKGATE_BASE_SAFE_TEXT_H_
#define SPARKGATE_BASE_SAFE_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace sparkgate {

// `text` as valid UTF-8 (U+FFFD for what is not), in one line without control bytes, cut to at most
// `limit` bytes on a code point boundary.
std::string SafeText(std::string_view text, size_t limit);

}  // namespace sparkgate

#endif  // SPARKGATE_BASE_SAFE_TEXT_H_
