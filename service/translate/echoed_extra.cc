#include "service/translate/echoed_extra.h"

#include <algorithm>

#include "service/translate/response_values.h"
#include "sparkgate/v1/message.pb.h"

namespace sparkgate::translate {

using google::protobuf::Message;

EchoedExtra::EchoedExtra(const Message& message, const MessageSchema& schema,
                         const ExtraBody& extra, std::string_view reasoning_key,
                         const FieldPath& path, Violations* violations) {
  if (!Parse(message, schema, path, violations)) return;
  if (schema.descriptor() == v1::ChatMessage::descriptor()) ReplaceExtracts(message, extra);
  document_.root().ForEachMember([&](const JsonMember& member) {
    const FieldSchema* known = schema.FindForReading(member.key);
    const bool output_only = known != nullptr && !known->sent;
    if (output_only || extra.Has(member.key)) return;
    if (IsGivenByField(member.key, message, schema, reasoning_key)) return;
    members_.push_back(member);
  });
}

bool EchoedExtra::Parse(const Message& message, const MessageSchema& schema, const FieldPath& path,
                        Violations* violations) {
  const std::string& text =
      message.GetReflection()->GetStringReference(message, schema.extra(), &scratch_);
  if (text.empty()) return false;  // what a loop over a stream leaves where nothing came
  std::string error = EchoedJsonError(text, &document_);
  if (error.empty() && !document_.root().is(JsonKind::kObject)) error = "must be a JSON object";
  if (error.empty()) return true;
  violations->Add(path.Field(schema.extra()->name()), std::move(error));
  return false;
}

void EchoedExtra::ReplaceExtracts(const Message& message, const ExtraBody& extra) {
  const auto parts = document_.root().Find("content");
  if (!parts || !parts->is(JsonKind::kArray) || extra.Has("content")) return;
  const auto& fields = static_cast<const v1::ChatMessage&>(message);
  const PartTexts texts = TextsOfParts(*parts);
  replaces_content_ = fields.content_parts().empty() && texts.content == fields.content();
  replaces_reasoning_ = replaces_content_ && texts.reasoning == fields.reasoning_content();
}

bool EchoedExtra::IsGivenByField(std::string_view key, const Message& message,
                                 const MessageSchema& schema,
                                 std::string_view reasoning_key) const {
  const auto is_sent = [&](const FieldSchema* field) {
    return IsPresent(message, *field) && !Replaces(*field);
  };
  const FieldSchema* alias = key == reasoning_key ? schema.FindByAlias(key) : nullptr;
  const auto& fields = schema.FindForWriting(key);
  return (alias != nullptr && is_sent(alias)) || std::any_of(fields.begin(), fields.end(), is_sent);
}

bool EchoedExtra::Replaces(const FieldSchema& field) const {
  if (field.field->containing_type() != v1::ChatMessage::descriptor()) return false;
  switch (field.field->number()) {
    case v1::ChatMessage::kContentFieldNumber:
      return replaces_content_;
    case v1::ChatMessage::kReasoningContentFieldNumber:
      return replaces_reasoning_;
    default:
      return false;
  }
}

bool EchoedExtra::Has(std::string_view key) const {
  return std::any_of(members_.begin(), members_.end(),
                     [key](const JsonMember& member) { return member.key == key; });
}

void EchoedExtra::Write(JsonWriter* writer) const {
  for (const JsonMember& member : members_) writer->RawMember(member.raw_key, member.value.raw());
}

}  // namespace sparkgate::translate
