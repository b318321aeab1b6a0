#include "service/translate/chat_decoder.h"

#include <string>

#include "service/translate/answer_status.h"
#include "service/translate/json_reader.h"
#include "service/translate/json_text.h"
#include "service/translate/message_decoder.h"
#include "service/translate/perf_metrics.h"
#include "service/translate/shape.h"
#include "service/translate/upstream_error.h"

namespace sparkgate::translate {
namespace {

// Upstreams take an `n` of 128 at most.
constexpr uint32_t kMaxChoices = 1024;

// "" if `choices` are what an answer needs; everything else in a body may be odd.
std::string ChoicesError(const JsonValue& root) {
  const auto choices = root.Find("choices");
  if (!choices.has_value() || !choices->is(JsonKind::kArray)) return "it has no list of choices";
  if (choices->size() == 0) return "it has no choice";
  if (choices->size() > kMaxChoices) return "it has more choices than anybody may ask for";
  std::string error;
  choices->ForEachElement([&](const JsonValue& choice) {
    if (!choice.is(JsonKind::kObject)) error = "a choice is no object";
    const auto message = choice.Find("message");
    if (message.has_value() && !message->is(JsonKind::kObject) && !message->is(JsonKind::kNull)) {
      error = "a choice's message is no object";
    }
  });
  return error;
}

// An answer without index is the one in its place; one without role is the assistant's.
void CompleteChoices(const JsonValue& root, v1::ChatResponse* response) {
  int at = 0;
  root.Find("choices")->ForEachElement([&](const JsonValue& value) {
    v1::Choice* choice = response->mutable_choices(at);
    const auto index = value.Find("index");
    int32_t given;
    if (!index.has_value() || !index->AsInteger(&given)) choice->set_index(at);
    v1::ChatMessage* message = choice->mutable_message();
    if (message->role().empty()) message->set_role("assistant");
    ++at;
  });
}

bool EndedInError(const v1::ChatResponse& response) {
  for (const v1::Choice& choice : response.choices()) {
    if (choice.finish_reason() == "error") return true;
  }
  return false;
}

void AddMetrics(const HeaderList& headers, v1::ChatResponse* response) {
  v1::PerfMetrics metrics;
  AddHeaderMetrics(headers, &metrics);
  MergeMetrics(response->perf_metrics(), &metrics);
  if (!IsEmpty(metrics)) *response->mutable_perf_metrics() = std::move(metrics);
}

}  // namespace

CallStatus DecodeChat(std::string_view body, const HeaderList& headers,
                      v1::ChatResponse* response) {
  response->Clear();
  JsonDocument document;
  const auto result = document.Parse(body);
  if (result != JsonDocument::Result::kOk) return MalformedAnswer(DescribeParse(result), headers);
  const JsonValue root = document.root();
  if (!root.is(JsonKind::kObject)) return MalformedAnswer("it is no JSON object", headers);
  if (CallStatus error = ErrorOfAnswer(root, headers); !error.ok()) return error;
  const std::string error = ChoicesError(root);
  if (!error.empty()) return MalformedAnswer(error, headers);
  MessageDecoder(body.size()).Object(root, Shape::Of(v1::ChatResponse::descriptor()), response);
  CompleteChoices(root, response);
  if (EndedInError(*response)) {
    response->Clear();
    return ErrorFinish(headers);
  }
  AddMetrics(headers, response);
  return CallStatus();
}

bool IsWholeJsonObject(std::string_view body) {
  JsonDocument document;
  return document.Parse(body) == JsonDocument::Result::kOk && document.root().is(JsonKind::kObject);
}

}  // namespace sparkgate::translate
