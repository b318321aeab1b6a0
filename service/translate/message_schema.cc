#include "service/translate/message_schema.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <unordered_map>

#include "base/text.h"
#include "sparkgate/v1/model.pb.h"
#include "sparkgate/v1/request.pb.h"
#include "sparkgate/v1/response.pb.h"

namespace sparkgate::translate {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

namespace {

constexpr std::string_view kRawSuffix = "_json";

[[noreturn]] void DieOfUnknownField(std::string_view message, std::string_view field) {
  const std::string name = std::string(message) + '.' + std::string(field);
  std::fprintf(stderr, "field_overrides.cc: no such field: %s\n", name.c_str());
  std::abort();
}

const FieldOverride* FindOverride(const FieldDescriptor* field) {
  for (const FieldOverride& row : FieldOverrides()) {
    if (row.message == field->containing_type()->name() && row.field == field->name()) return &row;
  }
  return nullptr;
}

FieldSchema SchemaOfField(const FieldDescriptor* field) {
  FieldSchema schema;
  schema.field = field;
  schema.key = field->json_name();
  if (EndsWith(field->name(), kRawSuffix)) {
    schema.form = Form::kRawJson;
    schema.key = field->name().substr(0, field->name().size() - kRawSuffix.size());
  }
  if (const FieldOverride* row = FindOverride(field)) {
    schema.form = row->form;
    if (!row->key.empty()) schema.key = row->key;
    schema.sent = row->direction != Direction::kReadOnly;
    schema.read = row->direction != Direction::kSentOnly;
  }
  return schema;
}

// The API's messages do not contain themselves.
size_t ObjectBytes(const Descriptor* descriptor) {
  constexpr size_t kAllocation = 16;  // malloc's overhead, and the pointer to the block
  auto* factory = google::protobuf::MessageFactory::generated_factory();
  size_t bytes = factory->GetPrototype(descriptor)->SpaceUsedLong() + kAllocation;
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor* field = descriptor->field(i);
    const bool message = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (message && !field->is_repeated()) bytes += ObjectBytes(field->message_type());
  }
  return bytes;
}

}  // namespace

MessageSchema::MessageSchema(const Descriptor* descriptor)
    : descriptor_(descriptor), object_bytes_(ObjectBytes(descriptor)) {
  for (int i = 0; i < descriptor->field_count(); ++i) AddField(descriptor->field(i));
  std::sort(fields_.begin(), fields_.end(), [](const FieldSchema& a, const FieldSchema& b) {
    return a.field->number() < b.field->number();
  });
  Index();
  AddExclusions();
  AddAlias();
  for (const DroppedMember& row : DroppedMembers()) {
    if (row.message == descriptor->name()) dropped_ = &row;
  }
  for (const MisplacedMember& row : MisplacedMembers()) {
    if (row.message == descriptor->name()) misplaced_.push_back(&row);
  }
}

void MessageSchema::AddField(const FieldDescriptor* field) {
  if (field->name() == "extra_body_json") {
    extra_body_ = field;
  } else if (field->name() == "extra_json") {
    extra_ = field;
  } else {
    fields_.push_back(SchemaOfField(field));
  }
}

void MessageSchema::Index() {
  for (FieldSchema& field : fields_) {
    field.number = static_cast<int>(&field - fields_.data());
    if (field.form == Form::kKind) kind_ = &field;
    if (field.read) {
      const size_t length = field.key.size();
      if (readable_by_length_.size() <= length) readable_by_length_.resize(length + 1);
      readable_by_length_[length].push_back(&field);
    }
    if (!field.sent) continue;
    const auto known = std::find_if(writable_by_key_.begin(), writable_by_key_.end(),
                                    [&](const auto& entry) { return entry.first == field.key; });
    if (known == writable_by_key_.end()) {
      writable_by_key_.push_back({field.key, {&field}});
    } else {
      known->second.push_back(&field);
    }
  }
  for (const auto& [key, fields] : writable_by_key_) {
    if (fields.size() > 1) unions_.push_back(fields);
  }
}

