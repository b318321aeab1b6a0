#ifndef SPARKGATE_SERVICE_TRANSLATE_TESTING_FIELD_TABLE_H_
#define SPARKGATE_SERVICE_TRANSLATE_TESTING_FIELD_TABLE_H_

#include <set>
#include <string>

#include "nlohmann/json.hpp"

namespace sparkgate::translate {

// For tests: one of the tables of the upstream's fields that were written by hand from its
// documentation (tests/data/upstream_*_fields.json), and which of its rows some JSON bodies have
// touched.
class UpstreamFieldTable {
 public:
  explicit UpstreamFieldTable(const std::string& path);

  // Strikes off every row that `body`, an object of the table `root`, has a member for.
  void Touch(const std::string& body, const std::string& root);

  // "Object.field" of the rows that are left, but those marked as undocumented.
  std::set<std::string> untouched() const { return untouched_; }

 private:
  using Json = nlohmann::json;

  void TouchObject(const Json& value, const std::string& object);
  void TouchMember(const Json& value, const Json& row);

  Json objects_;
  std::set<std::string> untouched_;
};

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_TESTING_FIELD_TABLE_H_
