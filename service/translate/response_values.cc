#include "service/translate/response_values.h"

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "base/text.h"
#include "service/translate/message_decoder.h"
#include "service/translate/message_schema.h"

namespace sparkgate::translate {

using google::protobuf::FieldDescriptor;

namespace {

// Beyond it a double no longer holds every integer.
constexpr double kMostExact = 9007199254740992.0;  // 2^53

// The characters of a number or a string.
bool Spelling(const JsonValue& value, std::string_view* text) {
  if (value.is(JsonKind::kNumber)) {
    *text = value.raw();
  } else if (value.is(JsonKind::kString)) {
    *text = value.AsText();
  } else {
    return false;
  }
  return !text->empty();
}

bool FiniteNumber(std::string_view text, double* number) {
  return ParseNumber(text, number) && std::isfinite(*number);
}

// A number that may have been an integer before somebody made it a double.
bool WithinExact(const JsonValue& value, double* number) {
  return LenientDouble(value, number) && std::fabs(*number) <= kMostExact;
}

}  // namespace

bool LenientDouble(const JsonValue& value, double* number) {
  std::string_view text;
  return Spelling(value, &text) && FiniteNumber(text, number);
}

bool LenientInteger(const JsonValue& value, int64_t* integer) {
  std::string_view text;
  if (!Spelling(value, &text)) return false;
  if (ParseNumber(text, integer)) return true;
  double number;
  if (!WithinExact(value, &number)) return false;
  *integer = static_cast<int64_t>(number);
  return static_cast<double>(*integer) == number;
}

bool WholeSeconds(const JsonValue& value, int64_t* seconds) {
  if (LenientInteger(value, seconds)) return true;
  double number;
  if (!WithinExact(value, &number)) return false;
  *seconds = static_cast<int64_t>(std::floor(number));
  return true;
}

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
    const auto inner = element.Find("text", JsonKind::kString);
    if (!inner) return;
    text->append(inner->AsText());
    found = true;
  });
  return found;
}

