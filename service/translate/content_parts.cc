#include "service/translate/content_parts.h"

#include <string_view>

namespace sparkgate::translate {
namespace {

bool IsThinking(std::string_view type) {
  return type.find("think") != std::string_view::npos ||
         type.find("reason") != std::string_view::npos;
}

bool IsText(std::string_view type) {
  return type.empty() || type == "text" || type == "output_text";
}

// A part's text is a string, or a list of parts that have one.
bool AppendText(const JsonValue& value, std::string* text) {
  if (value.is(JsonKind::kString)) {
    text->append(value.AsText());
    return true;
  }
  if (!value.is(JsonKind::kArray)) return false;
  bool found = false;
  value.ForEachElement([&](const JsonValue& element) {
    const auto inner = element.Find("text");
    if (!inner || !inner->is(JsonKind::kString)) return;
    text->append(inner->AsText());
    found = true;
  });
  return found;
}

std::string_view TypeOf(const JsonValue& part) {
  const auto type = part.Find("type");
  return type && type->is(JsonKind::kString) ? type->AsText() : std::string_view();
}

void ReadPart(const JsonValue& part, PartTexts* texts) {
  if (part.is(JsonKind::kString)) {
    texts->found = AppendText(part, &texts->content);
    return;
  }
  const std::string_view type = TypeOf(part);
  const bool thinking = IsThinking(type);
  if (!thinking && !IsText(type)) return;
  std::string* const target = thinking ? &texts->reasoning : &texts->content;
  for (const char* key : {"text", "thinking", "reasoning", "content"}) {
    const auto text = part.Find(key);
    if (!text || !AppendText(*text, target)) continue;
    texts->found = true;
    return;
  }
}

}  // namespace

PartTexts TextsOfParts(const JsonValue& parts) {
  PartTexts texts;
  parts.ForEachElement([&](const JsonValue& part) { ReadPart(part, &texts); });
  return texts;
}

}  // namespace sparkgate::translate
