#include "client/http_body.h"

#include <charconv>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "client/json_text.h"
#include "client/upstream_keys.h"
#include "google/protobuf/message.h"

namespace sparkgate::client {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Sets one field, or adds one element to it.
class Slot {
 public:
  Slot(Message* message, const FieldDescriptor& field)
      : message_(message), field_(field), reflection_(*message->GetReflection()) {}

  void Set(std::string text) {
    field_.is_repeated() ? reflection_.AddString(message_, &field_, std::move(text))
                         : reflection_.SetString(message_, &field_, std::move(text));
  }
  void Set(bool value) { reflection_.SetBool(message_, &field_, value); }
  void Set(double value) { reflection_.SetDouble(message_, &field_, value); }
  void Set(int64_t value) { reflection_.SetInt64(message_, &field_, value); }
  void Set(int32_t value) {
    field_.is_repeated() ? reflection_.AddInt32(message_, &field_, value)
                         : reflection_.SetInt32(message_, &field_, value);
  }
  Message* Sub() {
    return field_.is_repeated() ? reflection_.AddMessage(message_, &field_)
                                : reflection_.MutableMessage(message_, &field_);
  }
  void Clear() { reflection_.ClearField(message_, &field_); }

 private:
  Message* message_;
  const FieldDescriptor& field_;
  const Reflection& reflection_;
};

// The whole text as a number, nothing rounded to infinity or cut to an integer.
template <typename Number>
bool ParseNumber(std::string_view text, Number* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

template <typename Number>
bool SetNumber(std::string_view text, Slot* slot) {
  Number number{};
  if (!ParseNumber(text, &number)) return false;
  slot->Set(number);
  return true;
}

// Reads objects into messages. A function that returns false has left its message as if it had not
// been called on that value: the value does not fit, and the caller passes its text on.
class Reader {
 public:
  // Empty unless the body itself is at fault.
  const absl::Status& status() const { return status_; }

  bool ReadObject(std::string_view object, const std::string& path, Message* message) {
    std::set<std::string> seen;
    std::string extra;
    for (const JsonMember& member : MembersOf(object)) {
      const std::optional<std::string> key = TextOf(member.key);
      const std::string name = key.value_or(std::string(member.key));
      if (!seen.insert(name).second) return Refuse(path + name + ": duplicate member");
      if (key && ReadMember(member.value, *key, path + name, message)) continue;
      if (!status_.ok()) return false;
      extra += extra.empty() ? "{" : ",";
      extra.append(member.key).append(":").append(member.value);
    }
    return extra.empty() || SetExtra(extra + "}", message);
  }

 private:
  bool Refuse(const std::string& why) {
    status_ = absl::InvalidArgumentError(why);
    return false;
  }

  // Not every message takes unknown members: then the whole message goes into the one around it.
  static bool SetExtra(std::string extra, Message* message) {
    const FieldDescriptor* field = ExtraFieldOf(*message->GetDescriptor());
    if (field == nullptr) return false;
    Slot(message, *field).Set(std::move(extra));
    return true;
  }

  bool ReadMember(std::string_view value, const std::string& key, const std::string& path,
                  Message* message) {
    const auto fields = FieldsOf(*message->GetDescriptor(), key);
    if (!fields.empty() && KindOf(value) == JsonKind::kNull) return true;
    for (const FieldDescriptor* field : fields) {
      if (ReadField(value, *field, path, message)) return true;
      Slot(message, *field).Clear();
      if (!status_.ok()) return false;
    }
    return false;
  }

  bool ReadField(std::string_view value, const FieldDescriptor& field, const std::string& path,
                 Message* message) {
    Slot slot(message, field);
    if (HoldsJsonText(field)) return slot.Set(std::string(value)), true;
    const JsonKind kind = KindOf(value);
    if (field.full_name() == "sparkgate.v1.ChatRequest.tool_choice_function") {
      return kind == JsonKind::kObject && ReadToolChoice(value, &slot);
    }
    if (field.full_name() == "sparkgate.v1.ChatRequest.prediction_parts") {
      return kind == JsonKind::kObject && ReadPrediction(value, field, path, message);
    }
    if (field.full_name() == "sparkgate.v1.FunctionCall.arguments" && kind == JsonKind::kObject) {
      return slot.Set(std::string(value)), true;
    }
    if (field.full_name() == "sparkgate.v1.ChatRequest.stop" && kind == JsonKind::kString) {
      return ReadValue(value, field, path, &slot);
    }
    if (field.is_map()) return kind == JsonKind::kObject && ReadMap(value, field, path, message);
    if (field.is_repeated()) {
      return kind == JsonKind::kArray && ReadList(value, field, path, message);
    }
    return ReadValue(value, field, path, &slot);
  }

  // An empty list or map reads the same as an absent one, so it does not fit.
  bool ReadList(std::string_view array, const FieldDescriptor& field, const std::string& path,
                Message* message) {
    int index = 0;
    for (const std::string_view element : ElementsOf(array)) {
      Slot slot(message, field);
      const std::string place = path + "[" + std::to_string(index++) + "]";
      if (!ReadValue(element, field, place, &slot)) return false;
    }
    return index > 0;
  }

  bool ReadMap(std::string_view object, const FieldDescriptor& field, const std::string& path,
               Message* message) {
    const std::vector<JsonMember> members = MembersOf(object);
    std::set<std::string> seen;
    for (const JsonMember& member : members) {
      const std::optional<std::string> key = TextOf(member.key);
      if (!key) return false;
      if (!seen.insert(*key).second) return Refuse(path + "." + *key + ": duplicate member");
      Message* entry = message->GetReflection()->AddMessage(message, &field);
      Slot(entry, *field.message_type()->map_key()).Set(*key);
      Slot value(entry, *field.message_type()->map_value());
      if (!ReadValue(member.value, *field.message_type()->map_value(), path, &value)) return false;
    }
    return !members.empty();
  }

  bool ReadValue(std::string_view value, const FieldDescriptor& field, const std::string& path,
                 Slot* slot) {
    const JsonKind kind = KindOf(value);
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        return kind == JsonKind::kString && ReadText(value, field, slot);
      case FieldDescriptor::CPPTYPE_BOOL:
        if (kind == JsonKind::kBool) slot->Set(value == "true");
        return kind == JsonKind::kBool;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return kind == JsonKind::kNumber && SetNumber<double>(value, slot);
      case FieldDescriptor::CPPTYPE_INT32:
        return kind == JsonKind::kNumber && SetNumber<int32_t>(value, slot);
      case FieldDescriptor::CPPTYPE_INT64:
        return kind == JsonKind::kNumber && SetNumber<int64_t>(value, slot);
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return kind == JsonKind::kObject && ReadObject(value, path + ".", slot->Sub());
      default:
        return false;
    }
  }

  static bool ReadText(std::string_view value, const FieldDescriptor& field, Slot* slot) {
    std::optional<std::string> text = TextOf(value);
    const bool reads_as_absent = text && text->empty() && !field.is_repeated() &&
                                 !field.has_presence() &&
                                 field.containing_type()->map_key() == nullptr;
    if (!text || reads_as_absent) return false;
    slot->Set(*std::move(text));
    return true;
  }

  // {"type":"function","function":{"name":"…"}} and nothing else.
  static bool ReadToolChoice(std::string_view object, Slot* slot) {
    std::string type;
    std::optional<std::string> name;
    for (const JsonMember& member : MembersOf(object)) {
      if (member.key == "\"type\"" && KindOf(member.value) == JsonKind::kString) {
        type = TextOf(member.value).value_or("");
      } else if (member.key == "\"function\"" && KindOf(member.value) == JsonKind::kObject) {
        const std::vector<JsonMember> function = MembersOf(member.value);
        if (function.size() != 1 || function[0].key != "\"name\"" ||
            KindOf(function[0].value) != JsonKind::kString) {
          return false;
        }
        name = TextOf(function[0].value);
      } else {
        return false;
      }
    }
    if (type != "function" || !name) return false;
    slot->Set(*std::move(name));
    return true;
  }

  // {"type":"content","content":[parts]}; the form with a text is passed on as it is.
  bool ReadPrediction(std::string_view object, const FieldDescriptor& field,
                      const std::string& path, Message* message) {
    const std::vector<JsonMember> members = MembersOf(object);
    std::string_view parts;
    bool typed = false;
    for (const JsonMember& member : members) {
      if (member.key == "\"type\"") typed = member.value == "\"content\"";
      if (member.key == "\"content\"") parts = member.value;
    }
    return typed && members.size() == 2 && !parts.empty() && KindOf(parts) == JsonKind::kArray &&
           ReadList(parts, field, path + ".content", message);
  }

  absl::Status status_;
};

// Takes `stream` and `stream_options` out of the body. Returns the rest as an object again.
absl::StatusOr<std::string> TakeStream(std::string_view object, bool* stream) {
  std::string rest = "{";
  std::set<std::string> seen;
  for (const JsonMember& member : MembersOf(object)) {
    const std::string key = TextOf(member.key).value_or("");
    const bool ours = key == "stream" || key == "stream_options";
    if (ours && !seen.insert(key).second) {
      return absl::InvalidArgumentError(key + ": duplicate member");
    }
    if (key == "stream") {
      const JsonKind kind = KindOf(member.value);
      if (kind != JsonKind::kBool && kind != JsonKind::kNull) {
        return absl::InvalidArgumentError("stream: true or false is expected");
      }
      *stream = member.value == "true";
    }
    if (ours) continue;
    if (rest.size() > 1) rest += ",";
    rest.append(member.key).append(":").append(member.value);
  }
  return rest + "}";
}

}  // namespace

absl::StatusOr<HttpBody> ParseHttpBody(std::string_view json) {
  if (absl::Status status = CheckJson(json); !status.ok()) return status;
  if (KindOf(json) != JsonKind::kObject) {
    return absl::InvalidArgumentError("the body must be a JSON object");
  }
  HttpBody body;
  const absl::StatusOr<std::string> rest = TakeStream(json, &body.stream);
  if (!rest.ok()) return rest.status();
  Reader reader;
  if (!reader.ReadObject(*rest, "", &body.request)) return reader.status();
  return body;
}

}  // namespace sparkgate::client