void ReadPart(const JsonValue& part, PartTexts* texts) {
  if (part.is(JsonKind::kString)) {
    texts->found = AppendText(part, &texts->content);
    return;
  }
  const auto type = part.Find("type", JsonKind::kString);
  const bool thinking = type && IsThinking(type->AsText());
  if (type && !thinking && !IsText(type->AsText())) return;
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

namespace {

bool SetToken(const JsonValue& value, v1::TokenLogprob* token) {
  if (!value.is(JsonKind::kString)) return false;
  token->set_token(std::string(value.AsText()));
  return true;
}

// Null leaves the field unset.
template <typename Number, bool (JsonValue::*kRead)(Number*) const,
          void (v1::TokenLogprob::*kSet)(Number)>
bool SetNumber(const JsonValue& value, v1::TokenLogprob* token) {
  Number number;
  if (value.is(JsonKind::kNull)) return true;
  if (!(value.*kRead)(&number)) return false;
  (token->*kSet)(number);
  return true;
}

bool SetTop(const JsonValue& value, v1::TokenLogprob* token) {
  if (value.is(JsonKind::kNull)) return true;
  if (!value.is(JsonKind::kObject)) return false;
  bool good = true;
  value.ForEachMember([&](const JsonMember& member) {
    double number = 0;
    good = member.value.AsDouble(&number) && good;
    v1::TopLogprob* top = token->add_top_logprobs();
    top->set_token(std::string(member.key));
    top->set_logprob(number);
  });
  return good;
}

struct Column {
  std::string_view key;
  bool (*set)(const JsonValue&, v1::TokenLogprob*);
};

constexpr Column kColumns[] = {
    {"tokens", SetToken},
    {"token_logprobs", SetNumber<double, &JsonValue::AsDouble, &v1::TokenLogprob::set_logprob>},
    {"top_logprobs", SetTop},
    {"text_offset", SetNumber<int32_t, &JsonValue::AsInteger, &v1::TokenLogprob::set_text_offset>},
    {"token_ids", SetNumber<int32_t, &JsonValue::AsInteger, &v1::TokenLogprob::set_token_id>},
};

// The memory of a message with one string, both with malloc's overhead, and of the pointer to it.
template <typename Token>
constexpr size_t kBytesOf = sizeof(Token) + 16 + sizeof(std::string) + 16;

const Column* FindColumn(std::string_view key) {
  for (const Column& column : kColumns) {
    if (column.key == key) return &column;
  }
  return nullptr;
}

bool AddColumn(const Column& column, const JsonValue& values, v1::Logprobs* logprobs) {
  if (values.is(JsonKind::kNull)) return true;
  if (!values.is(JsonKind::kArray)) return false;
  if (static_cast<int>(values.size()) != logprobs->content_size()) return false;
  bool good = true;
  int at = 0;
  values.ForEachElement([&](const JsonValue& value) {
    good = column.set(value, logprobs->mutable_content(at++)) && good;
  });
  return good;
}

}  // namespace

bool IsLegacyLogprobs(const JsonValue& value) {
  return value.is(JsonKind::kObject) && !value.Find("content", JsonKind::kArray) &&
         value.Find("tokens", JsonKind::kArray);
}

size_t LegacyLogprobsBytes(const JsonValue& value) {
  size_t bytes = value.Find("tokens")->size() * kBytesOf<v1::TokenLogprob>;
  const auto top = value.Find("top_logprobs", JsonKind::kArray);
  if (!top) return bytes;
  top->ForEachElement([&](const JsonValue& tokens) {
    if (tokens.is(JsonKind::kObject)) bytes += tokens.size() * kBytesOf<v1::TopLogprob>;
  });
  return bytes;
}

bool FoldLegacyLogprobs(const JsonValue& value, v1::Logprobs* logprobs) {
  const uint32_t count = value.Find("tokens")->size();
  for (uint32_t i = 0; i < count; ++i) logprobs->add_content();
  bool good = true;
  std::string extra;
  value.ForEachMember([&](const JsonMember& member) {
    if (const Column* column = FindColumn(member.key)) {
      good = good && AddColumn(*column, member.value, logprobs);
    } else if (!member.value.is(JsonKind::kNull)) {
      AppendExtra(member, &extra);
    }
  });
  FinishExtra(&extra);
  if (!good) {
    logprobs->clear_content();
    extra = std::string(value.raw());
  }
  if (!extra.empty()) logprobs->set_extra_json(std::move(extra));
  return good;
}

namespace {

constexpr std::string_view kPrefix = "fireworks-";
constexpr size_t kMaxHeaderValue = 4096;

const FieldDescriptor* FindField(std::string_view key) {
  const FieldSchema* field = MessageSchema::Of(v1::PerfMetrics::descriptor()).FindForReading(key);
  return field == nullptr || field->field->is_map() ? nullptr : field->field;
}

// The upstream's own tools read these with float(), so a count may come as "12.0".
bool ReadCount(std::string_view text, int32_t* count) {
  double number;
  if (!FiniteNumber(text, &number) || number != std::trunc(number)) return false;
  if (std::abs(number) > std::numeric_limits<int32_t>::max()) return false;
  *count = static_cast<int32_t>(number);
  return true;
}

bool SetField(std::string_view text, const FieldDescriptor* field, v1::PerfMetrics* metrics) {
  const auto* reflection = metrics->GetReflection();
  int32_t count;
  double number;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      if (!ReadCount(text, &count)) return false;
      reflection->SetInt32(metrics, field, count);
      return true;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      if (!FiniteNumber(text, &number)) return false;
      reflection->SetDouble(metrics, field, number);
      return true;
    default:
      reflection->SetString(metrics, field, std::string(text));
      return true;
  }
}

// False: it has a field, but does not read as its type.
bool SetByKey(std::string_view key, std::string_view text, v1::PerfMetrics* metrics) {
  const FieldDescriptor* field = FindField(key);
  if (field != nullptr && SetField(text, field, metrics)) return true;
  (*metrics->mutable_other())[std::string(key)] = std::string(text);
  return field == nullptr;
}

}  // namespace

void AddHeaderMetrics(const HeaderList& headers, v1::PerfMetrics* metrics) {
  for (const auto& [name, value] : headers) {
    if (name.compare(0, kPrefix.size(), kPrefix) != 0) continue;
    // Header bytes are anything; a proto string is not.
    SetByKey(SafeText(std::string_view(name).substr(kPrefix.size()), kMaxHeaderValue),
             SafeText(value, kMaxHeaderValue), metrics);
  }
}

int AddBodyMetrics(const JsonValue& object, v1::PerfMetrics* metrics) {
  int anomalies = 0;
  object.ForEachMember([&](const JsonMember& member) {
    if (member.value.is(JsonKind::kNull)) return;
    const std::string_view text =
        member.value.is(JsonKind::kString) ? member.value.AsText() : member.value.raw();
    if (!SetByKey(member.key, text, metrics)) ++anomalies;
  });
  return anomalies;
}

std::string MalformedChoice(const JsonValue& choices, std::string_view member) {
  std::string error;
  choices.ForEachElement([&](const JsonValue& choice) {
    if (!choice.is(JsonKind::kObject)) error = "a choice is no object";
    const auto value = choice.Find(member);
    if (!value || value->is(JsonKind::kObject) || value->is(JsonKind::kNull)) return;
    error = "a choice's " + std::string(member) + " is no object";
  });
  return error;
}

}  // namespace sparkgate::translate
