#include "service/translate/caller_json.h"

#include <algorithm>

#include "base/json_text.h"
#include "service/translate/response_values.h"
#include "sparkgate/v1/message.pb.h"

namespace sparkgate::translate {
namespace {

std::string ErrorText(JsonDocument::Result result, size_t offset) {
  switch (result) {
    case JsonDocument::Result::kTooDeep:
      return "is nested more than 64 levels deep";
    case JsonDocument::Result::kTooLarge:
      return "has too many values: over 65536, and one for less than four bytes";
    default:
      return "is not JSON: it breaks off at byte " + std::to_string(offset);
  }
}

bool IsStreamKey(std::string_view key) { return key == "stream" || key == "stream_options"; }

std::string ObjectError(const JsonValue& value) {
  if (value.is(JsonKind::kObject)) return "";
  return value.is(JsonKind::kString) ? "must be a JSON object, not a string: it is quoted twice"
                                     : "must be a JSON object";
}

// Only for keys that are ours: any other is the caller's data, and not to be repeated.
std::string Quoted(std::string_view key) { return '`' + std::string(key) + '`'; }

}  // namespace

std::string EchoedJsonError(std::string_view json, JsonDocument* document) {
  // The parser skips it, but in the middle of a body it is no JSON.
  if (json.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    return "is not JSON: it begins with a byte order mark";
  }
  const JsonDocument::Result result = document->Parse(json, JsonDocument::Source::kCaller);
  if (result != JsonDocument::Result::kOk) return ErrorText(result, document->error_offset());
  // The document is repaired, but the caller's text is what would be sent.
  if (!document->lone_surrogates().empty()) {
    return "has half of a surrogate pair at byte " +
           std::to_string(document->lone_surrogates().front().offset) + ", which is no character";
  }
  return "";
}

std::string CallerJsonError(std::string_view json, JsonDocument* document) {
  std::string error = EchoedJsonError(json, document);
  const auto offset = document->duplicate_key_offset();
  if (!error.empty() || !offset) return error;
  return "has an object with the same key twice, first at byte " + std::to_string(*offset);
}

ExtraBody::ExtraBody(const google::protobuf::Message& message, const MessageSchema& schema,
                     const FieldPath& path, bool is_root, Violations* violations) {
  const auto* field = schema.extra_body();
  const auto* reflection = message.GetReflection();
  if (field == nullptr || !reflection->HasField(message, field)) return;
  const FieldPath here = path.Field(field->name());
  document_.emplace();
  std::string error =
      CallerJsonError(reflection->GetStringReference(message, field, &scratch_), &*document_);
  if (error.empty()) error = ObjectError(document_->root());
  if (!error.empty()) {
    document_.reset();
    violations->Add(here, std::move(error));
    return;
  }
  Check(message, schema, here, violations);
  CutIntoPieces(is_root);
}

void ExtraBody::Check(const google::protobuf::Message& message, const MessageSchema& schema,
                      const FieldPath& path, Violations* violations) const {
  document_->root().ForEachMember([&](const JsonMember& member) {
    for (const FieldSchema* field : schema.FindForWriting(member.key)) {
      if (!IsPresent(message, *field)) continue;
      violations->Add(path, Quoted(member.key) + " is given here and by the field `" +
                                std::string(field->name()) + "`");
    }
  });
}

void ExtraBody::CutIntoPieces(bool is_root) {
  const std::string_view object = document_->root().raw();
  std::string_view rest = object.substr(1, object.size() - 2);
  const auto add = [this](std::string_view piece) {
    const std::string_view members = TrimJsonSpace(piece);
    if (members.empty()) return;
    // The space behind a comma is kept.
    const size_t begin = pieces_.empty() ? members.data() - piece.data() : 0;
    pieces_.push_back(piece.substr(begin, members.data() + members.size() - piece.data() - begin));
  };
  document_->root().ForEachMember([&](const JsonMember& member) {
    if (!is_root || !IsStreamKey(member.key)) return;
    const std::string_view before = rest.substr(0, member.raw_key.data() - rest.data());
    add(before.substr(0, before.rfind(',')));
    const std::string_view value = member.value.raw();
    rest.remove_prefix(value.data() + value.size() - rest.data());
    const size_t comma = rest.find(',');
    rest.remove_prefix(comma == rest.npos ? rest.size() : comma + 1);
  });
  add(rest);
}

void ExtraBody::Write(JsonWriter* writer) const {
  for (const std::string_view piece : pieces_) writer->Raw(piece);
}

std::optional<JsonValue> ExtraBody::Find(std::string_view key) const {
  if (!document_.has_value()) return std::nullopt;
  return document_->root().Find(key);
}

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
