#ifndef SPARKGATE_CLIENT_JSON_INDENT_H_
#define SPARKGATE_CLIENT_JSON_INDENT_H_

#include <string>
#include <string_view>

namespace sparkgate::client {

// `json` with each member and element on a line of its own, two spaces deeper per level. Only space
// between the pieces changes: numbers, strings and order stay as they are written. What is not JSON
// comes back as it is.
std::string IndentJson(std::string_view json);

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_JSON_INDENT_H_
