#ifndef SPARKGATE_SERVICE_TRANSLATE_STREAM_TRANSLATOR_H_
#define SPARKGATE_SERVICE_TRANSLATE_STREAM_TRANSLATOR_H_

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/json_reader.h"
#include "service/translate/call_status.h"
#include "service/translate/message_decoder.h"
#include "service/translate/message_schema.h"
#include "service/translate/stream_state.h"
#include "sparkgate/v1/response.pb.h"

namespace sparkgate::translate {

// Turns the events of one streamed answer into the messages of StreamChat and keeps the stream's
// contract (see StreamChatResponse in the .proto): increments, at least one choice per message, id,
// created, model and each finish reason once, usage and metrics on the last message only, which is
// therefore held back until the end.
//
// A finish reason that is followed by content means nothing: some servers send one with each chunk.
//
// Owned by one call; not thread-safe, but may be handed from thread to thread between calls.
class StreamTranslator {
 public:
  using Messages = std::vector<v1::StreamChatResponse>;

  // `headers` of the 200 fill the final performance metrics; the body wins.
  StreamTranslator(int requested_choices, const HeaderList& headers);
  StreamTranslator(StreamTranslator&&) = default;  // between events

  struct Outcome {
    // The event was `[DONE]`. This does not release the held message: call Release.
    bool done = false;
    // It carried content: a delta with any non-empty member but role (reasoning and tool arguments
    // included). Usage, metrics and role alone are not content.
    bool content = false;
    // Not OK: the event is malformed (UPSTREAM_PROTOCOL_ERROR) or an error (UPSTREAM_STREAM_ERROR);
    // the call ends with it, after the messages of Release.
    CallStatus status;
  };

  // Reads one event; appends to `messages` what the caller may see at once.
  Outcome Push(std::string_view event_type, std::string_view data, Messages* messages);

  // All bytes that have arrived are read: releases content that was held together with a finish
  // reason, which stays held.
  void ReleaseContent(Messages* messages);

  // Whether `[DONE]` ends the answer well now. It does not if an event held plain text and not
  // every choice had its finish reason: then the text says what went wrong.
  CallStatus StatusAtEndMark() const;

  // The stream is over. Appends what was held, with the final usage and metrics if the answer is
  // `complete`; a lone surrogate that waited for its other half becomes U+FFFD. At most once.
  void Release(bool complete, Messages* messages);

  // Every requested choice has its finish reason, and no content followed it.
  bool AllChoicesFinished() const { return finished_in_range_ >= requested_; }
  // At least one chunk had a choice.
  bool SawChoice() const { return !choices_.empty(); }
  int finished_choices() const { return finished_; }

  // How much was odd and accepted (content after a finish reason, an index beyond n, unexpected
  // types, …).
  int anomalies() const;

 private:
  CallStatus PushText(std::string_view data);
  void PushChunk(std::string_view data, Messages* messages, Outcome* outcome);
  std::string IndexError(const JsonValue& choices);
  void Decode(const JsonValue& root, const std::optional<JsonValue>& choices, Messages* messages);
  void AdvanceChoices(const JsonValue& choices, Messages* messages, Outcome* outcome);
  bool Advance(const JsonValue& value, v1::StreamChoice* entry, Outcome* outcome);
  void AdvanceChoice(const JsonValue& value, ChoiceState* choice, v1::StreamChoice* entry);
  void CountFinished(int index, int more);
  bool AllChoicesHadFinish() const;

  void Deliver(v1::StreamChatResponse message, Messages* messages);
  void DeliverNow(v1::StreamChatResponse message, Messages* messages);
  void SendHeld(Messages* messages);
  void Send(v1::StreamChatResponse message, Messages* messages);
  void TakeBackFinishReasons();
  void AddPendingFinishReasons(bool complete);
  void FlushChoices(Messages* messages);
  void AddTotals(Messages* messages);

  const int requested_;
  const HeaderList headers_;  // for statuses: the request id
  const MessageSchema& chunk_schema_ = MessageSchema::Of(v1::StreamChatResponse::descriptor());
  const MessageSchema& message_schema_ = MessageSchema::Of(v1::ChatMessage::descriptor());

  // Of the event that is being read; the first two are kept for their memory.
  JsonDocument document_;
  v1::StreamChatResponse chunk_;
  std::optional<MessageDecoder> decoder_;

  TopLevelFields top_level_;
  std::optional<v1::Usage> usage_;
  v1::PerfMetrics metrics_;
  std::optional<v1::StreamChatResponse> held_;  // until it is known whether it is the last message

  std::unordered_map<int, ChoiceState> choices_;  // by index
  int last_index_ = 0;
  bool saw_no_index_ = false;
  std::string text_;  // the beginning of the first event that was text and no keep-alive
  int finished_ = 0;
  int finished_in_range_ = 0;  // below requested_
  int anomalies_ = 0;
};

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_STREAM_TRANSLATOR_H_
