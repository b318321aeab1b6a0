#include "client/chat/schema_file.h"

#include <gtest/gtest.h>

#include <utility>

namespace sparkgate::client {
namespace {

std::string FormatOf(const std::string& json, const std::string& file) {
  const auto format = SchemaFormat(json, file);
  if (!format.ok()) return std::string(format.status().message());
  EXPECT_EQ(format->type(), "json_schema");
  return format->json_schema_json();
}

TEST(SchemaFile, TheTextGoesAsItIsWritten) {
  EXPECT_EQ(FormatOf("\n{ \"type\":\"object\", \"maximum\": 1.10 }\n", "a/city.v2.json"),
            R"({"name":"city","schema":{ "type":"object", "maximum": 1.10 }})");
}

TEST(SchemaFile, TheNameIsTheTitleOrTheFiles) {
  EXPECT_EQ(FormatOf(R"({"title":"A city"})", "x.json"),
            R"({"name":"A_city","schema":{"title":"A city"}})");
  EXPECT_EQ(FormatOf(R"({"title":""})", "x y.json"), R"({"name":"x_y","schema":{"title":""}})");
  EXPECT_EQ(FormatOf(R"({"title":7})", "/a.b/x"), R"({"name":"x","schema":{"title":7}})");
  const std::string long_name(100, 'n');
  EXPECT_EQ(FormatOf("{}", long_name),
            R"({"name":")" + long_name.substr(0, 64) + R"(","schema":{}})");
}

TEST(SchemaFile, MistakesAreNamed) {
  const std::pair<const char*, const char*> wrong[] = {
      {"{", "line 1, column 2"},
      {"[]", "a JSON Schema, an object, is expected"},
      {R"({"name":"n","schema":{}})", "without `schema` around it"},
      {R"({"type":"json_schema","json_schema":{}})", "without `json_schema` around it"},
  };
  for (const auto& [json, message] : wrong) {
    const std::string said = FormatOf(json, "x.json");
    EXPECT_NE(said.find(message), std::string::npos) << json << "\n" << said;
  }
}

}  // namespace
}  // namespace sparkgate::client
