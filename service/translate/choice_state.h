#ifndef SPARKGATE_SERVICE_TRANSLATE_CHOICE_STATE_H_
#define SPARKGATE_SERVICE_TRANSLATE_CHOICE_STATE_H_

#include <optional>
#include <string>
#include <string_view>

#include "base/json_reader.h"
#include "service/translate/growing_text.h"
#include "service/translate/surrogate_joiner.h"
#include "service/translate/tool_call_joiner.h"
#include "sparkgate/v1/response.pb.h"

namespace sparkgate::translate {

// What has been sent of one choice of a stream: makes an entry of a chunk say only what is new, and
// knows whether the choice is finished.
class ChoiceState {
 public:
  // `value` is the choice in `document`, `entry` what was decoded from it. `message` is its member
  // of this name, of which `entry` has nothing yet; null if it has none.
  void Advance(const JsonDocument& document, const JsonValue& value, const v1::ChatMessage* message,
               v1::StreamChoice* entry);

  // Half a surrogate pair, a name or arguments wait for what may never come.
  bool waiting() const;
  // Appends what waits, U+FFFD for a half.
  void Flush(v1::ChatMessage* delta);

  // It has a finish reason that content has not followed.
  bool finished() const { return end_ == End::kFinished; }
  // Content came behind its finish reason, which therefore means nothing.
  bool void_finish() const { return end_ == End::kVoid; }

  // The finish reason that is kept for the end: "" if there is none, or it has left.
  const std::string& kept_finish() const { return kept_finish_; }
  // Takes the finish reason out of an entry that has not left.
  void KeepFinish(v1::StreamChoice* entry);
  // An entry with its finish reason leaves. It is told once.
  void NoteFinishTold();

  // Roles, indices and names that changed, content behind a finish reason, texts that contradict.
  int anomalies() const { return anomalies_ + calls_.anomalies(); }

 private:
  enum class End { kOpen, kFinished, kVoid };

  void AdvanceRole(v1::ChatMessage* delta);
  void JoinHalves(const JsonDocument& document, const JsonValue& delta_value,
                  v1::ChatMessage* delta);
  void KeepRawText(const JsonValue& delta_value, v1::ChatMessage* delta);
  // True if the tool calls of `entry` are now the message's.
  bool TakeMessage(const v1::ChatMessage& message, const JsonValue& raw, v1::StreamChoice* entry);
  void TakeText(const JsonValue& text, v1::StreamChoice* entry);
  void AdvanceFinish(v1::StreamChoice* entry);

  bool role_sent_ = false;
  std::string role_;
  End end_ = End::kOpen;
  std::string kept_finish_;
  bool finish_told_ = false;
  int anomalies_ = 0;
  SurrogateJoiner content_half_;
  SurrogateJoiner reasoning_half_;
  GrowingText content_;
  GrowingText reasoning_;
  bool has_raw_parts_ = false;  // content came as parts: what comes as text is kept as a part too
  std::string message_extra_;   // the last one that was sent
  ToolCallJoiner calls_;
};

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_CHOICE_STATE_H_
