#include "service/call/unary_call.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "service/call/local_statuses.h"
#include "service/sse/event_parser.h"
#include "service/translate/response_decoder.h"
#include "service/translate/stream_joiner.h"
#include "service/translate/stream_translator.h"

namespace sparkgate::call {

namespace {

// Whether it begins with a field of an event, or a comment.
bool IsEventStream(std::string_view body) {
  body.remove_prefix(std::min(body.find_first_not_of(" \t\r\n"), body.size()));
  for (const std::string_view field : {"data:", "event:", "id:", "retry:", ":"}) {
    if (body.substr(0, field.size()) == field) return true;
  }
  return false;
}

// The events of a body, joined as they come: as messages they would take many times their bytes.
struct EventsReader {
  translate::StreamTranslator translator;
  v1::ChatResponse response = {};
  CallStatus status = {};
  bool done = false;

  bool over() const { return done || !status.ok(); }

  void Read(const sse::Event& event) {
    std::vector<v1::StreamChatResponse> messages;
    const auto outcome = translator.Push(event.type, event.data, &messages);
    translate::JoinStream(messages, &response);
    status = outcome.status;
    done = outcome.done;
  }

  CallStatus End() {
    if (!status.ok()) return status;
    if (!done && !translator.AllChoicesFinished()) {
      return Truncated("The upstream ended the answer without its end mark");
    }
    std::vector<v1::StreamChatResponse> messages;
    translator.Release(/*complete=*/true, &messages);
    translate::JoinStream(messages, &response);
    return translator.StatusAtEndMark();
  }
};

}  // namespace

// A body on its way through the decoder, which may run on another thread.
struct UnaryCall::Decoding {
  Endpoint endpoint;
  std::string body;
  int requested_choices;
  bool must_be_whole;  // nothing but the body itself can say that it is complete
  HeaderList headers;

  CallStatus status;
  std::string answer;
  int prompt_tokens = -1;
  int completion_tokens = -1;
  int anomalies = 0;

  void Run() {
    if (endpoint == Endpoint::kCompletion && IsEventStream(body)) return ReadEvents();
    const std::string_view object = translate::WithoutEndMark(body);
    if (must_be_whole && !translate::IsWholeJsonObject(object)) {
      status = Truncated("The upstream closed the connection in the middle of the answer");
      return;
    }
    if (endpoint == Endpoint::kModels) {
      ReadModels();
    } else {
      ReadCompletion(object);
    }
  }

  void ReadModels() {
    v1::ListModelsResponse response;
    status = translate::DecodeModels(body, headers, &response);
    if (status.ok()) answer = response.SerializeAsString();
  }

  void ReadCompletion(std::string_view object) {
    v1::ChatResponse response;
    status = translate::DecodeChat(object, headers, &response, &anomalies);
    if (status.ok()) Take(response);
  }

  // A server that streams whatever it is asked for.
  void ReadEvents() {
    sse::EventParser parser(body.size());
    EventsReader reader{translate::StreamTranslator(requested_choices, headers)};
    sse::Event event;
    std::string_view rest = body;
    while (!rest.empty() && !reader.over()) {
      size_t used = 0;
      if (parser.Next(rest, &used, &event) == sse::EventParser::Result::kEvent) reader.Read(event);
      rest.remove_prefix(used);
    }
    if (!reader.over() && parser.LastEvent(&event)) reader.Read(event);
    status = reader.End();
    anomalies = reader.translator.anomalies();
    if (status.ok()) Take(reader.response);
  }

  void Take(const v1::ChatResponse& response) {
    answer = response.SerializeAsString();
    if (response.usage().has_prompt_tokens()) prompt_tokens = response.usage().prompt_tokens();
    if (response.usage().has_completion_tokens()) {
      completion_tokens = response.usage().completion_tokens();
    }
  }
};

void UnaryCall::OnAnswerBytes(std::string_view bytes) {
  if (body_.size() + bytes.size() > limits().max_chat_body_bytes) {
    return End(TooLargeAnswer(limits().max_chat_body_bytes));
  }
  body_.append(bytes);
}

void UnaryCall::OnAnswerEnd(How how) {
  if (how != How::kComplete && how != How::kClosed) {
    return End(TransferFailed(how, request().endpoint));
  }
  auto decoding = std::make_shared<Decoding>();
  decoding->endpoint = request().endpoint;
  decoding->body = std::move(body_);
  decoding->requested_choices = request().requested_choices;
  decoding->must_be_whole = how == How::kClosed;
  decoding->headers = upstream_headers();
  if (decoding->body.size() <= limits().large_bytes) {
    decoding->Run();
    return OnDecoded(*decoding);
  }
  DecodeElsewhere(
      decoding->body.size(), [decoding] { decoding->Run(); },
      [this, decoding] { OnDecoded(*decoding); });
}

void UnaryCall::OnDecoded(Decoding& decoding) {
  mutable_summary().anomalies = decoding.anomalies;
  if (decoding.status.ok()) {
    answer_ = std::move(decoding.answer);
    mutable_summary().first_content = Now();
    mutable_summary().prompt_tokens = decoding.prompt_tokens;
    mutable_summary().completion_tokens = decoding.completion_tokens;
  }
  End(std::move(decoding.status));
}

std::string UnaryCall::TakeMessage() {
  std::string answer = std::move(*answer_);
  answer_.reset();
  return answer;
}

}  // namespace sparkgate::call
