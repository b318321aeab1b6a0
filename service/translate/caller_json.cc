#include "service/translate/caller_json.h"

#include "base/json_text.h"
#include "service/translate/presence.h"

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
  if (field == nullptr || !message.GetReflection()->HasField(message, field)) return;
  const FieldPath here = path.Field(field->name());
  text_ = message.GetReflection()->GetString(message, field);
  document_.emplace();
  std::string error = CallerJsonError(text_, &*document_);
  if (error.empty() && !document_->root().is(JsonKind::kObject)) error = "must be a JSON object";
  if (!error.empty()) {
    document_.reset();
    violations->Add(here, std::move(error));
    return;
  }
  const std::string_view object = TrimJsonSpace(text_);
  members_ = TrimJsonSpace(object.substr(1, object.size() - 2));
  Check(message, schema, here, is_root, violations);
}

void ExtraBody::Check(const google::protobuf::Message& message, const MessageSchema& schema,
                      const FieldPath& path, bool is_root, Violations* violations) const {
  document_->root().ForEachMember([&](const JsonMember& member) {
    if (is_root && IsStreamKey(member.key)) {
      violations->Add(path,
                      Quoted(member.key) + " may not be given: the RPC says whether it streams");
    }
    for (const FieldSchema* field : schema.FindForWriting(member.key)) {
      if (!IsPresent(message, *field)) continue;
      violations->Add(path, Quoted(member.key) + " is given here and by the field `" +
                                std::string(field->name()) + "`");
    }
  });
}

std::optional<JsonValue> ExtraBody::Find(std::string_view key) const {
  if (!document_.has_value()) return std::nullopt;
  return document_->root().Find(key);
}

}  // namespace sparkgate::translate
