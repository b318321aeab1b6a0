#ifndef SPARKGATE_CLIENT_TEXT_H_
#define SPARKGATE_CLIENT_TEXT_H_

#include <string>
#include <string_view>

namespace sparkgate::client {

// `text` for a terminal: control characters (C0 but newline and tab, DEL, C1) become U+FFFD,
// because a model's answer must not move the cursor, write the clipboard or change the window's
// title.
std::string ForTerminal(std::string_view text);

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_TEXT_H_
