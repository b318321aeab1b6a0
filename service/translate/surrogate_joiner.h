#ifndef SPARKGATE_SERVICE_TRANSLATE_SURROGATE_JOINER_H_
#define SPARKGATE_SERVICE_TRANSLATE_SURROGATE_JOINER_H_

#include <cstdint>
#include <optional>
#include <string>

#include "base/json_reader.h"

namespace sparkgate::translate {

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

#endif  // SPARKGATE_SERVICE_TRANSLATE_SURROGATE_JOINER_H_
