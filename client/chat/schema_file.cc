#include "client/chat/schema_file.h"

#include <cctype>
#include <string_view>

#include "client/json_text.h"

namespace sparkgate::client {
namespace {

constexpr size_t kLongestName = 64;

absl::Status Wrong(const std::string& why) { return absl::InvalidArgumentError(why); }

// a-z, A-Z, 0-9, _ and -, up to 64: what names may have upstream.
std::string NameOf(std::string_view text) {
  std::string name;
  for (const char c : text.substr(0, kLongestName)) {
    const bool good = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
    name += good ? c : '_';
  }
  return name;
}

std::string StemOf(const std::string& file) {
  const size_t slash = file.find_last_of('/');
  const std::string name = slash == std::string::npos ? file : file.substr(slash + 1);
  return name.substr(0, name.find('.', 1));
}

}  // namespace

absl::StatusOr<v1::ResponseFormat> SchemaFormat(const std::string& json, const std::string& file) {
  if (absl::Status status = CheckJson(json); !status.ok()) return status;
  const std::string_view schema = TrimJson(json);
  if (KindOf(schema) != JsonKind::kObject) return Wrong("a JSON Schema, an object, is expected");
  std::string name;
  for (const JsonMember& member : MembersOf(schema)) {
    const std::string key = TextOf(member.key).value_or("");
    // No keyword of JSON Schema, but what a response_format wraps it in.
    if (key == "json_schema" || key == "schema") {
      return Wrong("the schema itself is expected, without `" + key + "` around it");
    }
    if (key == "title" && KindOf(member.value) == JsonKind::kString) {
      name = NameOf(TextOf(member.value).value_or(""));
    }
  }
  if (name.empty()) name = NameOf(StemOf(file));
  v1::ResponseFormat format;
  format.set_type("json_schema");
  format.set_json_schema_json(R"({"name":")" + name + R"(","schema":)" + std::string(schema) + "}");
  return format;
}

}  // namespace sparkgate::client
