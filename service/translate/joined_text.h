#ifndef SPARKGATE_SERVICE_TRANSLATE_JOINED_TEXT_H_
#define SPARKGATE_SERVICE_TRANSLATE_JOINED_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json_reader.h"

namespace sparkgate::translate {

// A text that is sent in increments, not kept but as its length and hash: enough to tell whether
// another text begins with it. For servers that repeat the text so far beside each increment, or in
// place of increments.
class GrowingText {
 public:
  // What a member other than the delta repeats of the text so far, by its documentation.
  enum class Repeats { kAll, kNothing };

  // An increment that is sent as it is.
  void Append(std::string_view increment);

  // The part of `text`, which does not come from a delta, that has not been sent; it counts as
  // appended. Nothing if `text` contradicts what was sent. `documented` counts as long as the texts
  // themselves do not tell.
  std::optional<std::string_view> NewPart(std::string_view text, Repeats documented);

 private:
  bool BeginsWithThis(std::string_view text) const;

  uint64_t hash_ = 0;
  size_t length_ = 0;
  bool had_deltas_ = false;
  std::optional<Repeats> seen_;  // what the other member turned out to do
};

// Joins the two halves of a surrogate pair that a server has split between the end of one increment
// and the start of the next. One for each growing text.
class SurrogateJoiner {
 public:
  bool waiting() const { return high_ != 0; }

  // Takes the text's next increment: `value` in `document`, decoded into `text`. A high surrogate
  // at its end is kept back. One that waited is joined with the low surrogate at its start, or
  // becomes U+FFFD; an empty increment changes nothing.
  void Join(const JsonDocument& document, const JsonValue& value, std::string* text);

  // U+FFFD if a high surrogate waited, else "".
  std::string Flush();

 private:
  uint16_t high_ = 0;  // the one that waits; 0: none
};

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_JOINED_TEXT_H_
