#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "simulator/chat_request.h"
#include "simulator/field_table.h"
#include "simulator/text.h"

namespace sparkgate::simulator {
namespace {

using Json = nlohmann::ordered_json;
using Kind = Violation::Kind;

constexpr size_t kMaxShownValue = 200;

uint8_t TypeOf(const Json& value) {
  if (value.is_string()) return kString;
  if (value.is_number_integer()) return kInteger;
  if (value.is_number()) return kNumber;
  if (value.is_boolean()) return kBoolean;
  if (value.is_array()) return kArray;
  if (value.is_object()) return kObject;
  return 0;
}

std::string Shown(const Json& value) {
  std::string text = value.is_string() ? "'" + value.get<std::string>() + "'" : value.dump();
  if (text.size() > kMaxShownValue) {
    size_t end = kMaxShownValue;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text.resize(end);
    text += "...";
  }
  return text;
}

std::string TypeNames(uint8_t types) {
  static constexpr std::array<std::pair<uint8_t, std::string_view>, 6> kNames = {
      {{kString, "string"},
       {kNumber, "number"},
       {kInteger, "integer"},
       {kBoolean, "boolean"},
       {kArray, "list"},
       {kObject, "object"}}};
  std::string names;
  for (const auto& [bit, name] : kNames) {
    if ((types & bit) == 0 || (bit == kInteger && (types & kNumber) != 0)) continue;
    if (!names.empty()) names += " or ";
    names += name;
  }
  return names;
}

class Walk {
 public:
  explicit Walk(std::vector<Violation>* out) : out_(out) {}

  void Object(const std::string& type, const Json& object, const std::string& path) {
    for (const auto& [key, value] : object.items()) {
      const std::string key_path = path.empty() ? key : path + "." + key;
      const Field* field = table_.Find(type, key);
      if (field == nullptr) {
        Add(Kind::kExtra, key_path, "Extra inputs are not permitted", &value);
      } else {
        Value(*field, value, key_path);
      }
    }
    for (const Field& field : table_.objects.at(type)) {
      if (!field.required || object.contains(field.name)) continue;
      const std::string key_path = path.empty() ? field.name : path + "." + field.name;
      Add(Kind::kMissing, key_path, "Field required", nullptr);
    }
  }

 private:
  void Value(const Field& field, const Json& value, const std::string& path) {
    if (value.is_null() && field.nullable) return;
    const uint8_t type = TypeOf(value);
    if ((type & field.types) == 0) {
      return WrongType(path, field.types, value);
    }
    if (type == kArray) Array(field, value, path);
    if (type != kObject) return;
    if (!field.object.empty()) {
      Object(field.object, value, path);
    } else if (field.value_types != 0) {
      FreeForm(field, value, path);
    }
  }

  // A list that is one side of a union is named in the path by the type of its elements.
  void Array(const Field& field, const Json& array, std::string path) {
    if (field.types != kArray && !field.object.empty()) path += ".list[" + field.object + "]";
    for (size_t i = 0; i < array.size(); ++i) {
      const std::string item_path = path + "[" + std::to_string(i) + "]";
      if (field.item_types != 0 && (TypeOf(array[i]) & field.item_types) == 0) {
        WrongType(item_path, field.item_types, array[i]);
      } else if (!field.object.empty()) {
        Object(field.object, array[i], item_path);
      }
    }
  }

  void FreeForm(const Field& field, const Json& object, const std::string& path) {
    for (const auto& [key, value] : object.items()) {
      if ((TypeOf(value) & field.value_types) != 0) continue;
      WrongType(path + "." + key, field.value_types, value);
    }
  }

  void WrongType(const std::string& path, uint8_t wanted, const Json& value) {
    Add(Kind::kType, path, "Input should be a valid " + TypeNames(wanted), &value);
  }

  void Add(Kind kind, const std::string& path, const std::string& what, const Json* value) {
    std::string message = what + ", field: '" + path + "'";
    if (value != nullptr) message += ", value: " + Shown(*value);
    out_->push_back({kind, path, std::move(message)});
  }

  const FieldTable& table_ = RequestFieldTable();
  std::vector<Violation>* const out_;
};

void CheckConflict(const Json& body, const char* one, const char* other,
                   std::vector<Violation>* out) {
  if (Member(body, one).is_null() || Member(body, other).is_null()) return;
  out->push_back({Kind::kConflict, other,
                  std::string("Only one of '") + one + "' and '" + other + "' may be set"});
}

void CheckReasoningEffort(const Json& body, std::vector<Violation>* out) {
  static constexpr std::array<std::string_view, 7> kKnown = {"low", "medium", "high",    "xhigh",
                                                             "max", "none",   "adaptive"};
  const Json& value = Member(body, "reasoning_effort");
  if (!value.is_string()) return;
  if (std::find(kKnown.begin(), kKnown.end(), value.get<std::string>()) != kKnown.end()) return;
  out->push_back({Kind::kValue, "reasoning_effort",
                  "Unsupported value, field: 'reasoning_effort', value: " + Shown(value)});
}

}  // namespace

std::vector<Violation> Validate(const std::string& body) {
  const std::optional<Json> document = ParseJson(body);
  if (!document || !document->is_object()) {
    return {{Kind::kBrokenJson, "", "The request body is not a valid JSON object"}};
  }
  std::vector<Violation> violations;
  Walk(&violations).Object(RequestFieldTable().root, *document, "");
  const Json& messages = Member(*document, "messages");
  if (messages.is_array() && messages.empty()) {
    violations.push_back({Kind::kValue, "messages",
                          "List should have at least 1 item after validation, field: 'messages'"});
  }
  CheckConflict(*document, "max_tokens", "max_completion_tokens", &violations);
  CheckConflict(*document, "reasoning_effort", "thinking", &violations);
  CheckReasoningEffort(*document, &violations);
  return violations;
}

}  // namespace sparkgate::simulator
