#ifndef SPARKGATE_SERVICE_TRANSLATE_GROWING_TEXT_H_
#define SPARKGATE_SERVICE_TRANSLATE_GROWING_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

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

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_GROWING_TEXT_H_
