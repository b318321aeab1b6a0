#include "simulator/schema_sample.h"

#include "simulator/json_parse.h"
#include "simulator/text.h"

namespace sparkgate::simulator {
namespace {

using Json = nlohmann::ordered_json;

std::string TypeOf(const Json& schema) {
  const auto type = schema.find("type");
  if (type != schema.end() && type->is_string()) return type->get<std::string>();
  if (type != schema.end() && type->is_array() && !type->empty() && type->front().is_string()) {
    return type->front().get<std::string>();
  }
  return schema.contains("properties") ? "object" : "string";
}

Json Sample(const Json& schema, uint64_t seed);

Json SampleObject(const Json& schema, uint64_t seed) {
  Json object = Json::object();
  const auto properties = schema.find("properties");
  if (properties == schema.end() || !properties->is_object()) return object;
  for (const auto& [name, property] : properties->items()) {
    object[name] = Sample(property, seed ^ StableHash(name));
  }
  return object;
}

Json SampleNumber(const Json& schema, uint64_t seed, bool integer) {
  const auto minimum = schema.find("minimum");
  const bool bounded = minimum != schema.end() && minimum->is_number();
  if (integer && bounded) return *minimum;
  if (integer) return static_cast<int64_t>(seed % 100);
  return (bounded ? minimum->get<double>() : 0.0) + static_cast<double>(seed % 100) / 8.0;
}

Json SampleArray(const Json& schema, uint64_t seed) {
  Json array = Json::array();
  const auto items = schema.find("items");
  if (items != schema.end()) array.push_back(Sample(*items, seed));
  return array;
}

Json Sample(const Json& schema, uint64_t seed) {
  if (!schema.is_object()) return nullptr;
  if (schema.contains("const")) return schema["const"];
  const auto choices = schema.find("enum");
  if (choices != schema.end() && choices->is_array() && !choices->empty()) {
    return (*choices)[seed % choices->size()];
  }
  const auto any_of = schema.find("anyOf");
  if (any_of != schema.end() && any_of->is_array() && !any_of->empty()) {
    return Sample(any_of->front(), seed);
  }
  const std::string type = TypeOf(schema);
  if (type == "object") return SampleObject(schema, seed);
  if (type == "array") return SampleArray(schema, seed);
  if (type == "integer" || type == "number") return SampleNumber(schema, seed, type == "integer");
  if (type == "boolean") return seed % 2 == 0;
  if (type == "null") return nullptr;
  return StoryText(seed, 2);
}

}  // namespace

std::string SampleJson(std::string_view schema_json, uint64_t seed) {
  const auto schema = ParseJson(schema_json);
  if (schema && schema->is_object() && !schema->empty()) return Sample(*schema, seed).dump();
  Json object;
  object["subject"] = StoryText(seed, 2);
  object["count"] = seed % 100;
  return object.dump();
}

}  // namespace sparkgate::simulator
