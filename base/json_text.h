#ifndef SPARKGATE_BASE_JSON_TEXT_H_
#define SPARKGATE_BASE_JSON_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// JSON as characters: white space, numbers and escapes, and the repair of text that the parser
// rejects although model servers do send it.
namespace sparkgate {

inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

inline constexpr size_t kUnicodeEscapeLength = 6;  // \uXXXX

inline bool IsJsonSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

inline bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20; }

// `text` without white space (JSON's) at both ends.
inline std::string_view TrimJsonSpace(std::string_view text) {
  while (!text.empty() && IsJsonSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsJsonSpace(text.back())) text.remove_suffix(1);
  return text;
}

inline bool IsNumberCharacter(char c) {
  return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

// The position after the number that begins at `at`, or `at` if none does. `json` must be valid.
inline size_t NumberEnd(std::string_view json, size_t at) {
  if (at >= json.size() || !(json[at] == '-' || (json[at] >= '0' && json[at] <= '9'))) return at;
  while (at < json.size() && IsNumberCharacter(json[at])) ++at;
  return at;
}

// Appends an ASCII character as \u00XX.
void AppendUnicodeEscape(char character, std::string* out);

// Half of a surrogate pair, such as `\ud83d`, without its other half.
struct LoneSurrogate {
  uint32_t offset;  // of its backslash; texts are under 4 GiB
  uint16_t unit;
};

inline bool IsHighSurrogate(uint16_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
inline bool IsLowSurrogate(uint16_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

// The code point that a pair encodes.
uint32_t JoinSurrogates(uint16_t high, uint16_t low);

// Escapes control characters within strings, and replaces NaN and the infinities, which JSON does
// not have, by null. Nothing if there was nothing to change, or if the result would be longer than
// `max_bytes`.
std::optional<std::string> EscapeControlsAndNonNumbers(std::string_view json, size_t max_bytes);

// The next two keep the offset of every byte, so that positions in the repaired text are positions
// in the original as well.

// Overwrites every escaped lone surrogate by `\ufffd`; returns them in order.
std::vector<LoneSurrogate> ReplaceLoneSurrogates(std::string* json);

// Overwrites every number that no double can hold, such as 1e400, by `0` and blanks. True if there
// was one.
bool BlankOverflowingNumbers(std::string* json);

}  // namespace sparkgate

#endif  // SPARKGATE_BASE_JSON_TEXT_H_
