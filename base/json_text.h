#ifndef SPARKGATE_BASE_JSON_TEXT_H_
#define SPARKGATE_BASE_JSON_TEXT_H_

#include <cstddef>
#include <string_view>

// The few facts about JSON's text that finding a value by its offset needs.
namespace sparkgate {

inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

inline bool IsJsonSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

inline bool IsNumberCharacter(char c) {
  return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

// Behind the number that begins at `at`, or `at` if none does. For text that holds no broken
// numbers.
inline size_t NumberEnd(std::string_view json, size_t at) {
  if (at >= json.size() || !(json[at] == '-' || (json[at] >= '0' && json[at] <= '9'))) return at;
  while (at < json.size() && IsNumberCharacter(json[at])) ++at;
  return at;
}

// `text` without white space (JSON's) at both ends.
inline std::string_view TrimJsonSpace(std::string_view text) {
  while (!text.empty() && IsJsonSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsJsonSpace(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace sparkgate

#endif  // SPARKGATE_BASE_JSON_TEXT_H_
