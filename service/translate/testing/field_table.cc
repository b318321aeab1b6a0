#include "service/translate/testing/field_table.h"

#include "service/translate/testing/golden.h"

namespace sparkgate::translate {

UpstreamFieldTable::UpstreamFieldTable(const std::string& path)
    : objects_(Json::parse(ReadSourceFile(path)).at("objects")) {
  for (const auto& [object, rows] : objects_.items()) {
    for (const Json& row : rows) {
      if (!row.value("undocumented", false)) {
        untouched_.insert(object + "." + row.at("name").get<std::string>());
      }
    }
  }
}

void UpstreamFieldTable::Touch(const std::string& body, const std::string& root) {
  TouchObject(Json::parse(body), root);
}

void UpstreamFieldTable::TouchObject(const Json& value, const std::string& object) {
  if (!value.is_object()) return;
  for (const Json& row : objects_.at(object)) {
    const std::string name = row.at("name");
    if (!value.contains(name)) continue;
    untouched_.erase(object + "." + name);
    TouchMember(value.at(name), row);
  }
}

void UpstreamFieldTable::TouchMember(const Json& value, const Json& row) {
  Json tables = row.value("one_of", Json::array());
  if (row.contains("object")) tables.push_back(row.at("object"));
  for (const std::string table : tables) {
    TouchObject(value, table);
    if (!value.is_array()) continue;
    for (const Json& element : value) TouchObject(element, table);
  }
}

}  // namespace sparkgate::translate
