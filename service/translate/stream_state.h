#ifndef SPARKGATE_SERVICE_TRANSLATE_STREAM_STATE_H_
#define SPARKGATE_SERVICE_TRANSLATE_STREAM_STATE_H_

#include <optional>
#include <string>
#include <string_view>

#include "base/json_reader.h"
#include "service/translate/joined_text.h"
#include "service/translate/tool_call_joiner.h"
#include "sparkgate/v1/response.pb.h"

// What StreamTranslator knows of a stream's past, and what it asks about a chunk or a message.
namespace sparkgate::translate {

// Whether there is content, reasoning or a tool call: what belongs before a finish reason.
bool HasContent(const v1::ChatMessage& delta);

// Whether the entry has nothing but its index.
bool AddsNothing(const v1::StreamChoice& entry);

// Whether the message has neither an entry that adds something nor any other field.
bool SaysNothing(const v1::StreamChatResponse& message);

// The entry of choice `index`; null if there is none.
const v1::StreamChoice* FindEntry(const v1::StreamChatResponse& message, int index);

// The entry of choice `index`, added if there is none.
v1::StreamChoice* EntryOf(int index, v1::StreamChatResponse* message);

// Whether the delta of a chunk's choice has a member other than role that is not null, "", [], {}
// or false.
bool CarriesContent(const JsonValue& choice);

// Whether the data of an event, which is not empty, is known to mean nothing: most servers that
// send anything but objects and `[DONE]` keep the connection open by it, where others send
// comments.
bool IsKeepAlive(std::string_view data);

// The fields of a stream's chunks beside their choices. The upstream repeats them in each chunk, we
// send them once (unknown members when they change). Keeps what is new until a message can carry
// it.
class TopLevelFields {
 public:
  // Takes id, created, model, prompt_token_ids and extra_json out of `chunk`. False, with nothing
  // taken, if what waits would be lost: move it into a message first.
  bool Take(v1::StreamChatResponse* chunk);

  // Whether `message` has room for what waits.
  bool Fits(const v1::StreamChatResponse& message) const;
  // Moves what waits into `message`.
  void MoveInto(v1::StreamChatResponse* message);
  bool empty() const { return !waiting_; }

  // Ids and models that changed in mid-stream.
  int anomalies() const { return anomalies_; }

 private:
  bool IsFirst(const std::string& value, std::string* known);

  v1::StreamChatResponse fields_;  // what waits; without choices
  bool waiting_ = false;
  bool has_created_ = false;
  std::string id_, model_;  // the first ones
  std::string extra_;       // the last one
  int anomalies_ = 0;
};

// What has been sent of one choice of a stream: reduces an entry of a chunk to what is new, and
// knows whether the choice is finished.
class ChoiceState {
 public:
  // `value` is the choice in `document`, `entry` what was decoded from it. `message` is its member
  // of this name, of which `entry` has nothing yet; null if it has none.
  void Advance(const JsonDocument& document, const JsonValue& value, const v1::ChatMessage* message,
               v1::StreamChoice* entry);

  // Whether half a surrogate pair, a name or arguments are kept back for the next increment.
  bool waiting() const;
  // Appends what is kept back; half a surrogate pair as U+FFFD.
  void Flush(v1::ChatMessage* delta);

  // It has a finish reason, and no content has followed it.
  bool finished() const { return end_ == End::kFinished; }
  // It has had a finish reason, even if content followed it.
  bool had_finish() const { return end_ != End::kOpen; }

  // The finish reason that is kept for the end; "" if there is none, or it has been sent.
  const std::string& pending_finish() const { return pending_finish_; }
  // Takes the finish reason out of an entry that has not been sent.
  void HoldFinish(v1::StreamChoice* entry);
  // An entry with its finish reason is sent. There will be no second one.
  void NoteFinishSent();

  // Roles, indices and names that changed, content after a finish reason, texts that contradict
  // each other.
  int anomalies() const { return anomalies_ + calls_.anomalies(); }

 private:
  enum class End { kOpen, kFinished, kContentFollowed };

  void AdvanceRole(v1::ChatMessage* delta);
  void JoinSurrogatesOf(const JsonDocument& document, const JsonValue& delta_value,
                        v1::ChatMessage* delta);
  void KeepRawText(const JsonValue& delta_value, v1::ChatMessage* delta);
  bool TakeMessage(const v1::ChatMessage& message, const JsonValue& raw, v1::StreamChoice* entry);
  void TakeText(const JsonValue& text, v1::StreamChoice* entry);
  void AdvanceFinish(v1::StreamChoice* entry);

  bool role_sent_ = false;
  std::string role_;
  End end_ = End::kOpen;
  std::string pending_finish_;
  bool finish_sent_ = false;
  int anomalies_ = 0;
  SurrogateJoiner content_surrogate_;
  SurrogateJoiner reasoning_surrogate_;
  GrowingText content_;
  GrowingText reasoning_;
  bool has_raw_parts_ = false;  // content came as parts, so plain text is kept as a part too
  std::string message_extra_;   // the last one that was sent
  ToolCallJoiner calls_;
};

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_STREAM_STATE_H_
