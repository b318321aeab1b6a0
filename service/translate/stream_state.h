#ifndef SPARKGATE_SERVICE_TRANSLATE_STREAM_STATE_H_
#define SPARKGATE_SERVICE_TRANSLATE_STREAM_STATE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json_reader.h"
#include "service/translate/joined_text.h"
#include "service/translate/tool_call_joiner.h"
#include "sparkgate/v1/response.pb.h"

namespace sparkgate::translate {

// What a message of a stream says.
// Content, reasoning or tool calls: what belongs before a finish reason.
bool HasContent(const v1::ChatMessage& delta);

bool AddsNothing(const v1::StreamChoice& entry);

// Not even usage.
bool SaysNothing(const v1::StreamChatResponse& message);

// The entry of the choice; null if there is none.
const v1::StreamChoice* FindEntry(const v1::StreamChatResponse& message, int index);

// The entry of the choice, added if there is none.
v1::StreamChoice* EntryOf(int index, v1::StreamChatResponse* message);

// What stands beside the choices of a stream's chunks: repeated in each of them by the upstream,
// sent once by us (unknown members when they change). Keeps what is new until a message can carry
// it.
class StreamHead {
 public:
  // Takes id, created, model, prompt_token_ids and extra_json out of `chunk`. False, with nothing
  // taken, if what waits already would be lost: attach it to a message first.
  bool Absorb(v1::StreamChatResponse* chunk);

  // Whether `message` has room for what waits.
  bool Fits(const v1::StreamChatResponse& message) const;
  // Moves what waits into `message`.
  void Attach(v1::StreamChatResponse* message);
  bool empty() const { return !waiting_; }

  // Ids and models that changed in mid-stream.
  int anomalies() const { return anomalies_; }

 private:
  // `value` is the first one that says something; from now on it is `known`.
  bool IsNew(const std::string& value, std::string* known);

  v1::StreamChatResponse fields_;  // no choices
  bool waiting_ = false;
  bool has_created_ = false;
  std::string id_, model_;  // the first ones
  std::string extra_;       // the last one
  int anomalies_ = 0;
};

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

// Data of events that is no object and no end mark. Most servers that send it keep the connection
// open by it, where others send a comment; some say there what went wrong.
class SignsOfLife {
 public:
  // `data`: without white space at its ends, not empty.
  void Add(std::string_view data);

  // The beginning of the first one that said something of its own; "" if none did.
  const std::string& words() const { return words_; }

 private:
  std::string words_;
};

// A chunk's choice, as JSON: whether its delta has any member but role that says something.
bool CarriesContent(const JsonValue& choice);

// Why a chunk's choices cannot be read, "" if they can; everything else in a chunk may be odd.
std::string ChoicesError(const std::optional<JsonValue>& choices);

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_STREAM_STATE_H_
