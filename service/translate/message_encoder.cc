#include "service/translate/message_encoder.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/text.h"
#include "sparkgate/v1/message.pb.h"
#include "sparkgate/v1/request.pb.h"

namespace sparkgate::translate {
namespace {

using google::protobuf::Message;

void CheckUnions(const Message& message, const MessageSchema& schema, const FieldPath& path,
                 Violations* violations) {
  for (const auto& fields : schema.unions()) {
    const FieldSchema* first = nullptr;
    for (const FieldSchema* field : fields) {
      if (!IsPresent(message, *field)) continue;
      if (first == nullptr) {
        first = field;
        continue;
      }
      violations->Add(path.Field(field->name()),
                      "excludes `" + std::string(first->name()) + "`: set one of the two");
    }
  }
}

struct Required {
  const google::protobuf::Descriptor* message;
  std::string_view field;
  std::string_view key;  // in extra_body_json it does as well; "": it does not
  std::string_view description;
};

const std::vector<Required>& RequiredFields() {
  static const auto* const kRows = new std::vector<Required>{
      {v1::ChatRequest::descriptor(), "model", "model", "is required"},
      {v1::ChatRequest::descriptor(), "messages", "messages",
       "at least one message is required; a whole HTTP body goes into `extra_body_json`"},
      {v1::ChatMessage::descriptor(), "role", "role",
       "is required: \"system\", \"user\", \"assistant\", \"tool\" or \"developer\""},
      {v1::FunctionDefinition::descriptor(), "name", "name", "is required"},
      {v1::ImageData::descriptor(), "data", "", "is required: the bytes of the image"},
      {v1::ImageData::descriptor(), "mime_type", "", "is required, for example \"image/png\""},
  };
  return *kRows;
}

bool IsEmptyString(const Message& message, const google::protobuf::FieldDescriptor* field) {
  return field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_STRING &&
         !field->is_repeated() && message.GetReflection()->GetString(message, field).empty();
}

void CheckRequired(const Message& message, const MessageSchema& schema, const ExtraBody& extra,
                   const FieldPath& path, Violations* violations) {
  for (const Required& row : RequiredFields()) {
    if (row.message != schema.descriptor()) continue;
    const auto* field = schema.descriptor()->FindFieldByName(std::string(row.field));
    FieldSchema as_shape;
    as_shape.field = field;
    if (IsPresent(message, as_shape) && !IsEmptyString(message, field)) continue;
    // Given by the caller's own JSON, unless the field is set as well: then that is reported
    // already.
    if (!row.key.empty() && extra.Has(row.key)) continue;
    violations->Add(path.Field(row.field), std::string(row.description));
  }
}

// A part is one thing: the kinds are not all members of one union, as their keys differ.
void CheckPart(const Message& message, const MessageSchema& schema, const ExtraBody& extra,
               const FieldPath& path, Violations* violations) {
  const FieldSchema* first = nullptr;
  for (const FieldSchema& field : schema.fields()) {
    if (&field == schema.kind() || !IsPresent(message, field)) continue;
    if (first == nullptr) {
      first = &field;
    } else if (first->key != field.key) {  // else CheckUnions has said it
      violations->Add(path.Field(field.name()),
                      "excludes `" + std::string(first->name()) + "`: a part is one of them");
    }
  }
  if (first == nullptr && extra.empty()) {
    violations->Add(path, "is empty: set text, image_url, video_url, audio_url or image_data");
  }
}

}  // namespace

void CheckMessage(const Message& message, const MessageSchema& schema, const ExtraBody& extra,
                  const FieldPath& path, Violations* violations) {
  CheckUnions(message, schema, path, violations);
  CheckRequired(message, schema, extra, path, violations);
  if (schema.descriptor() == v1::ContentPart::descriptor()) {
    CheckPart(message, schema, extra, path, violations);
  }
}

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

namespace {

// Whose message it is; the role may stand in the caller's own JSON.
bool IsAssistants(const v1::ChatMessage& message, const ExtraBody& extra) {
  if (message.has_role()) return message.role() == "assistant";
  const auto role = extra.Find("role");
  return role && role->is(JsonKind::kString) && role->AsText() == "assistant";
}

bool IsReasoningContent(const FieldSchema& field) {
  return field.field->number() == v1::ChatMessage::kReasoningContentFieldNumber &&
         field.field->containing_type() == v1::ChatMessage::descriptor();
}

}  // namespace

void MessageEncoder::Members(const Message& message, const MessageSchema& schema,
                             const ExtraBody& extra, const FieldPath& path) {
  CheckMessage(message, schema, extra, path, &violations_);
  std::optional<EchoedExtra> echo;
  if (IsEchoed(message, schema, extra)) {
    echo.emplace(message, schema, extra, echo_options_.reasoning_key, path, &violations_);
  }
  Fields(message, schema, extra, echo.has_value() ? &*echo : nullptr, path);
  if (echo.has_value()) echo->Write(&writer_);
  extra.Write(&writer_);
}

// Only an assistant's message has been an answer: on others, extra_json is not looked at.
bool MessageEncoder::IsEchoed(const Message& message, const MessageSchema& schema,
                              const ExtraBody& extra) {
  if (schema.descriptor() == v1::ChatMessage::descriptor()) {
    is_assistants_ = IsAssistants(static_cast<const v1::ChatMessage&>(message), extra);
  }
  const auto* field = schema.extra();
  return is_assistants_ && echo_options_.extra_json && field != nullptr &&
         message.GetReflection()->HasField(message, field);
}

void MessageEncoder::Fields(const Message& message, const MessageSchema& schema,
                            const ExtraBody& extra, const EchoedExtra* echo,
                            const FieldPath& path) {
  for (const FieldSchema& field : schema.fields()) {
    if (violations_.full()) return;
    if (!field.sent || (echo != nullptr && echo->Replaces(field))) continue;
    if (!IsPresent(message, field)) {
      const bool given = extra.Has(field.key) || (echo != nullptr && echo->Has(field.key));
      if (&field == schema.kind() && !given) DefaultKind(message, schema);
    } else if (IsReasoningContent(field)) {
      ReasoningContent(message, extra, path);
    } else {
      Member(message, field, path);
    }
  }
}

void MessageEncoder::Object(const Message& message, const MessageSchema& schema,
                            const FieldPath& path) {
  const ExtraBody extra(message, schema, path, /*is_root=*/false, &violations_);
  writer_.BeginObject();
  Members(message, schema, extra, path);
  writer_.EndObject();
}

void MessageEncoder::DefaultKind(const Message& message, const MessageSchema& schema) {
  for (const FieldSchema& field : schema.fields()) {
    // Scalars beside `type` (a call's id) do not say what it is; the text of a part does.
    const bool tells = field.child != nullptr || field.name() == "text";
    if (!tells || !IsPresent(message, field)) continue;
    writer_.Key(schema.kind()->key);
    writer_.String(field.key);
    return;
  }
}

void MessageEncoder::Member(const Message& message, const FieldSchema& field,
                            const FieldPath& path) {
  writer_.Key(field.key);
  switch (field.form) {
    case Form::kRawJson:
      return RawJson(message, field, path);
    case Form::kToolFunction:
      return ToolFunction(message, field);
    case Form::kContentParts:
      return ContentParts(message, field, path);
    case Form::kImageData:
      return ImageData(message, field, path);
    default:
      return Value(message, field, path);
  }
}

// The one field whose name differs between upstreams.
void MessageEncoder::ReasoningContent(const Message& message, const ExtraBody& extra,
                                      const FieldPath& path) {
  const std::string_view key = echo_options_.reasoning_key;
  if (key != "reasoning_content" && extra.Has(key)) {
    violations_.Add(
        path.Field("extra_body_json"),
        '`' + std::string(key) + "` is given here and by the field `reasoning_content`");
  }
  writer_.Key(key);
  writer_.String(static_cast<const v1::ChatMessage&>(message).reasoning_content());
}

void MessageEncoder::Value(const Message& message, const FieldSchema& field,
                           const FieldPath& path) {
  if (field.field->is_map()) return Map(message, field, path);
  if (field.field->is_repeated()) return Repeated(message, field, path);
  Singular(message, field, path.Field(field.name()));
}

void MessageEncoder::Singular(const Message& message, const FieldSchema& field,
                              const FieldPath& path) {
  const auto* reflection = message.GetReflection();
  std::string scratch;
  switch (field.field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return writer_.String(reflection->GetStringReference(message, field.field, &scratch));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return Double(reflection->GetDouble(message, field.field), path);
    case FieldDescriptor::CPPTYPE_BOOL:
      return writer_.Bool(reflection->GetBool(message, field.field));
    case FieldDescriptor::CPPTYPE_INT32:
      return writer_.Integer(reflection->GetInt32(message, field.field));
    case FieldDescriptor::CPPTYPE_INT64:
      return writer_.Integer(reflection->GetInt64(message, field.field));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return Object(reflection->GetMessage(message, field.field), *field.child, path);
    default:
      violations_.Add(path, "has a type that this server cannot send");
  }
}

void MessageEncoder::Repeated(const Message& message, const FieldSchema& field,
                              const FieldPath& path) {
  const auto* reflection = message.GetReflection();
  const int size = reflection->FieldSize(message, field.field);
  std::string scratch;
  writer_.BeginArray();
  for (int i = 0; i < size && !violations_.full(); ++i) {
    const FieldPath element = path.Element(field.name(), i);
    switch (field.field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        writer_.String(reflection->GetRepeatedStringReference(message, field.field, i, &scratch));
        break;
      case FieldDescriptor::CPPTYPE_INT32:
        writer_.Integer(reflection->GetRepeatedInt32(message, field.field, i));
        break;
      case FieldDescriptor::CPPTYPE_MESSAGE:
        Object(reflection->GetRepeatedMessage(message, field.field, i), *field.child, element);
        break;
      default:
        violations_.Add(element, "has a type that this server cannot send");
    }
  }
  writer_.EndArray();
}

// Entries by key, so that one request has one body.
void MessageEncoder::Map(const Message& message, const FieldSchema& field, const FieldPath& path) {
  const auto* reflection = message.GetReflection();
  const FieldDescriptor* key = field.field->message_type()->map_key();
  const FieldDescriptor* value = field.field->message_type()->map_value();
  std::vector<std::pair<std::string, const Message*>> entries;
  for (int i = 0; i < reflection->FieldSize(message, field.field); ++i) {
    const Message& entry = reflection->GetRepeatedMessage(message, field.field, i);
    entries.emplace_back(entry.GetReflection()->GetString(entry, key), &entry);
  }
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  FieldSchema value_shape;
  value_shape.field = value;
  writer_.BeginObject();
  for (const auto& [name, entry] : entries) {
    writer_.Key(name);
    Singular(*entry, value_shape, path.Entry(field.name(), name));
  }
  writer_.EndObject();
}

void MessageEncoder::Double(double value, const FieldPath& path) {
  if (!std::isfinite(value)) {
    return violations_.Add(path, "must be a finite number: JSON has no NaN and no infinities");
  }
  writer_.Double(value);
}

void MessageEncoder::RawJson(const Message& message, const FieldSchema& field,
                             const FieldPath& path) {
  std::string scratch;
  const std::string& json =
      message.GetReflection()->GetStringReference(message, field.field, &scratch);
  JsonDocument document;
  std::string error = CallerJsonError(json, &document);
  if (!error.empty()) return violations_.Add(path.Field(field.name()), std::move(error));
  writer_.Raw(json);
}

void MessageEncoder::ToolFunction(const Message& message, const FieldSchema& field) {
  std::string scratch;
  writer_.BeginObject();
  writer_.Key("type");
  writer_.String("function");
  writer_.Key("function");
  writer_.BeginObject();
  writer_.Key("name");
  writer_.String(message.GetReflection()->GetStringReference(message, field.field, &scratch));
  writer_.EndObject();
  writer_.EndObject();
}

void MessageEncoder::ContentParts(const Message& message, const FieldSchema& field,
                                  const FieldPath& path) {
  writer_.BeginObject();
  writer_.Key("type");
  writer_.String("content");
  writer_.Key("content");
  Repeated(message, field, path);
  writer_.EndObject();
}

void MessageEncoder::ImageData(const Message& message, const FieldSchema& field,
                               const FieldPath& path) {
  const auto& image =
      static_cast<const v1::ImageData&>(message.GetReflection()->GetMessage(message, field.field));
  const FieldPath here = path.Field(field.name());
  const ExtraBody extra(image, *field.child, here, /*is_root=*/false, &violations_);
  CheckMessage(image, *field.child, extra, here, &violations_);
  if (extra.Has("url")) {
    violations_.Add(here.Field("extra_body_json"), "`url` is given here and by the field `data`");
  }
  writer_.BeginObject();
  writer_.Key("url");
  std::string* out = writer_.BeginPieces();
  *out += "data:";
  AppendJsonEscaped(image.mime_type(), out);
  *out += ";base64,";
  AppendBase64(image.data(), out);
  writer_.EndPieces();
  if (image.has_detail()) {
    writer_.Key("detail");
    writer_.String(image.detail());
  }
  extra.Write(&writer_);
  writer_.EndObject();
}

}  // namespace sparkgate::translate
