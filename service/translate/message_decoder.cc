#include "service/translate/message_decoder.h"

#include <algorithm>
#include <optional>

#include "service/translate/response_values.h"
#include "sparkgate/v1/response.pb.h"

namespace sparkgate::translate {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

namespace {

// A list of numbers from 0 to 255; nothing if it is something else.
std::optional<std::string> BytesOf(const JsonValue& value) {
  if (!value.is(JsonKind::kArray)) return std::nullopt;
  std::string bytes;
  bool good = true;
  value.ForEachElement([&](const JsonValue& element) {
    int32_t byte = -1;
    good = element.AsInteger(&byte) && byte >= 0 && byte <= 255 && good;
    bytes.push_back(static_cast<char>(byte));
  });
  if (!good) return std::nullopt;
  return bytes;
}

// The memory that the elements of lists may take as messages. The shortest token with its log
// probability takes six times its text, and [{},{},{}] forty times. With the text, the document and
// what is copied out of the text, the total is at most eight times the text.
constexpr size_t kAlwaysBytes = 4 << 20;
constexpr size_t kMostGrowth = 7;
constexpr size_t kSmallText = 64 << 10;  // cannot take kAlwaysBytes

size_t BytesForLists(const JsonDocument& document) {
  const size_t most = kMostGrowth * document.text_bytes();
  const size_t taken = document.text_bytes() + document.held_bytes();
  return std::max(kAlwaysBytes, most - std::min(most, taken));
}

// A string of a message with malloc's overhead, without its characters.
constexpr size_t kStringBytes = 48;

// For the strings of an object and of the objects in it; its lists are counted by themselves.
size_t StringBytes(const JsonValue& object, const MessageSchema& schema) {
  size_t bytes = 0;
  bool extra = false;
  object.ForEachMember([&](const JsonMember& member) {
    const FieldSchema* field = schema.FindForReading(member.key);
    if (field == nullptr) {
      extra = true;
    } else if (field->field->is_repeated()) {
      return;
    } else if (field->child != nullptr && member.value.is(JsonKind::kObject)) {
      bytes += StringBytes(member.value, *field->child);
    } else if (field->field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      bytes += kStringBytes;
    }
  });
  return bytes + (extra ? kStringBytes : 0);
}

size_t ElementBytes(const JsonValue& element, const FieldSchema& field) {
  if (field.child != nullptr) {
    return field.child->object_bytes() + StringBytes(element, *field.child);
  }
  return field.field->cpp_type() == FieldDescriptor::CPPTYPE_STRING ? kStringBytes : 0;
}

size_t ListBytes(const JsonValue& list, const FieldSchema& field) {
  size_t bytes = 0;
  list.ForEachElement([&](const JsonValue& element) { bytes += ElementBytes(element, field); });
  return bytes;
}

// Without it, a list would grow by doubling and leave as much behind as it holds.
void Reserve(const FieldDescriptor* field, int size, Message* message) {
  const auto* reflection = message->GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection->MutableRepeatedPtrField<std::string>(message, field)->Reserve(size);
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection->MutableRepeatedField<int32_t>(message, field)->Reserve(size);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return reflection->MutableRepeatedPtrField<Message>(message, field)->Reserve(size);
    default:
      return;
  }
}

template <typename Child>
Child* MutableChild(const FieldSchema& field, Message* message) {
  return static_cast<Child*>(message->GetReflection()->MutableMessage(message, field.field));
}

void SetText(Message* message, const FieldDescriptor* field, std::string_view text) {
  message->GetReflection()->SetString(message, field, std::string(text));
}

// Parts hold more than their texts, and an assistant's message that is sent again needs all of it.
bool KeptRawToo(const FieldSchema& field, const JsonValue& value) {
  return field.form == Form::kText && value.is(JsonKind::kArray);
}

bool IsMisplaced(const JsonMember& member, const MessageSchema& schema) {
  const MisplacedMember* row = schema.Misplaced(member.key);
  return row != nullptr && member.value.is(row->object ? JsonKind::kObject : JsonKind::kString);
}

}  // namespace

void AppendExtra(const JsonMember& member, std::string* object) {
  // With room for the closing brace, for which a large object would be reallocated.
  object->reserve(object->size() + member.raw_key.size() + member.value.raw().size() + 3);
  object->push_back(object->empty() ? '{' : ',');
  object->append(member.raw_key).push_back(':');
  object->append(member.value.raw());
}

