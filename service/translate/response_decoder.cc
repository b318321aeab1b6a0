#include "service/translate/response_decoder.h"

#include <set>
#include <string>

#include "base/json_reader.h"
#include "base/json_text.h"
#include "base/text.h"
#include "service/translate/message_decoder.h"
#include "service/translate/message_schema.h"
#include "service/translate/response_values.h"
#include "service/translate/status_rows.h"
#include "service/translate/upstream_error.h"

namespace sparkgate::translate {
namespace {

// Upstreams take an `n` of 128 at most.
constexpr uint32_t kMaxChoices = 1024;

// "" if the choices are what an answer needs.
std::string ChoicesError(const JsonValue& root) {
  const auto choices = root.Find("choices", JsonKind::kArray);
  if (!choices) return "it has no list of choices";
  if (choices->size() == 0) return "it has no choice";
  if (choices->size() > kMaxChoices) return "it has more choices than anybody may ask for";
  return MalformedChoice(*choices, "message");
}

// Some servers put the text of an answer elsewhere than into its message: into `text`, as in the
// older completions, or into a `delta`.
void FillFromElsewhere(const JsonValue& value, MessageDecoder* decoder, v1::Choice* choice) {
  v1::ChatMessage* message = choice->mutable_message();
  const auto whole = value.Find("message");
  if (const auto delta = value.Find("delta", JsonKind::kObject)) {
    if (!whole || whole->size() == 0) {
      decoder->Object(*delta, MessageSchema::Of(v1::ChatMessage::descriptor()), message);
    } else if (delta->raw() != whole->raw()) {
      AddExtra("delta", delta->raw(), choice->mutable_extra_json());
    }
  }
  const auto text = value.Find("text", JsonKind::kString);
  if (!text || text->AsText() == message->content()) return;
  if (message->content().empty()) {
    message->set_content(std::string(text->AsText()));
  } else {
    AddExtra("text", text->raw(), choice->mutable_extra_json());
  }
}

// Makes `calls[call.index]` right, unless no call has an index. Returns how many were wrong.
int NumberToolCalls(v1::ChatMessage* message) {
  bool numbered = false;
  for (const v1::ToolCall& call : message->tool_calls()) numbered = numbered || call.has_index();
  if (!numbered) return 0;
  int place = 0, wrong = 0;
  for (v1::ToolCall& call : *message->mutable_tool_calls()) {
    if (call.has_index() && call.index() != place) {
      AddExtra("index", std::to_string(call.index()), call.mutable_extra_json());
      ++wrong;
    }
    call.set_index(place++);
  }
  return wrong;
}

// Numbers the choices by position if their own indices are missing or not distinct.
void NumberChoices(const JsonValue& choices, v1::ChatResponse* response) {
  std::set<int> seen;
  bool distinct = true;
  int place = 0;
  choices.ForEachElement([&](const JsonValue& value) {
    v1::Choice* choice = response->mutable_choices(place);
    const auto index = value.Find("index");
    int64_t given;
    if (!index || !LenientInteger(*index, &given)) choice->set_index(place);
    distinct = distinct && seen.insert(choice->index()).second;
    ++place;
  });
  for (int i = 0; !distinct && i < place; ++i) response->mutable_choices(i)->set_index(i);
}

// Fills in what an answer leaves out or puts elsewhere. Returns how much was odd.
int CompleteChoices(const JsonValue& choices, MessageDecoder* decoder, v1::ChatResponse* response) {
  int at = 0, anomalies = 0;
  choices.ForEachElement([&](const JsonValue& value) {
    v1::Choice* choice = response->mutable_choices(at++);
    FillFromElsewhere(value, decoder, choice);
    v1::ChatMessage* message = choice->mutable_message();
    if (message->role().empty()) message->set_role("assistant");
    if (choice->finish_reason().empty() || choice->finish_reason() == "null") {
      choice->clear_finish_reason();
    }
    anomalies += NumberToolCalls(message);
  });
  NumberChoices(choices, response);
  return anomalies;
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
  metrics.MergeFrom(response->perf_metrics());
  if (metrics.ByteSizeLong() > 0) *response->mutable_perf_metrics() = std::move(metrics);
}

bool HasId(const JsonValue& model) {
  const auto id = model.Find("id", JsonKind::kString);
  return id && !id->AsText().empty();
}

// "" if the list is what an answer needs; everything else in it may be odd.
std::string_view ListError(const JsonValue& root) {
  const auto list = root.Find("data", JsonKind::kArray);
  if (!list) return "it has no list `data`";
  std::string_view error;
  list->ForEachElement([&](const JsonValue& model) {
    if (!model.is(JsonKind::kObject)) {
      error = "an entry of `data` is no object";
    } else if (!HasId(model)) {
      error = "an entry of `data` has no id";
    }
  });
  return error;
}

// Some servers name the context length max_model_len, which stays in extra_json as well.
void FillContextLengths(const JsonValue& list, v1::ListModelsResponse* response) {
  if (response->data_size() == 0) return;  // empty, or so large that it is in extra_json
  int at = 0;
  list.ForEachElement([&](const JsonValue& value) {
    v1::Model* model = response->mutable_data(at++);
    const auto length = value.Find("max_model_len");
    int32_t tokens = 0;
    if (model->has_context_length() || !length || !length->AsInteger(&tokens)) return;
    if (tokens > 0) model->set_context_length(tokens);
  });
}

// The advice on a failure; "" if that for any call fits.
std::string_view AdviceFor(const CallStatus& status) {
  if (status.may_have_run) return "Asking for the models costs nothing: try again.";
  switch (status.reason) {
    case v1::ERROR_REASON_FORBIDDEN:
      return "Check the account.";
    case v1::ERROR_REASON_MODEL_NOT_FOUND:
    case v1::ERROR_REASON_INVALID_REQUEST:
    case v1::ERROR_REASON_CONTEXT_LENGTH_EXCEEDED:
    case v1::ERROR_REASON_REQUEST_TOO_LARGE:
      return "Tell whoever runs Sparkgate.";  // the caller said nothing that could be wrong
    default:
      return "";
  }
}

}  // namespace

CallStatus DecodeChat(std::string_view body, const HeaderList& headers, v1::ChatResponse* response,
                      int* anomalies) {
  response->Clear();
  JsonDocument document;
  CallStatus status = ParseAnswer(body, headers, Endpoint::kCompletion, &document);
  if (!status.ok()) return status;
  const JsonValue root = document.root();
  const std::string error = ChoicesError(root);
  if (!error.empty()) return MalformedAnswer(error, headers);
  MessageDecoder decoder(document);
  decoder.Object(root, MessageSchema::Of(v1::ChatResponse::descriptor()), response);
  const JsonValue choices = *root.Find("choices");
  decoder.TotalsInChoices(choices, response);
  const int odd_choices = CompleteChoices(choices, &decoder, response);
  if (anomalies != nullptr) {
    *anomalies = odd_choices + decoder.anomalies() + (document.loose() ? 1 : 0);
  }
  if (EndedInError(*response)) {
    response->Clear();
    return ErrorFinish(headers);
  }
  AddMetrics(headers, response);
  return CallStatus();
}

std::string_view WithoutEndMark(std::string_view body) {
  constexpr std::string_view kMark = "[DONE]", kField = "data:";
  const std::string_view whole = TrimJsonSpace(body);
  body = whole;
  const auto remove = [&body](std::string_view end) {
    const bool found = EndsWith(body, end);
    if (found) body = TrimJsonSpace(body.substr(0, body.size() - end.size()));
    return found;
  };
  if (!remove(kMark)) return whole;
  remove(kField);
  // In a body that is not an object it is not a mark.
  return !body.empty() && body.back() == '}' ? body : whole;
}

bool IsWholeJsonObject(std::string_view body) {
  JsonDocument document;
  return document.Parse(body) == JsonDocument::Result::kOk && document.root().is(JsonKind::kObject);
}

CallStatus DecodeModels(std::string_view body, const HeaderList& headers,
                        v1::ListModelsResponse* response) {
  response->Clear();
  JsonDocument document;
  CallStatus status = ParseAnswer(body, headers, Endpoint::kModels, &document);
  if (!status.ok()) return status;
  const JsonValue root = document.root();
  const std::string_view error = ListError(root);
  if (!error.empty()) return MalformedAnswer(error, headers, Endpoint::kModels);
  MessageDecoder(document).Object(root, MessageSchema::Of(v1::ListModelsResponse::descriptor()),
                                  response);
  FillContextLengths(*root.Find("data"), response);
  return CallStatus();
}

CallStatus WordedForModels(CallStatus status) {
  if (status.ok()) return status;
  status.violations.clear();  // they would name fields of a ChatRequest
  const std::string_view advice = AdviceFor(status);
  if (!status.advice.empty() && !advice.empty()) status.advice = advice;
  if (status.reason != v1::ERROR_REASON_MODEL_NOT_FOUND) return status;
  // The list itself is missing, not a model.
  const std::string_view unknown_model = RowOfStatus(status.http_status).what;
  if (status.message.rfind(unknown_model, 0) == 0) {
    status.message.replace(0, unknown_model.size(), "The upstream has no list of models");
  }
  return status;
}

}  // namespace sparkgate::translate
