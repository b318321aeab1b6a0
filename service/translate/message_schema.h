#ifndef SPARKGATE_SERVICE_TRANSLATE_MESSAGE_SCHEMA_H_
#define SPARKGATE_SERVICE_TRANSLATE_MESSAGE_SCHEMA_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "service/translate/field_overrides.h"

namespace sparkgate::translate {

class MessageSchema;

// How one field of a message maps to JSON.
struct FieldSchema {
  const google::protobuf::FieldDescriptor* field = nullptr;
  std::string key;  // the upstream's
  Form form = Form::kPlain;
  bool sent = true;                      // in requests
  bool read = true;                      // from answers
  const MessageSchema* child = nullptr;  // for a message field that is not a map
  int number = 0;                        // position in MessageSchema::fields()

  std::string_view name() const { return field->name(); }
};

// Whether a field counts as set: an empty list, and an empty string without `optional`, do not.
inline bool IsPresent(const google::protobuf::Message& message, const FieldSchema& field) {
  const auto* reflection = message.GetReflection();
  return field.field->is_repeated() ? reflection->FieldSize(message, field.field) > 0
                                    : reflection->HasField(message, field.field);
}

// How one message type maps to JSON: made once from its descriptor and the rows of
// field_overrides.cc, immutable from then on, shared by all threads.
class MessageSchema {
 public:
  // The schema of a message of the API. The first call makes all of them; a row of
  // field_overrides.cc that names no field ends the process.
  static const MessageSchema& Of(const google::protobuf::Descriptor* descriptor);

  MessageSchema(const MessageSchema&) = delete;
  MessageSchema& operator=(const MessageSchema&) = delete;

  const google::protobuf::Descriptor* descriptor() const { return descriptor_; }

  // Ordered by number; without extra_body_json and extra_json.
  const std::vector<FieldSchema>& fields() const { return fields_; }

  // The field that an upstream's member is read into; null if it is unknown.
  const FieldSchema* FindForReading(std::string_view key) const;

  // The fields that are written under `key`: one, or the members of a union.
  const std::vector<const FieldSchema*>& FindForWriting(std::string_view key) const;

  // The value that a member which is dropped should have; nothing for all other members.
  std::optional<std::string_view> Dropped(std::string_view key) const;

  // The field that servers also send under `key`; null if there is none.
  const FieldSchema* FindByAlias(std::string_view key) const;

  // The row of a member that belongs elsewhere; null for all others.
  const MisplacedMember* Misplaced(std::string_view key) const;

  // The memory of an empty message of this type and of its singular message fields, in bytes.
  size_t object_bytes() const { return object_bytes_; }

  // Sets of fields of which at most one may be present.
  const std::vector<std::vector<const FieldSchema*>>& unions() const { return unions_; }

  // The field `type` of Form::kKind; null if there is none.
  const FieldSchema* kind() const { return kind_; }

  // extra_body_json and extra_json; null if the message has none.
  const google::protobuf::FieldDescriptor* extra_body() const { return extra_body_; }
  const google::protobuf::FieldDescriptor* extra() const { return extra_; }

 private:
  friend class SchemaTable;
  explicit MessageSchema(const google::protobuf::Descriptor* descriptor);

  void AddField(const google::protobuf::FieldDescriptor* field);
  void Index();
  void AddExclusions();
  void AddAlias();
  const FieldSchema* FindByName(std::string_view name) const;

  const google::protobuf::Descriptor* descriptor_;
  std::vector<FieldSchema> fields_;
  std::vector<std::vector<const FieldSchema*>> readable_by_length_;
  std::vector<std::pair<std::string, std::vector<const FieldSchema*>>> writable_by_key_;
  std::vector<std::vector<const FieldSchema*>> unions_;
  size_t object_bytes_ = 0;
  const DroppedMember* dropped_ = nullptr;
  const Alias* alias_ = nullptr;  // at most one for each message
  const FieldSchema* alias_field_ = nullptr;
  std::vector<const MisplacedMember*> misplaced_;
  const FieldSchema* kind_ = nullptr;
  const google::protobuf::FieldDescriptor* extra_body_ = nullptr;
  const google::protobuf::FieldDescriptor* extra_ = nullptr;
};

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_MESSAGE_SCHEMA_H_
