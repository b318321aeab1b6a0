#ifndef SPARKGATE_SERVICE_CALL_STREAM_CALL_H_
#define SPARKGATE_SERVICE_CALL_STREAM_CALL_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/call/call.h"
#include "service/call/outbox.h"
#include "service/sse/event_parser.h"
#include "service/translate/stream_translator.h"

namespace sparkgate::call {

// A call of StreamChat: the answer is a stream of events, and a stream of messages.
class StreamCall final : public Call {
 public:
  StreamCall(CallLoop* loop, ResponseWriter* writer, const CallLimits& limits, CallRequest request);

 private:
  using Messages = std::vector<v1::StreamChatResponse>;
  using Outcome = translate::StreamTranslator::Outcome;
  struct Decoding;

  void OnAnswerBytes(std::string_view bytes) override;
  void OnAnswerEnd(How how) override;
  void OnComplete() override;
  void QueueHeartbeat() override;
  bool HasMessage() const override { return !outbox_.empty(); }
  std::string TakeMessage() override { return outbox_.Take(); }
  void DropMessages() override { outbox_.Clear(); }
  void ReleaseHeld() override;
  void AfterWrite() override {
    if (outbox_.half_empty()) NoteOutboxHalfEmpty();
  }

  void OnJsonBytes(std::string_view bytes);
  void OnJsonEnd(How how);
  void ConcludeJson();
  void MakeTranslator();
  void ReadEvents(std::string_view bytes);
  void OnOutcome(const Outcome& outcome, Messages* messages, bool more_bytes);
  void OnEndMark(bool more_bytes);
  // The answer is complete: what was held leaves, with usage.
  void ReleaseAll();
  void OnLastEvent();
  void ReleaseContent();
  void DecodeLarge(std::string_view type, std::string_view data, std::string_view rest);
  void OnDecoded(Decoding& decoding);
  void Queue(Messages* messages);

  // What the bytes are, by the first that is no space. A server that ignores `stream` answers with
  // one JSON object.
  enum class Form { kUndecided, kEvents, kJson } form_ = Form::kUndecided;
  std::string json_;
  sse::EventParser parser_;
  // Made at the first bytes; away while an event is decoded elsewhere.
  std::unique_ptr<translate::StreamTranslator> translator_;
  Outbox outbox_;
  std::string backlog_;  // bytes that came while an event was decoded elsewhere
};

}  // namespace sparkgate::call

#endif  // SPARKGATE_SERVICE_CALL_STREAM_CALL_H_
