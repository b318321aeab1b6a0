#ifndef SPARKGATE_CLIENT_JSON_TEXT_H_
#define SPARKGATE_CLIENT_JSON_TEXT_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace sparkgate::client {

// JSON cut into pieces of its own text: a parser that builds values would rewrite numbers (`1.10`),
// refuse some (`1e400`) and sort keys, and a request body must arrive as it was written.
//
// CheckJson comes first; the other functions take text that it has accepted, or a piece that one of
// them returned, and point into it.

enum class JsonKind { kNull, kBool, kNumber, kString, kArray, kObject };

struct JsonMember {
  std::string_view key;  // with its quotes and escapes
  std::string_view value;
};

// INVALID_ARGUMENT with line and column unless `text` is one JSON value in valid UTF-8, nested at
// most 64 deep.
absl::Status CheckJson(std::string_view text);

JsonKind KindOf(std::string_view value);
std::string_view TrimJson(std::string_view value);

// In the order of the text, duplicates included. `object` is an object, `array` an array.
std::vector<JsonMember> MembersOf(std::string_view object);
std::vector<std::string_view> ElementsOf(std::string_view array);

// A string's meaning as UTF-8. Absent: it has half of a surrogate pair, which UTF-8 cannot say.
std::optional<std::string> TextOf(std::string_view string);

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_JSON_TEXT_H_
