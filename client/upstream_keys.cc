#include "client/upstream_keys.h"

#include <string_view>
#include <utility>

namespace sparkgate::client {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr std::string_view kJsonSuffix = "_json";

// Fields whose upstream key is not their name, and those that have none: an HTTP body cannot mean
// them (image bytes travel as a data URI there, and `index` is output only).
constexpr std::pair<std::string_view, std::string_view> kExceptions[] = {
    {"sparkgate.v1.ChatMessage.content_parts", "content"},
    {"sparkgate.v1.ChatRequest.logprobs_count", "logprobs"},
    {"sparkgate.v1.ChatRequest.prediction_parts", "prediction"},
    {"sparkgate.v1.ChatRequest.reasoning_effort_enabled", "reasoning_effort"},
    {"sparkgate.v1.ChatRequest.reasoning_effort_tokens", "reasoning_effort"},
    {"sparkgate.v1.ChatRequest.speculation_token_ids", "speculation"},
    {"sparkgate.v1.ChatRequest.tool_choice_function", "tool_choice"},
    {"sparkgate.v1.ContentPart.image_data", ""},
    {"sparkgate.v1.ToolCall.index", ""},
};

bool IsExtra(const FieldDescriptor& field) {
  return field.name() == "extra_body_json" || field.name() == "extra_json";
}

}  // namespace

bool HoldsJsonText(const FieldDescriptor& field) {
  const std::string_view name = field.name();
  return !IsExtra(field) && name.size() > kJsonSuffix.size() &&
         name.substr(name.size() - kJsonSuffix.size()) == kJsonSuffix;
}

std::string UpstreamKey(const FieldDescriptor& field) {
  for (const auto& [name, key] : kExceptions) {
    if (field.full_name() == name) return std::string(key);
  }
  if (IsExtra(field)) return "";
  if (HoldsJsonText(field)) return field.name().substr(0, field.name().size() - kJsonSuffix.size());
  return field.json_name();
}

std::vector<const FieldDescriptor*> FieldsOf(const Descriptor& message, const std::string& key) {
  std::vector<const FieldDescriptor*> fields;
  if (key.empty()) return fields;
  for (int i = 0; i < message.field_count(); ++i) {
    if (UpstreamKey(*message.field(i)) == key) fields.push_back(message.field(i));
  }
  return fields;
}

const FieldDescriptor* ExtraFieldOf(const Descriptor& message) {
  return message.FindFieldByName("extra_body_json");
}

}  // namespace sparkgate::client
