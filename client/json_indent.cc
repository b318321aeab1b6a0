#include "client/json_indent.h"

#include "client/json_text.h"

namespace sparkgate::client {
namespace {

void Append(std::string_view value, size_t depth, std::string* out);

// One member or element of `*out`'s last object or array.
void AppendItem(std::string_view key, std::string_view value, size_t depth, bool first,
                std::string* out) {
  *out += first ? "\n" : ",\n";
  out->append(2 * depth, ' ');
  if (!key.empty()) out->append(key).append(": ");
  Append(value, depth, out);
}

void End(char bracket, size_t depth, bool empty, std::string* out) {
  if (!empty) {
    *out += '\n';
    out->append(2 * depth, ' ');
  }
  *out += bracket;
}

void Append(std::string_view value, size_t depth, std::string* out) {
  bool first = true;
  switch (KindOf(value)) {
    case JsonKind::kObject:
      *out += '{';
      for (const JsonMember& member : MembersOf(value)) {
        AppendItem(member.key, member.value, depth + 1, first, out);
        first = false;
      }
      return End('}', depth, first, out);
    case JsonKind::kArray:
      *out += '[';
      for (const std::string_view element : ElementsOf(value)) {
        AppendItem("", element, depth + 1, first, out);
        first = false;
      }
      return End(']', depth, first, out);
    default:
      *out += TrimJson(value);
  }
}

}  // namespace

std::string IndentJson(std::string_view json) {
  if (!CheckJson(json).ok()) return std::string(json);
  std::string out;
  Append(TrimJson(json), 0, &out);
  return out;
}

}  // namespace sparkgate::client
