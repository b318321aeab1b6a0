#ifndef SPARKGATE_CLIENT_JSON_H_
#define SPARKGATE_CLIENT_JSON_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/json_reader.h"

namespace sparkgate::client {

// Parses text that somebody wrote. INVALID_ARGUMENT with line and column unless it is one JSON
// value in valid UTF-8, nested at most 64 deep, without halves of surrogate pairs.
absl::Status ParseJson(std::string_view text, JsonDocument* document);

// An object without the members of these names; the others keep every byte.
std::string WithoutMembers(const JsonValue& object, const std::vector<std::string_view>& names);

// `json` with each member and element on a line of its own, two spaces deeper per level. Only space
// between the pieces changes: numbers, strings and order stay as they are written. What is not JSON
// comes back as it is.
std::string IndentJson(std::string_view json);

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_JSON_H_
