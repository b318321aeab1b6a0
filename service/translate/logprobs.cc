#include "service/translate/logprobs.h"

#include <string>

#include "service/translate/message_decoder.h"

namespace sparkgate::translate {
namespace {

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

}  // namespace

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

}  // namespace sparkgate::translate
