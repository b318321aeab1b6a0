#ifndef SPARKGATE_SERVICE_TRANSLATE_JSON_REPAIR_H_
#define SPARKGATE_SERVICE_TRANSLATE_JSON_REPAIR_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// What is done to JSON text that the parser of record refuses although a model server may well have
// sent it. Both keep every byte's offset, so that what was found in the repaired text can be looked
// up in the other.
namespace sparkgate::translate {

// Half of a surrogate pair that stands alone, as `\ud83d`.
struct LoneSurrogate {
  uint32_t offset;  // of its backslash; texts are shorter than that
  uint16_t unit;

  bool high() const { return unit < 0xDC00; }
};

// Overwrites every escaped half of a pair that stands alone by `\ufffd`; returns them in order.
std::vector<LoneSurrogate> ReplaceLoneSurrogates(std::string* json);

// Overwrites every number that no double can hold, such as 1e400, by `0` and blanks. True if there
// was one.
bool BlankOverflowingNumbers(std::string* json);

// The code point of a pair.
uint32_t JoinSurrogates(uint16_t high, uint16_t low);

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_JSON_REPAIR_H_
