#include "service/call/stream_call.h"

#include <utility>

#include "service/call/local_statuses.h"
#include "service/translate/response_decoder.h"
#include "service/translate/upstream_error.h"

namespace sparkgate::call {

// A large event on its way through the translator on another thread. The translator travels with
// it.
struct StreamCall::Decoding {
  std::unique_ptr<translate::StreamTranslator> translator;
  std::string type;
  std::string data;
  Outcome outcome;
  Messages messages;

  void Run() { outcome = translator->Push(type, data, &messages); }
};

StreamCall::StreamCall(CallLoop* loop, ResponseWriter* writer, const CallLimits& limits,
                       CallRequest request)
    : Call(loop, writer, limits, std::move(request)),
      parser_(limits.max_event_bytes),
      outbox_(limits.outbox_bytes, this->request().merge) {}

void StreamCall::OnAnswerBytes(std::string_view bytes) {
  if (form_ == Form::kUndecided) {
    const size_t first = bytes.find_first_not_of(" \t\r\n");
    const bool json = bytes[first] == '{' || bytes[first] == '[';
    form_ = json ? Form::kJson : Form::kEvents;
  }
  if (form_ == Form::kJson) return OnJsonBytes(bytes);
  if (decoding()) {
    backlog_.append(bytes);
    return;
  }
  ReadEvents(bytes);
}

void StreamCall::OnJsonBytes(std::string_view bytes) {
  if (json_.size() + bytes.size() > limits().max_chat_body_bytes) {
    return End(TooLargeAnswer(limits().max_chat_body_bytes));
  }
  json_.append(bytes);
}

void StreamCall::MakeTranslator() {
  translator_ = std::make_unique<translate::StreamTranslator>(request().requested_choices,
                                                              upstream_headers());
}

void StreamCall::ReadEvents(std::string_view bytes) {
  if (!translator_) MakeTranslator();
  Messages messages;
  while (!bytes.empty() && !ended()) {
    sse::Event event;
    size_t used = 0;
    const sse::EventParser::Result result = parser_.Next(bytes, &used, &event);
    bytes.remove_prefix(used);
    if (result == sse::EventParser::Result::kTooLarge) {
      return End(TooLargeEvent(limits().max_event_bytes));
    }
    if (result != sse::EventParser::Result::kEvent) continue;
    if (event.data.size() > limits().large_bytes) {
      return DecodeLarge(event.type, event.data, bytes);
    }
    OnOutcome(translator_->Push(event.type, event.data, &messages), &messages, !bytes.empty());
  }
  ReleaseContent();
}

// Nothing more is at hand: content is not kept waiting with the finish reason that came with it.
void StreamCall::ReleaseContent() {
  if (ended() || !translator_) return;
  Messages messages;
  translator_->ReleaseContent(&messages);
  Queue(&messages);
}

void StreamCall::OnOutcome(const Outcome& outcome, Messages* messages, bool more_bytes) {
  Queue(messages);
  if (outcome.content) NoteContent();
  NoteComplete(translator_->AllChoicesFinished());
  if (!outcome.status.ok()) return End(outcome.status);
  if (outcome.done) OnEndMark(more_bytes);
}

void StreamCall::OnEndMark(bool more_bytes) {
  const CallStatus status = translator_->StatusAtEndMark();
  if (!status.ok()) return End(status);
  ReleaseAll();
  EndWithOk(more_bytes);
}

void StreamCall::ReleaseAll() {
  Messages messages;
  translator_->Release(/*complete=*/true, &messages);
  Queue(&messages);
}

// The upstream goes on sending signs of life, or nothing: its connection is of no more use.
void StreamCall::OnComplete() {
  ReleaseAll();
  End(CallStatus());
}

// The stream breaks: what was held leaves first, then the error.
void StreamCall::ReleaseHeld() {
  if (!translator_) return;
  Messages messages;
  translator_->Release(/*complete=*/false, &messages);
  Queue(&messages);
}

void StreamCall::QueueHeartbeat() {
  v1::StreamChatResponse message;
  message.add_choices()->mutable_delta();
  outbox_.Add(std::move(message));
}

void StreamCall::Queue(Messages* messages) {
  CallSummary& summary = mutable_summary();
  for (v1::StreamChatResponse& message : *messages) {
    if (message.usage().has_prompt_tokens())
      summary.prompt_tokens = message.usage().prompt_tokens();
    if (message.usage().has_completion_tokens()) {
      summary.completion_tokens = message.usage().completion_tokens();
    }
    outbox_.Add(std::move(message));
  }
  if (translator_) {
    summary.end.finished_choices = translator_->finished_choices();
    summary.anomalies = translator_->anomalies();
  }
  if (messages->empty()) return;
  messages->clear();
  NoteMessages(outbox_.full());
}

void StreamCall::DecodeLarge(std::string_view type, std::string_view data, std::string_view rest) {
  auto decoding = std::make_shared<Decoding>();
  decoding->translator = std::move(translator_);
  decoding->type = type;
  decoding->data = data;
  backlog_ = rest;
  DecodeElsewhere(
      data.size(), [decoding] { decoding->Run(); }, [this, decoding] { OnDecoded(*decoding); });
}

void StreamCall::OnDecoded(Decoding& decoding) {
  translator_ = std::move(decoding.translator);
  const std::string backlog = std::exchange(backlog_, {});
  OnOutcome(decoding.outcome, &decoding.messages, !backlog.empty());
  if (!ended() && form_ == Form::kJson) ConcludeJson();
  if (!ended()) ReadEvents(backlog);
}

// Some servers end without the blank line behind the last event.
void StreamCall::OnLastEvent() {
  sse::Event event;
  if (!translator_ || !parser_.LastEvent(&event)) return;
  Messages messages;
  OnOutcome(translator_->Push(event.type, event.data, &messages), &messages,
            /*more_bytes=*/false);
}

// The whole answer is one object, and one event.
void StreamCall::OnJsonEnd(How how) {
  if (how != How::kComplete && how != How::kClosed) return End(TransferFailed(how));
  MakeTranslator();
  const std::string_view object = translate::WithoutEndMark(json_);
  if (how == How::kClosed && !translate::IsWholeJsonObject(object)) {
    return End(Truncated("The upstream closed the connection in the middle of the answer"));
  }
  if (object.size() > limits().large_bytes) return DecodeLarge("", object, "");
  Messages messages;
  OnOutcome(translator_->Push("", object, &messages), &messages, /*more_bytes=*/false);
  ConcludeJson();
}

void StreamCall::ConcludeJson() {
  if (ended()) return;
  if (translator_->AllChoicesFinished()) return OnEndMark(/*more_bytes=*/false);
  End(ProtocolError("answered with JSON that is no whole answer"));
}

void StreamCall::OnAnswerEnd(How how) {
  if (form_ == Form::kJson) return OnJsonEnd(how);
  if (how == How::kComplete) OnLastEvent();
  if (ended()) return;
  if (translator_ && parser_.EndsWithDone()) return OnEndMark(/*more_bytes=*/false);
  if (translator_ && translator_->AllChoicesFinished() && how == How::kComplete) {
    return OnEndMark(/*more_bytes=*/false);
  }
  const bool saw_choice = translator_ && translator_->SawChoice();
  if (!saw_choice && !parser_.unparsed().empty()) {
    CallStatus status = translate::ErrorAfterOk(parser_.unparsed());
    return End(status.ok() ? ProtocolError("sent a stream that is none") : status);
  }
  if (how == How::kComplete || how == How::kClosed) {
    return End(Truncated(saw_choice ? "The upstream ended the stream without its end mark"
                                    : "The upstream ended the stream without any answer in it"));
  }
  End(TransferFailed(how));
}

}  // namespace sparkgate::call
