#ifndef SPARKGATE_CLIENT_TEXT_H_
#define SPARKGATE_CLIENT_TEXT_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace sparkgate::client {

// Well-formed UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
bool IsValidUtf8(std::string_view text);

// `point` is a code point that is no surrogate.
void AppendUtf8(uint32_t point, std::string* out);

// `text` for a terminal: control characters (C0 but newline and tab, DEL, C1) become U+FFFD,
// because a model's answer must not move the cursor, write the clipboard or change the window's
// title.
std::string ForTerminal(std::string_view text);

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_TEXT_H_
