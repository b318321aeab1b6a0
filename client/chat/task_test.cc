#include "client/chat/task.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <utility>

namespace sparkgate::client {
namespace {

using std::string_literals::operator""s;

std::string WriteFile(const std::string& name, const std::string& bytes) {
  const std::string path = testing::TempDir() + name;
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

TEST(ImageFile, TheTypeIsInTheBytes) {
  EXPECT_EQ(MediaTypeOf("\x89PNG\r\n\x1a\nrest"), "image/png");
  EXPECT_EQ(MediaTypeOf("\xff\xd8\xff\xe0rest"), "image/jpeg");
  EXPECT_EQ(MediaTypeOf("GIF87arest"), "image/gif");
  EXPECT_EQ(MediaTypeOf("GIF89arest"), "image/gif");
  EXPECT_EQ(MediaTypeOf("RIFF\1\2\3\4WEBPVP8 "), "image/webp");
  EXPECT_EQ(MediaTypeOf("BM\1\2\3\4\0\0\0\0\1\2\3\4"s), "image/bmp");
  EXPECT_EQ(MediaTypeOf("II*\0rest"s), "image/tiff");
  EXPECT_EQ(MediaTypeOf("MM\0*rest"s), "image/tiff");
}

TEST(ImageFile, OtherBytesAreNoImage) {
  for (const std::string& bytes :
       {""s, "B"s, "BMW and other cars"s, "RIFF\1\2\3\4WAVE"s, "RIFF"s, "\x89PNG"s, "<svg/>"s}) {
    EXPECT_EQ(MediaTypeOf(bytes), "") << bytes;
  }
}

TEST(ImageFile, ReadsBytesAsTheyAre) {
  const std::string bytes = "GIF89a\0\xff\r\n"s;
  const auto image = ReadImage(WriteFile("picture.txt", bytes));
  ASSERT_TRUE(image.ok());
  EXPECT_EQ(image->data(), bytes);
  EXPECT_EQ(image->mime_type(), "image/gif");
}

TEST(ImageFile, MistakesNameTheFile) {
  const std::string text = WriteFile("notes.png", "hello");
  EXPECT_EQ(ReadImage(text).status().message(),
            text + " is no image of a known kind: PNG, JPEG, GIF, WebP, BMP or TIFF is expected");
  EXPECT_EQ(ReadImage("/no/such.png").status().message(), "/no/such.png cannot be read");
  EXPECT_EQ(ReadImage("/tmp").status().message(), "/tmp cannot be read");
}

TEST(ImageFile, WhatNoServerTakesIsNotReadToItsEnd) {
  const std::string large = WriteFile("large.gif", "GIF89a");
  ASSERT_EQ(truncate(large.c_str(), kMostRequestBytes + 1), 0);
  EXPECT_EQ(ReadImage(large).status().message(), large + " has more than 32 MiB");
  ASSERT_EQ(truncate(large.c_str(), kMostRequestBytes), 0);
  EXPECT_TRUE(ReadImage(large).ok());
  unlink(large.c_str());
}

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
      {"{", "line 1, column 1"},
      {"[]", "a JSON Schema, an object, is expected"},
      {R"({"name":"n","schema":{}})", "without `schema` around it"},
      {R"({"type":"json_schema","json_schema":{}})", "without `json_schema` around it"},
  };
  for (const auto& [json, message] : wrong) {
    const std::string said = FormatOf(json, "x.json");
    EXPECT_NE(said.find(message), std::string::npos) << json << "\n" << said;
  }
}

TEST(ToolsFile, AnArrayAsInAnHttpBodyKeepsEveryByte) {
  const std::string array = R"([{"type":"function","function":{"name":"f","description":"d",
      "parameters":{"b":1.10,"a":{}},"strict":true,"x":0}},{"function":{"name":"g"}}])";
  EXPECT_EQ(ReadTools(" " + array + "\n").value(), array);
}

TEST(ToolsFile, AnObjectWithTheArray) {
  EXPECT_EQ(ReadTools(R"({"tools":[{"function":{"name":"f"}}]})").value(),
            R"([{"function":{"name":"f"}}])");
}

TEST(ToolsFile, AToolOfAnotherTypeIsTheUpstreamsBusiness) {
  EXPECT_TRUE(ReadTools(R"([{"type":"search","depth":2}])").ok());
}

TEST(ToolsFile, MistakesAreNamed) {
  const std::pair<const char*, const char*> wrong[] = {
      {"", "line 1, column 1"},
      {"[{]", "line 1, column 3"},
      {"7", "an array of tools"},
      {R"({"tools":[{"function":{"name":"f"}}],"model":"m"})", "an array of tools"},
      {R"({"tools":{}})", "an array of tools"},
      {"[]", "there are no tools"},
      {R"([{"function":{"name":"f"}},7])", "tools[1]: an object is expected"},
      {R"([{"type":"function","name":"f","parameters":{}}])", "tools[0].function: an object"},
      {R"([{"function":"f"}])", "tools[0].function: an object"},
      {R"([{"function":{}}])", "tools[0].function.name: a name is expected"},
      {R"([{"function":{"name":""}}])", "tools[0].function.name: a name is expected"},
      {R"([{"function":{"name":1}}])", "tools[0].function.name: a name is expected"},
      {R"([{"function":{"name":"f","name":"g"}}])", "a member twice"},
  };
  for (const auto& [json, message] : wrong) {
    const std::string said(ReadTools(json).status().message());
    EXPECT_NE(said.find(message), std::string::npos) << json << "\n" << said;
  }
}

}  // namespace
}  // namespace sparkgate::client
