#include "client/json.h"

#include <algorithm>

#include "base/text.h"

namespace sparkgate::client {
namespace {

std::string PlaceOf(std::string_view text, size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const size_t line = std::count(before.begin(), before.end(), '\n') + 1;
  const size_t begin = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return "line " + std::to_string(line) + ", column " + std::to_string(offset - begin + 1);
}

void AppendIndented(const JsonValue& value, size_t depth, std::string* out) {
  const bool object = value.is(JsonKind::kObject);
  if (!object && !value.is(JsonKind::kArray)) {
    *out += value.raw();
    return;
  }
  *out += object ? '{' : '[';
  bool first = true;
  const auto begin_line = [&] {
    *out += first ? "\n" : ",\n";
    out->append(2 * (depth + 1), ' ');
    first = false;
  };
  if (object) {
    value.ForEachMember([&](const JsonMember& member) {
      begin_line();
      out->append(member.raw_key).append(": ");
      AppendIndented(member.value, depth + 1, out);
    });
  } else {
    value.ForEachElement([&](const JsonValue& element) {
      begin_line();
      AppendIndented(element, depth + 1, out);
    });
  }
  if (!first) out->append("\n").append(2 * depth, ' ');
  *out += object ? '}' : ']';
}

}  // namespace

absl::Status ParseJson(std::string_view text, JsonDocument* document) {
  const auto wrong_at = [&](size_t offset, const char* what) {
    return absl::InvalidArgumentError(PlaceOf(text, offset) + ": " + what);
  };
  const auto wrong = [&](const char* what) {
    // The byte at fault is the last that was looked at.
    return wrong_at(std::max<size_t>(document->error_offset(), 1) - 1, what);
  };
  if (!IsValidUtf8(text)) return absl::InvalidArgumentError("it is not UTF-8 text");
  switch (document->Parse(text, JsonDocument::Source::kCaller)) {
    case JsonDocument::Result::kOk:
      if (document->lone_surrogates().empty()) return absl::OkStatus();
      return wrong_at(document->lone_surrogates()[0].offset,
                      "half of a surrogate pair, which is no character");
    case JsonDocument::Result::kTooDeep:
      return wrong("nested more than 64 deep");
    case JsonDocument::Result::kTooLarge:
      return wrong("there are too many values");
    case JsonDocument::Result::kSyntax:
      return wrong("this is not JSON");
  }
  return absl::OkStatus();
}

std::string WithoutMembers(const JsonValue& object, const std::vector<std::string_view>& names) {
  std::string rest = "{";
  object.ForEachMember([&](const JsonMember& member) {
    if (std::find(names.begin(), names.end(), member.key) != names.end()) return;
    if (rest.size() > 1) rest += ',';
    rest.append(member.raw_key).append(":").append(member.value.raw());
  });
  return rest + "}";
}

std::string IndentJson(std::string_view json) {
  JsonDocument document;
  if (!ParseJson(json, &document).ok()) return std::string(json);
  std::string out;
  AppendIndented(document.root(), 0, &out);
  return out;
}

}  // namespace sparkgate::client