const FieldSchema* MessageSchema::FindByName(std::string_view name) const {
  for (const FieldSchema& field : fields_) {
    if (field.name() == name) return &field;
  }
  return nullptr;
}

void MessageSchema::AddAlias() {
  for (const Alias& row : Aliases()) {
    if (row.message != descriptor_->name()) continue;
    alias_ = &row;
    alias_field_ = FindByName(row.field);
    if (alias_field_ == nullptr) DieOfUnknownField(row.message, row.field);
  }
}

void MessageSchema::AddExclusions() {
  for (const Exclusion& row : Exclusions()) {
    if (row.message != descriptor_->name()) continue;
    const FieldSchema* first = FindByName(row.first);
    const FieldSchema* second = FindByName(row.second);
    if (first == nullptr || second == nullptr) DieOfUnknownField(row.message, row.first);
    unions_.push_back({first, second});
  }
}

const FieldSchema* MessageSchema::FindForReading(std::string_view key) const {
  if (key.size() >= readable_by_length_.size()) return nullptr;
  for (const FieldSchema* field : readable_by_length_[key.size()]) {
    if (field->key == key) return field;
  }
  return nullptr;
}

const FieldSchema* MessageSchema::FindByAlias(std::string_view key) const {
  return alias_ != nullptr && alias_->key == key ? alias_field_ : nullptr;
}

const MisplacedMember* MessageSchema::Misplaced(std::string_view key) const {
  for (const MisplacedMember* row : misplaced_) {
    if (row->key == key) return row;
  }
  return nullptr;
}

std::optional<std::string_view> MessageSchema::Dropped(std::string_view key) const {
  if (dropped_ == nullptr || dropped_->key != key) return std::nullopt;
  return dropped_->expected;
}

const std::vector<const FieldSchema*>& MessageSchema::FindForWriting(std::string_view key) const {
  static const auto* const kNone = new std::vector<const FieldSchema*>;
  for (const auto& [known, fields] : writable_by_key_) {
    if (known == key) return fields;
  }
  return *kNone;
}

// All schemas, made together so that they can point to each other.
class SchemaTable {
 public:
  static const SchemaTable& Get() {
    static const auto* const kTable = new SchemaTable;
    return *kTable;
  }

  const MessageSchema& Of(const Descriptor* descriptor) const { return *schemas_.at(descriptor); }

 private:
  SchemaTable() {
    Add(v1::ChatRequest::descriptor());
    Add(v1::ChatResponse::descriptor());
    Add(v1::StreamChatResponse::descriptor());
    Add(v1::ListModelsResponse::descriptor());
    for (const FieldOverride& row : FieldOverrides()) CheckRow(row);
  }

  const MessageSchema* Add(const Descriptor* descriptor) {
    const auto known = schemas_.find(descriptor);
    if (known != schemas_.end()) return known->second.get();
    auto& schema = schemas_[descriptor];
    schema.reset(new MessageSchema(descriptor));
    MessageSchema* const added = schema.get();  // the map's slot may move
    for (FieldSchema& field : added->fields_) {
      const Descriptor* child = field.field->message_type();
      if (child != nullptr && !field.field->is_map()) field.child = Add(child);
    }
    return added;
  }

  void CheckRow(const FieldOverride& row) const {
    for (const auto& [descriptor, schema] : schemas_) {
      if (descriptor->name() != row.message) continue;
      if (descriptor->FindFieldByName(std::string(row.field)) != nullptr) return;
    }
    DieOfUnknownField(row.message, row.field);
  }

  std::unordered_map<const Descriptor*, std::unique_ptr<MessageSchema>> schemas_;
};

const MessageSchema& MessageSchema::Of(const Descriptor* descriptor) {
  return SchemaTable::Get().Of(descriptor);
}

}  // namespace sparkgate::translate
