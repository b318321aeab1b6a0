// The upstream's request fields as data: which members each object may have, and of which types.
#ifndef SPARKGATE_SIMULATOR_FIELD_TABLE_H_
#define SPARKGATE_SIMULATOR_FIELD_TABLE_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sparkgate::simulator {

// JSON types as a bit set. An integer is also a number, and not the other way round.
enum JsonType : uint8_t {
  kString = 1,
  kInteger = 2,
  kNumber = 4,
  kBoolean = 8,
  kArray = 16,
  kObject = 32,
};

struct Field {
  std::string name;
  uint8_t types = 0;
  bool nullable = false;
  bool required = false;
  uint8_t item_types = 0;   // Of an array's elements; 0: anything.
  uint8_t value_types = 0;  // Of a free-form object's values; 0: anything.
  std::string object;       // Table of the object or of the array's objects; empty: free-form.
};

struct FieldTable {
  std::string root;
  std::map<std::string, std::vector<Field>> objects;

  // Null when the object has no such field.
  const Field* Find(const std::string& object, std::string_view name) const;
};

// tests/data/upstream_request_fields.json as embedded in the program, parsed once; a file of
// another format ends the process. Any thread.
const FieldTable& RequestFieldTable();

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_FIELD_TABLE_H_