void FinishExtra(std::string* object) {
  if (!object->empty()) object->push_back('}');
}

void AddExtra(std::string_view key, std::string_view raw_value, std::string* extra_json) {
  if (extra_json->empty()) {
    extra_json->push_back('{');
  } else {
    extra_json->back() = ',';  // for the closing brace
  }
  extra_json->append("\"").append(key).append("\":").append(raw_value).push_back('}');
}

MessageDecoder::MessageDecoder(const JsonDocument& document)
    : small_(document.text_bytes() <= kSmallText), bytes_left_(BytesForLists(document)) {}

bool MessageDecoder::Take(size_t bytes) {
  if (bytes > bytes_left_) return false;
  bytes_left_ -= bytes;
  return true;
}

void MessageDecoder::Object(const JsonValue& object, const MessageSchema& schema,
                            Message* message) {
  std::string extra;
  std::optional<JsonMember> alias;
  object.ForEachMember([&](const JsonMember& member) {
    const bool null = member.value.is(JsonKind::kNull);
    if (const auto expected = schema.Dropped(member.key)) {
      if (!member.value.is(JsonKind::kString) || member.value.AsText() != *expected) ++anomalies_;
      return;
    }
    const FieldSchema* field = schema.FindForReading(member.key);
    if (null || (field != nullptr && Member(member.value, *field, message))) {
      if (!null && KeptRawToo(*field, member.value)) AppendExtra(member, &extra);
      return;
    }
    if (field == nullptr && schema.FindByAlias(member.key) != nullptr) {
      alias.emplace(member);
      return;
    }
    if (field == nullptr && IsMisplaced(member, schema)) return;
    if (field != nullptr) ++anomalies_;
    AppendExtra(member, &extra);
  });
  if (alias) Alias(*alias, *schema.FindByAlias(alias->key), message, &extra);
  FinishExtra(&extra);
  if (extra.empty() || schema.extra() == nullptr) return;
  message->GetReflection()->SetString(message, schema.extra(), std::move(extra));
}

void MessageDecoder::TotalsInChoices(const JsonValue& choices, Message* answer) {
  const MessageSchema& schema = MessageSchema::Of(answer->GetDescriptor());
  const auto* reflection = answer->GetReflection();
  choices.ForEachElement([&](const JsonValue& choice) {
    for (const char* key : {"usage", "perf_metrics"}) {
      const FieldSchema* field = schema.FindForReading(key);
      if (reflection->HasField(*answer, field->field)) continue;
      if (const auto value = choice.Find(key, JsonKind::kObject)) Member(*value, *field, answer);
    }
  });
}

void MessageDecoder::Alias(const JsonMember& member, const FieldSchema& field, Message* message,
                           std::string* extra) {
  const auto* reflection = message->GetReflection();
  const std::string known = reflection->GetString(*message, field.field);
  const bool text = member.value.is(JsonKind::kString);
  if (text && member.value.AsText() == known) return;
  if (text && known.empty()) return SetText(message, field.field, member.value.AsText());
  if (text && member.value.AsText().empty()) return;
  AppendExtra(member, extra);
}

bool MessageDecoder::Member(const JsonValue& value, const FieldSchema& field, Message* message) {
  switch (field.form) {
    case Form::kRawJson:
      SetText(message, field.field, value.raw());
      return true;
    case Form::kArguments:
      SetText(message, field.field, value.is(JsonKind::kString) ? value.AsText() : value.raw());
      return true;
    case Form::kByteList:
      if (auto bytes = BytesOf(value)) {
        message->GetReflection()->SetString(message, field.field, std::move(*bytes));
        return true;
      }
      return false;
    case Form::kFunction:
      return Function(value, field, message);
    case Form::kLogprobs:
      return Logprobs(value, field, message);
    case Form::kMetrics:
      return Metrics(value, field, message);
    case Form::kText:
      return Text(value, field, message);
    default:
      return field.field->is_repeated() ? Repeated(value, field, message)
                                        : Singular(value, field, message);
  }
}

