#ifndef SPARKGATE_BASE_JSON_REPAIR_H_
#define SPARKGATE_BASE_JSON_REPAIR_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What is done to JSON text that the parser of record refuses although a model server may well have
// sent it.
namespace sparkgate {

// Half of a surrogate pair that stands alone, as `\ud83d`.
struct LoneSurrogate {
  uint32_t offset;  // of its backslash; texts are shorter than that
  uint16_t unit;

  bool high() const { return unit < 0xDC00; }
};

// JSON as some servers write it, made JSON: control characters within strings become escapes; NaN
// and the infinities, which are no numbers, become null. Nothing if there was nothing to change, or
// if the result were longer than `max_bytes`.
std::optional<std::string> EscapeControlsAndNonNumbers(std::string_view json, size_t max_bytes);

// The two below keep every byte's offset, so that what was found in the repaired text can be looked
// up in the other.

// Overwrites every escaped half of a pair that stands alone by `\ufffd`; returns them in order.
std::vector<LoneSurrogate> ReplaceLoneSurrogates(std::string* json);

// Overwrites every number that no double can hold, such as 1e400, by `0` and blanks. True if there
// was one.
bool BlankOverflowingNumbers(std::string* json);

// The code point of a pair.
uint32_t JoinSurrogates(uint16_t high, uint16_t low);

}  // namespace sparkgate

#endif  // SPARKGATE_BASE_JSON_REPAIR_H_
