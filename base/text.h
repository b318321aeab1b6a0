#ifndef SPARKGATE_BASE_TEXT_H_
#define SPARKGATE_BASE_TEXT_H_

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

// Text: UTF-8, ASCII, numbers, base64.
//
// A proto3 string that is not valid UTF-8 is serialised without complaint and refused by the
// receiver, so everything that does not come out of a checking parser is checked or repaired here.
namespace sparkgate {

// U+FFFD, which stands for bytes that are no character.
inline constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Bytes of the well-formed character at the start of `text`; 0 if there is none.
size_t CharacterLength(std::string_view text);

bool IsValidUtf8(std::string_view text);

// `text` with U+FFFD for every byte sequence that is no character.
std::string RepairUtf8(std::string_view text);

// `text` as valid UTF-8 (U+FFFD for what is not), in one line without control characters, cut to at
// most `limit` bytes between two characters.
std::string SafeText(std::string_view text, size_t limit);

// Appends a code point, which must not be a surrogate.
void AppendCodePoint(uint32_t code_point, std::string* out);

// Appends `bytes` as base64 (RFC 4648 §4, with padding). Appends, because images are large.
void AppendBase64(std::string_view bytes, std::string* out);

// Reads all of `text` as a decimal number; false if it is something else or out of range. Does not
// depend on the locale. Floating point includes "inf" and "nan".
template <typename Number>
bool ParseNumber(std::string_view text, Number* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

// Only 0x20 to 0x7e: what a header or metadata may hold as text.
bool IsPrintableAscii(std::string_view text);

// Only 0x21 to 0x7e: what a URL, a key or a header's name may hold at all.
bool IsVisibleAscii(std::string_view text);

inline bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace sparkgate

#endif  // SPARKGATE_BASE_TEXT_H_