bool MessageDecoder::Singular(const JsonValue& value, const FieldSchema& field, Message* message) {
  const auto* reflection = message->GetReflection();
  int64_t integer;
  double number;
  switch (field.field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      if (!value.is(JsonKind::kString)) return false;
      SetText(message, field.field, value.AsText());
      return true;
    case FieldDescriptor::CPPTYPE_BOOL:
      if (!value.is(JsonKind::kBool)) return false;
      reflection->SetBool(message, field.field, value.AsBool());
      return true;
    case FieldDescriptor::CPPTYPE_INT32:
      if (!Integer(value, field, &integer) || integer != static_cast<int32_t>(integer))
        return false;
      reflection->SetInt32(message, field.field, static_cast<int32_t>(integer));
      return true;
    case FieldDescriptor::CPPTYPE_INT64:
      if (!Integer(value, field, &integer)) return false;
      reflection->SetInt64(message, field.field, integer);
      return true;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      if (!value.AsDouble(&number)) {
        if (!LenientDouble(value, &number)) return false;
        ++anomalies_;
      }
      reflection->SetDouble(message, field.field, number);
      return true;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return Child(value, field, message);
    default:
      return false;
  }
}

bool MessageDecoder::Integer(const JsonValue& value, const FieldSchema& field, int64_t* integer) {
  if (value.AsInteger(integer)) return true;
  const bool seconds = field.form == Form::kWholeSeconds;
  if (!(seconds ? WholeSeconds(value, integer) : LenientInteger(value, integer))) return false;
  ++anomalies_;
  return true;
}

bool MessageDecoder::Text(const JsonValue& value, const FieldSchema& field, Message* message) {
  if (!value.is(JsonKind::kArray)) return Singular(value, field, message);
  const PartTexts texts = TextsOfParts(value);
  if (!texts.found) return false;
  auto* chat_message = static_cast<v1::ChatMessage*>(message);
  chat_message->mutable_content()->append(texts.content);
  if (!texts.reasoning.empty()) {
    chat_message->mutable_reasoning_content()->append(texts.reasoning);
  }
  return true;
}

bool MessageDecoder::Repeated(const JsonValue& value, const FieldSchema& field, Message* message) {
  if (!value.is(JsonKind::kArray)) return false;
  if (!small_ && !Take(ListBytes(value, field))) return false;
  Reserve(field.field, static_cast<int>(value.size()), message);
  bool good = true;
  value.ForEachElement(
      [&](const JsonValue& element) { good = good && Element(element, field, message); });
  if (!good) message->GetReflection()->ClearField(message, field.field);
  return good;
}

bool MessageDecoder::Element(const JsonValue& value, const FieldSchema& field, Message* message) {
  const auto* reflection = message->GetReflection();
  int32_t int32;
  switch (field.field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      if (!value.is(JsonKind::kString)) return false;
      reflection->AddString(message, field.field, std::string(value.AsText()));
      return true;
    case FieldDescriptor::CPPTYPE_INT32:
      if (!value.AsInteger(&int32)) return false;
      reflection->AddInt32(message, field.field, int32);
      return true;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (!value.is(JsonKind::kObject)) return false;
      Object(value, *field.child, reflection->AddMessage(message, field.field));
      return true;
    default:
      return false;
  }
}

bool MessageDecoder::Child(const JsonValue& value, const FieldSchema& field, Message* message) {
  if (!value.is(JsonKind::kObject)) return false;
  Object(value, *field.child, MutableChild<Message>(field, message));
  return true;
}

bool MessageDecoder::Function(const JsonValue& value, const FieldSchema& field, Message* message) {
  if (!value.is(JsonKind::kString)) return Child(value, field, message);
  MutableChild<v1::FunctionCall>(field, message)->set_name(std::string(value.AsText()));
  return true;
}

bool MessageDecoder::Logprobs(const JsonValue& value, const FieldSchema& field, Message* message) {
  if (!IsLegacyLogprobs(value)) return Child(value, field, message);
  if (!small_ && !Take(LegacyLogprobsBytes(value))) return false;
  if (!FoldLegacyLogprobs(value, MutableChild<v1::Logprobs>(field, message))) ++anomalies_;
  return true;
}

bool MessageDecoder::Metrics(const JsonValue& value, const FieldSchema& field, Message* message) {
  if (!value.is(JsonKind::kObject)) return false;
  anomalies_ += AddBodyMetrics(value, MutableChild<v1::PerfMetrics>(field, message));
  return true;
}

}  // namespace sparkgate::translate
