#include "service/translate/response_values.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>

#include "base/text.h"
#include "service/translate/message_decoder.h"
#include "service/translate/message_schema.h"

namespace sparkgate::translate {
namespace {

// Beyond it a double no longer holds every integer.
constexpr double kMostExact = 9007199254740992.0;  // 2^53

template <typename Number>
bool Read(std::string_view text, Number* number) {
  const char* const end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, *number);
  return result.ec == std::errc() && result.ptr == end;
}

// What a number or a text spells.
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

bool IsArray(const std::optional<JsonValue>& value) {
  return value.has_value() && value->is(JsonKind::kArray);
}

bool SetToken(const JsonValue& value, v1::TokenLogprob* token) {
  if (!value.is(JsonKind::kString)) return false;
  token->set_token(std::string(value.AsText()));
  return true;
}

bool SetLogprob(const JsonValue& value, v1::TokenLogprob* token) {
  double number;
  if (value.is(JsonKind::kNull)) return true;
  if (!value.AsDouble(&number)) return false;
  token->set_logprob(number);
  return true;
}

bool SetOffset(const JsonValue& value, v1::TokenLogprob* token) {
  int32_t offset;
  if (value.is(JsonKind::kNull)) return true;
  if (!value.AsInteger(&offset)) return false;
  token->set_text_offset(offset);
  return true;
}

bool SetTokenId(const JsonValue& value, v1::TokenLogprob* token) {
  int32_t id;
  if (value.is(JsonKind::kNull)) return true;
  if (!value.AsInteger(&id)) return false;
  token->set_token_id(id);
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
    {"tokens", SetToken},       {"token_logprobs", SetLogprob}, {"top_logprobs", SetTop},
    {"text_offset", SetOffset}, {"token_ids", SetTokenId},
};

// A message with one string, each with malloc's share, and the pointer to it.
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

using google::protobuf::FieldDescriptor;

constexpr std::string_view kPrefix = "fireworks-";
constexpr size_t kMaxHeaderValue = 4096;

const FieldDescriptor* FindField(std::string_view key) {
  const FieldSchema* field = MessageSchema::Of(v1::PerfMetrics::descriptor()).FindForReading(key);
  return field == nullptr || field->field->is_map() ? nullptr : field->field;
}

bool ReadNumber(std::string_view text, double* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(*number);
}

// The upstream's own tools read these with float(), so a count may come as "12.0".
bool ReadCount(std::string_view text, int32_t* count) {
  double number;
  if (!ReadNumber(text, &number) || number != std::trunc(number)) return false;
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
      if (!ReadNumber(text, &number)) return false;
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

bool LenientDouble(const JsonValue& value, double* number) {
  std::string_view text;
  return Spelling(value, &text) && Read(text, number) && std::isfinite(*number);
}

bool LenientInteger(const JsonValue& value, int64_t* integer) {
  std::string_view text;
  if (!Spelling(value, &text)) return false;
  if (Read(text, integer)) return true;
  double number;
  if (!LenientDouble(value, &number) || std::fabs(number) > kMostExact) return false;
  *integer = static_cast<int64_t>(number);
  return static_cast<double>(*integer) == number;
}

bool WholeSeconds(const JsonValue& value, int64_t* seconds) {
  if (LenientInteger(value, seconds)) return true;
  double number;
  if (!LenientDouble(value, &number) || std::fabs(number) > kMostExact) return false;
  *seconds = static_cast<int64_t>(std::floor(number));
  return true;
}

PartTexts TextsOfParts(const JsonValue& parts) {
  PartTexts texts;
  parts.ForEachElement([&](const JsonValue& part) { ReadPart(part, &texts); });
  return texts;
}

bool IsLegacyLogprobs(const JsonValue& value) {
  return value.is(JsonKind::kObject) && !IsArray(value.Find("content")) &&
         IsArray(value.Find("tokens"));
}

size_t LegacyLogprobsBytes(const JsonValue& value) {
  size_t bytes = value.Find("tokens")->size() * kBytesOf<v1::TokenLogprob>;
  const auto top = value.Find("top_logprobs");
  if (!IsArray(top)) return bytes;
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

void MergeMetrics(const v1::PerfMetrics& metrics, v1::PerfMetrics* target) {
  target->MergeFrom(metrics);
}

bool IsEmpty(const v1::PerfMetrics& metrics) { return metrics.ByteSizeLong() == 0; }

}  // namespace sparkgate::translate
