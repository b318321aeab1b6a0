#include "service/translate/error_body.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "base/json_reader.h"
#include "base/json_text.h"
#include "base/text.h"
#include "service/sse/event_parser.h"

namespace sparkgate::translate {
namespace {

constexpr size_t kEnough = 4096;  // bytes of words; callers are shown far less

// std::string_view::find ignoring case; `lower` is in lower case.
size_t FindLower(std::string_view text, std::string_view lower, size_t from = 0) {
  const auto found =
      std::search(text.begin() + std::min(from, text.size()), text.end(), lower.begin(),
                  lower.end(), [](char a, char b) { return absl::ascii_tolower(a) == b; });
  return found == text.end() ? std::string_view::npos : found - text.begin();
}

bool IsTagStart(std::string_view text, size_t at) {
  if (text[at] != '<' || at + 1 >= text.size()) return false;
  const char next = text[at + 1];
  return absl::ascii_isalpha(next) || next == '/' || next == '!';
}

// The position after the element `name` that begins at `at`, or `at` if none does.
size_t SkipElement(std::string_view text, size_t at, std::string_view name) {
  if (FindLower(text.substr(at, name.size() + 1), name) != 1) return at;
  const size_t end = FindLower(text, "</" + std::string(name), at);
  return end == std::string_view::npos ? text.size() : end;
}

size_t SkipTag(std::string_view text, size_t at) {
  for (const std::string_view name : {"script", "style"}) at = SkipElement(text, at, name);
  if (text.substr(at, 4) == "<!--") {
    const size_t end = text.find("-->", at);
    return end == std::string_view::npos ? text.size() : end + 3;
  }
  return std::min(text.find('>', at), text.size() - 1) + 1;
}

// The first character, which may be one of the few entities that error pages have.
std::string_view Character(std::string_view text, size_t* length) {
  static constexpr std::pair<std::string_view, std::string_view> kEntities[] = {
      {"&amp;", "&"}, {"&lt;", "<"},   {"&gt;", ">"},   {"&quot;", "\""},
      {"&#39;", "'"}, {"&apos;", "'"}, {"&nbsp;", " "}, {"&#x27;", "'"}};
  *length = 1;
  if (text[0] != '&') return text.substr(0, 1);
  for (const auto& [entity, character] : kEntities) {
    if (text.substr(0, entity.size()) != entity) continue;
    *length = entity.size();
    return character;
  }
  return text.substr(0, 1);
}

// Appends, with one space for any run of white space.
void AppendWord(std::string_view character, std::string* words) {
  if (!IsJsonSpace(character[0])) {
    words->append(character);
  } else if (!words->empty() && words->back() != ' ') {
    words->push_back(' ');
  }
}

std::string WithoutTags(std::string_view text) {
  std::string words;
  for (size_t at = 0; at < text.size() && words.size() < kEnough;) {
    if (IsTagStart(text, at)) {
      at = std::max(SkipTag(text, at), at + 1);
      AppendWord(" ", &words);
      continue;
    }
    size_t length = 1;
    AppendWord(Character(text.substr(at), &length), &words);
    at += length;
  }
  return std::string(TrimJsonSpace(words));
}

// Whether there is markup in `text`, not just a `<`.
bool HasMarkup(std::string_view text) {
  for (size_t at = text.find('<'); at != std::string_view::npos; at = text.find('<', at + 1)) {
    for (const std::string_view mark : {"<!doctype", "<html", "<head", "<body", "</"}) {
      if (FindLower(text.substr(at, mark.size()), mark) == 0) return true;
    }
  }
  return false;
}

// The words of a page: its title if it has one, else its text without tags, scripts and styles.
// `text` may begin before the page.
std::string WordsOfMarkup(std::string_view text) {
  constexpr std::string_view kTitle = "<title>";
  const size_t title = FindLower(text, kTitle);
  if (title == std::string_view::npos) return WithoutTags(text);
  const size_t begin = title + kTitle.size();
  const std::string_view inner = text.substr(begin, text.find('<', begin) - begin);
  const std::string_view before = text.substr(0, text.find('<'));
  const std::string words = WithoutTags(std::string(before) + " " + std::string(inner));
  return words.empty() ? WithoutTags(text) : words;
}

// Where there is a JSON object in `text`, as in `APIError: {"error":{…}}`.
struct EmbeddedJson {
  std::string_view before;
  std::string_view object;  // "" if there is none
};

EmbeddedJson FindEmbeddedJson(std::string_view text) {
  const size_t begin = text.find('{');
  const size_t end = text.rfind('}');
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) {
    return {text, {}};
  }
  const std::string_view object = text.substr(begin, end - begin + 1);
  JsonDocument document;
  if (document.Parse(object) != JsonDocument::Result::kOk) return {text, {}};
  return {text.substr(0, begin), object};
}

// The message of an error that a Python program printed: {'error': {'message': '…'}}. "" if there
// is none.
std::string MessageOfPythonText(std::string_view text) {
  constexpr std::string_view kKey = "'message': ";
  const size_t key = text.find(kKey);
  if (key == std::string_view::npos || key + kKey.size() >= text.size()) return "";
  text.remove_prefix(key + kKey.size());
  const char quote = text.front();
  if (quote != '\'' && quote != '"') return "";
  std::string message;
  for (size_t at = 1; at < text.size() && text[at] != quote; ++at) {
    if (text[at] == '\\' && at + 1 < text.size()) ++at;
    message.push_back(text[at]);
  }
  return message;
}

constexpr size_t kMostText = 4096;
constexpr size_t kMostFramed = 64 << 10;
// Errors within the text of errors: gateways wrap those of other gateways.
constexpr int kMostNested = 4;

ErrorBody ReadBody(std::string_view text, int depth);
ErrorBody ReadObject(const JsonValue& root, bool after_ok, int depth);
ErrorBody OfList(const JsonValue& list, bool after_ok, int depth);

std::string TextOf(const std::optional<JsonValue>& value) {
  if (!value.has_value()) return "";
  if (value->is(JsonKind::kString)) return std::string(value->AsText());
  return value->is(JsonKind::kNumber) ? std::string(value->raw()) : "";
}

// `value`, a number or a string of digits, as the HTTP status of a failure; 0 if it is none.
int StatusIn(const std::optional<JsonValue>& value) {
  const std::string text = TextOf(value);
  int status = 0;
  return ParseNumber(text, &status) && status >= 400 && status < 600 ? status : 0;
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

// Under the names that servers and gateways use.
std::string MessageIn(const JsonValue& error) {
  for (const std::string_view key :
       {"message", "msg", "error_message", "error_msg", "errorMessage", "detail", "error",
        "error_description", "description", "title"}) {
    std::string text = TextOf(error.Find(key));
    if (!text.empty()) return text;
  }
  return "";
}

void ReadMembers(const JsonValue& error, ErrorBody* body) {
  body->found = true;
  body->message = MessageIn(error);
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
  if (detail.is(JsonKind::kObject)) {
    const auto inner = detail.Find("error");
    return ReadMembers(inner && inner->is(JsonKind::kObject) ? *inner : detail, body);
  }
  if (!detail.is(JsonKind::kArray)) {
    body->message = TextOf(detail);
    return;
  }
  detail.ForEachElement([&](const JsonValue& entry) {
    const std::string message = TextOf(entry.Find("msg"));
    if (body->message.empty()) body->message = message;
    const auto loc = entry.Find("loc");
    if (loc.has_value()) body->fields.push_back({PathOf(*loc), message});
  });
}

// What may be shown of a body that is not JSON. Nothing of JSON that was cut off, since its
// members, the caller's prompt among them, cannot be told apart.
std::string TextOfBody(std::string_view body) {
  if (body.empty() || body.front() == '{' || body.front() == '[') return "";
  return std::string(body.substr(0, kMostText));
}

// The data of the first event, if the body is framed as an event stream; else the body.
std::string Unframed(std::string_view body) {
  sse::EventParser parser(kMostFramed);
  sse::Event event;
  size_t used = 0;
  const auto is_object = [&event] { return !event.data.empty() && event.data.front() == '{'; };
  for (std::string_view rest = body; !rest.empty(); rest.remove_prefix(used)) {
    const auto result = parser.Next(rest, &used, &event);
    if (result == sse::EventParser::Result::kTooLarge) break;
    if (result == sse::EventParser::Result::kEvent && is_object()) return std::string(event.data);
  }
  return parser.LastEvent(&event) && is_object() ? std::string(event.data) : std::string(body);
}

// Reduces an error's message that holds a page, or another error as JSON, to their words. The inner
// error's code and status count if the outer one has none.
void ReduceToWords(int depth, ErrorBody* body) {
  if (body->message.size() > kMostFramed) body->message.resize(kMostFramed);
  const EmbeddedJson embedded = FindEmbeddedJson(body->message);
  if (!embedded.object.empty() && depth < kMostNested) {
    ErrorBody inner = ReadBody(embedded.object, depth + 1);
    if (body->code.empty()) body->code = inner.code;
    if (body->status == 0) body->status = inner.status;
    const std::string before(TrimJsonSpace(embedded.before));
    body->message = before + (before.empty() || inner.message.empty() ? "" : " ") + inner.message;
  } else if (std::string message = MessageOfPythonText(body->message); !message.empty()) {
    body->message = std::move(message);
  }
  if (HasMarkup(body->message)) body->message = WordsOfMarkup(body->message);
}

ErrorBody ReadBody(std::string_view text, int depth) {
  const std::string unframed = Unframed(TrimJsonSpace(text));
  JsonDocument document;
  if (document.Parse(unframed) != JsonDocument::Result::kOk) {
    ErrorBody body;
    body.message = TextOfBody(unframed);
    ReduceToWords(depth, &body);
    return body;
  }
  const JsonValue root = document.root();
  if (root.is(JsonKind::kObject)) return ReadObject(root, /*after_ok=*/false, depth);
  if (root.is(JsonKind::kArray)) return OfList(root, /*after_ok=*/false, depth);
  ErrorBody body;
  body.message = TextOf(root);
  ReduceToWords(depth, &body);
  return body;
}

// The first of a list of errors.
ErrorBody OfList(const JsonValue& list, bool after_ok, int depth) {
  const auto first = list.First();
  if (first && first->is(JsonKind::kObject)) return ReadObject(*first, after_ok, depth);
  ErrorBody body;
  body.message = TextOf(first);
  return body;
}

ErrorBody ReadObject(const JsonValue& root, bool after_ok, int depth) {
  ErrorBody body;
  const auto error = root.Find("error");
  const auto errors = root.Find("errors");
  const auto detail = root.Find("detail");
  const bool answers = root.Find("choices").has_value();
  const auto message = root.Find("message");
  if (error.has_value() && !SaysNothing(*error)) {
    body.found = true;
    body.message = TextOf(error);
    if (error->is(JsonKind::kObject)) ReadMembers(*error, &body);
    // Some servers put status and message beside the object.
    if (body.message.empty()) body.message = TextOf(message);
    if (body.status == 0) body.status = StatusIn(root.Find("status"));
    if (body.status == 0) body.status = StatusIn(root.Find("code"));
  } else if (TextOf(root.Find("object")) == "error" ||
             (!answers && message.has_value() && !SaysNothing(*message))) {
    ReadMembers(root, &body);
  } else if (detail.has_value() && (!after_ok || !answers)) {
    ReadDetail(*detail, &body);
  } else if (errors.has_value() && errors->size() > 0 && !answers) {
    body = OfList(*errors, after_ok, depth);
    body.found = true;
  } else if (!after_ok) {
    ReadMembers(root, &body);
    body.found = !body.message.empty();
  }
  if (body.found) body.request_id = TextOf(root.Find("request_id"));
  ReduceToWords(depth, &body);
  return body;
}

}  // namespace

ErrorBody ReadErrorObject(const JsonValue& root, bool after_ok) {
  return ReadObject(root, after_ok, 0);
}

ErrorBody ReadErrorBody(std::string_view text) { return ReadBody(text, 0); }

}  // namespace sparkgate::translate
