#include "service/translate/request_checks.h"

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

}  // namespace sparkgate::translate
