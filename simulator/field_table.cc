#include "simulator/field_table.h"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <nlohmann/json.hpp>

namespace sparkgate::simulator {
namespace {

using nlohmann::json;

// tests/data/upstream_request_fields.json as a string literal, written by the build.
constexpr char kUpstreamRequestFields[] =
#include "simulator/upstream_request_fields.inc"
    ;

uint8_t TypeBit(const std::string& name) {
  static const std::map<std::string, uint8_t> kBits = {
      {"string", kString},   {"integer", kInteger}, {"number", kNumber | kInteger},
      {"boolean", kBoolean}, {"array", kArray},     {"object", kObject}};
  return kBits.at(name);
}

uint8_t TypeBits(const json& names) {
  uint8_t bits = 0;
  for (const json& name : names) bits |= TypeBit(name.get<std::string>());
  return bits;
}

Field ParseField(const json& row) {
  Field field;
  field.name = row.at("name").get<std::string>();
  field.types = TypeBits(row.at("types"));
  field.nullable = row.value("nullable", false);
  field.required = row.value("required", false);
  if (row.contains("items")) field.item_types = TypeBits(row["items"]);
  if (row.contains("values")) field.value_types = TypeBits(row["values"]);
  field.object = row.value("object", std::string());
  return field;
}

FieldTable ParseOrThrow(std::string_view text) {
  const json document = json::parse(text);
  FieldTable table;
  table.root = document.at("root").get<std::string>();
  for (const auto& [name, rows] : document.at("objects").items()) {
    for (const json& row : rows) table.objects[name].push_back(ParseField(row));
  }
  for (const auto& [name, fields] : table.objects) {
    for (const Field& field : fields) {
      if (!field.object.empty()) (void)table.objects.at(field.object);
    }
  }
  (void)table.objects.at(table.root);
  return table;
}

}  // namespace

const Field* FieldTable::Find(const std::string& object, std::string_view name) const {
  for (const Field& field : objects.at(object)) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

const FieldTable& RequestFieldTable() {
  static const FieldTable* const table = [] {
    try {
      return new FieldTable(ParseOrThrow(kUpstreamRequestFields));
    } catch (const std::exception& error) {
      std::fprintf(stderr, "field table: %s\n", error.what());
      std::abort();
    }
  }();
  return *table;
}

}  // namespace sparkgate::simulator
