#include "service/translate/models_decoder.h"

#include <string>

#include "base/json_reader.h"
#include "service/translate/answer_status.h"
#include "service/translate/message_decoder.h"
#include "service/translate/message_schema.h"
#include "service/translate/status_rows.h"

namespace sparkgate::translate {
namespace {

CallStatus Malformed(std::string_view what, const HeaderList& headers) {
  return MalformedAnswer(what, headers, Endpoint::kModels);
}

bool HasId(const JsonValue& model) {
  const auto id = model.Find("id");
  return id.has_value() && id->is(JsonKind::kString) && !id->AsText().empty();
}

// "" if the list is what an answer needs; everything else in a body may be odd.
std::string_view ListError(const JsonValue& root) {
  const auto list = root.Find("data");
  if (!list.has_value() || !list->is(JsonKind::kArray)) return "it has no list `data`";
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

// Some servers call it by another name, which stays in extra_json as well.
void FillContextLengths(const JsonValue& list, v1::ListModelsResponse* response) {
  if (response->data_size() == 0) return;  // so large that it is in extra_json
  int at = 0;
  list.ForEachElement([&](const JsonValue& value) {
    v1::Model* model = response->mutable_data(at++);
    const auto length = value.Find("max_model_len");
    int32_t tokens = 0;
    if (model->has_context_length() || !length || !length->AsInteger(&tokens)) return;
    if (tokens > 0) model->set_context_length(tokens);
  });
}

// What to do about a failure; "" if what any call is told fits.
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

CallStatus DecodeModels(std::string_view body, const HeaderList& headers,
                        v1::ListModelsResponse* response) {
  response->Clear();
  JsonDocument document;
  const auto result = document.Parse(body);
  if (result != JsonDocument::Result::kOk) return Malformed(DescribeParse(result), headers);
  const JsonValue root = document.root();
  if (!root.is(JsonKind::kObject)) return Malformed("it is no JSON object", headers);
  if (CallStatus error = ErrorOfAnswer(root, headers); !error.ok()) return error;
  const std::string_view error = ListError(root);
  if (!error.empty()) return Malformed(error, headers);
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
  // Not a model is missing, but the list itself.
  const std::string_view about_a_model = RowOfStatus(status.http_status).what;
  if (status.message.rfind(about_a_model, 0) == 0) {
    status.message.replace(0, about_a_model.size(), "The upstream has no list of models");
  }
  return status;
}

}  // namespace sparkgate::translate
