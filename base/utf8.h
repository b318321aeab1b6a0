#ifndef SPARKGATE_BASE_UTF8_H_
#define SPARKGATE_BASE_UTF8_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// UTF-8 as the wire demands it: a proto3 string that is not valid serialises here and fails at the
// receiver, so everything that does not come out of a checking parser is looked at first.
namespace sparkgate {

// U+FFFD, what stands for whatever is no character.
inline constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Bytes of the well-formed character at the start of `text`; 0 if there is none.
size_t CharacterLength(std::string_view text);

bool IsValidUtf8(std::string_view text);

// `text` with U+FFFD for every byte sequence that is no character.
std::string RepairUtf8(std::string_view text);

// Appends a code point, which must be no surrogate.
void AppendCodePoint(uint32_t code_point, std::string* out);

}  // namespace sparkgate

#endif  // SPARKGATE_BASE_UTF8_H_
