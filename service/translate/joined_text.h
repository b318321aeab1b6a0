#ifndef SPARKGATE_SERVICE_TRANSLATE_JOINED_TEXT_H_
#define SPARKGATE_SERVICE_TRANSLATE_JOINED_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json_reader.h"

namespace sparkgate::translate {

// What is known of a text that was sent in increments: enough to tell whether another text begins
// with it, without keeping it.
//
// For servers that repeat the text so far beside each increment, or send nothing else.
class GrowingText {
 public:
  // What a place other than the delta holds: by its documentation, the text so far or an increment.
  enum class Habit { kWhole, kIncrements };

  // An increment that is sent as it is.
  void Append(std::string_view increment);

  // What of `text`, which stands elsewhere than in a delta, has not been sent; it counts as
  // appended. Nothing if `text` contradicts what was sent. `habit` decides where the text itself
  // leaves it open.
  std::optional<std::string_view> NewPart(std::string_view text, Habit habit);

 private:
  bool BeginsWithThis(std::string_view text) const;

  uint64_t hash_ = 0;
  size_t length_ = 0;
  bool had_deltas_ = false;
  std::optional<Habit> seen_;  // how the other place has turned out to be
};

// Joins a character that a server cut into the two halves of its surrogate pair, the first at the
// end of one increment and the second at the start of the next. One for each growing text.
class SurrogateJoiner {
 public:
  bool waiting() const { return high_ != 0; }

  // Takes the text's next increment as it was decoded: `value` is where it stands in `document`,
  // and `text` what it became. A first half at its end is kept back. A half that waited is joined
  // with what it belongs to, or comes out as U+FFFD; an empty increment lets it wait.
  void Join(const JsonDocument& document, const JsonValue& value, std::string* text);

  // There is no increment: U+FFFD if a half waited, else "".
  std::string Flush();

 private:
  uint16_t high_ = 0;  // the half that waits
};

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_JOINED_TEXT_H_
