#include "service/translate/error_body.h"

#include <charconv>
#include <optional>

#include "service/translate/json_text.h"

namespace sparkgate::translate {
namespace {

std::string TextOf(const std::optional<JsonValue>& value) {
  if (!value.has_value()) return "";
  if (value->is(JsonKind::kString)) return std::string(value->AsText());
  return value->is(JsonKind::kNumber) ? std::string(value->raw()) : "";
}

// `value` as an HTTP status of failure, be it a number or a string of digits; else 0.
int StatusIn(const std::optional<JsonValue>& value) {
  const std::string text = TextOf(value);
  int status = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), status);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && status >= 400 && status < 600 ? status : 0;
}

// null, false, "" and {} are how some servers say that there is no error.
bool SaysNothing(const JsonValue& error) {
  switch (error.kind()) {
    case JsonKind::kNull:
      return true;
    case JsonKind::kBool:
      return !error.AsBool();
    case JsonKind::kString:
      return error.AsText().empty();
    case JsonKind::kObject:
      return error.size() == 0;
    default:
      return false;
  }
}

// Fireworks writes: Extra inputs are not permitted, field: 'messages[0].name', value: …
std::string FieldInMessage(std::string_view message) {
  static constexpr std::string_view kMark = "field: '";
  const size_t begin = message.find(kMark);
  if (begin == std::string_view::npos) return "";
  message.remove_prefix(begin + kMark.size());
  const size_t end = message.find('\'');
  return end == std::string_view::npos ? "" : std::string(message.substr(0, end));
}

void ReadMembers(const JsonValue& error, ErrorBody* body) {
  body->found = true;
  body->message = TextOf(error.Find("message"));
  body->code = TextOf(error.Find("code"));
  if (body->code.empty()) body->code = TextOf(error.Find("type"));
  for (const std::string_view key : {"status", "status_code", "http_status", "code"}) {
    if (body->status == 0) body->status = StatusIn(error.Find(key));
  }
  std::string field = FieldInMessage(body->message);
  if (field.empty()) field = TextOf(error.Find("param"));
  if (!field.empty()) body->fields.push_back({std::move(field), body->message});
}

std::string PathOf(const JsonValue& loc) {
  std::string path;
  if (!loc.is(JsonKind::kArray)) return path;
  loc.ForEachElement([&](const JsonValue& step) {
    if (step.is(JsonKind::kNumber)) {
      path += '[' + std::string(step.raw()) + ']';
    } else if (step.is(JsonKind::kString)) {
      path += (path.empty() ? "" : ".") + std::string(step.AsText());
    }
  });
  return path;
}

// {"detail":"…"} or {"detail":[{"loc":[…],"msg":"…"}]}. Members such as `input` hold the caller's
// data.
void ReadDetail(const JsonValue& detail, ErrorBody* body) {
  body->found = true;
  if (!detail.is(JsonKind::kArray)) {
    body->message = TextOf(detail);
    if (body->message.empty()) body->message = TextOf(detail.Find("message"));
    return;
  }
  detail.ForEachElement([&](const JsonValue& entry) {
    const std::string message = TextOf(entry.Find("msg"));
    if (body->message.empty()) body->message = message;
    const auto loc = entry.Find("loc");
    if (loc.has_value()) body->fields.push_back({PathOf(*loc), message});
  });
}

std::string TitleOf(std::string_view page) {
  const size_t begin = page.find("<title>");
  if (begin == std::string_view::npos) return "";
  page.remove_prefix(begin + 7);
  return std::string(page.substr(0, page.find('<')));
}

// Of a body that is not JSON: a page's title, else the text. JSON that was cut is neither; its
// members, the caller's prompt among them, cannot be told apart.
std::string TextOfBody(std::string_view body) {
  if (body.empty() || body.front() == '{' || body.front() == '[') return "";
  return body.front() == '<' ? TitleOf(body) : std::string(body.substr(0, 4096));
}

}  // namespace

ErrorBody ReadErrorObject(const JsonValue& root, bool after_ok) {
  ErrorBody body;
  const auto error = root.Find("error");
  const auto detail = root.Find("detail");
  if (error.has_value() && !SaysNothing(*error)) {
    body.found = true;
    body.message = TextOf(error);
    if (error->is(JsonKind::kObject)) ReadMembers(*error, &body);
    // Some put the number beside the object.
    if (body.status == 0) body.status = StatusIn(root.Find("status"));
    if (body.status == 0) body.status = StatusIn(root.Find("code"));
  } else if (TextOf(root.Find("object")) == "error" || (!after_ok && root.Find("message"))) {
    ReadMembers(root, &body);
  } else if (detail.has_value() && (!after_ok || !root.Find("choices").has_value())) {
    ReadDetail(*detail, &body);
  }
  if (body.found) body.request_id = TextOf(root.Find("request_id"));
  return body;
}

ErrorBody ReadErrorBody(std::string_view text) {
  JsonDocument document;
  if (document.Parse(text) == JsonDocument::Result::kOk) {
    const JsonValue root = document.root();
    if (root.is(JsonKind::kObject)) return ReadErrorObject(root, /*after_ok=*/false);
    ErrorBody body;
    body.message = TextOf(root);
    return body;
  }
  ErrorBody body;
  body.message = TextOfBody(TrimJsonSpace(text));
  return body;
}

}  // namespace sparkgate::translate
