// The small pieces below the codec: UTF-8, base64, the JSON writer.
#include "base/text.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/json_writer.h"

namespace sparkgate {
namespace {

TEST(Utf8Test, KnowsWellFormedText) {
  for (const char* text :
       {"", "a", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(IsValidUtf8(text)) << text;
    EXPECT_EQ(RepairUtf8(text), text);
  }
  EXPECT_TRUE(IsValidUtf8(std::string_view("\0", 1)));
}

TEST(Utf8Test, KnowsBrokenText) {
  for (const char* text :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2z", "\xE0\x9F\xBF", "\xED\xA0\x80",
        "\xED\xBF\xBF", "\xE1\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80",
        "\xF1\x80\x80", "\xFE", "\xFF"}) {
    EXPECT_FALSE(IsValidUtf8(text));
    EXPECT_TRUE(IsValidUtf8(RepairUtf8(text)));
    EXPECT_EQ(RepairUtf8(std::string("a") + text + "z").front(), 'a');
    EXPECT_EQ(RepairUtf8(std::string("a") + text + "z").back(), 'z');
  }
}

TEST(Utf8Test, OneReplacementForEachBrokenCharacter) {
  EXPECT_EQ(RepairUtf8("a\xF0\x9F\x98z"), "a\xEF\xBF\xBDz");
  EXPECT_EQ(RepairUtf8("\xFF\xFF"), "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(RepairUtf8("\xC2\xC2\xA9"), "\xEF\xBF\xBD\xC2\xA9");
}

TEST(Utf8Test, WritesCodePoints) {
  std::string text;
  for (uint32_t code_point : {0x24u, 0xA2u, 0x20ACu, 0x1F600u, 0x10FFFFu}) {
    AppendCodePoint(code_point, &text);
  }
  EXPECT_EQ(text, "$\xC2\xA2\xE2\x82\xAC\xF0\x9F\x98\x80\xF4\x8F\xBF\xBF");
}

TEST(SafeTextTest, CutsBetweenCharacters) {
  EXPECT_EQ(SafeText("a\xC3\xA9z", 2), "a");
  EXPECT_EQ(SafeText("a\xC3\xA9z", 3), "a\xC3\xA9");
  EXPECT_EQ(SafeText("\xF0\x9F\x98", 16), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(SafeText("a\xC2\x85z", 9), "a z");
  EXPECT_EQ(SafeText("abc", 0), "");
}

TEST(Base64Test, KnownVectors) {
  const std::pair<std::string, std::string> cases[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"},
                                                       {"\xFB\xFF\xFE", "+//+"},
                                                       {std::string(3, '\0'), "AAAA"}};
  for (const auto& [bytes, expected] : cases) {
    std::string text = "x";
    AppendBase64(bytes, &text);
    EXPECT_EQ(text, "x" + expected);
  }
}

TEST(JsonWriterTest, SeparatesAndEscapes) {
  JsonWriter writer;
  writer.BeginObject();
  writer.Key("a\"");
  writer.BeginArray();
  writer.Integer(std::numeric_limits<int64_t>::min());
  writer.String("\b\f\x1F\\/\xE2\x80\xA8");
  writer.BeginObject();
  writer.EndObject();
  writer.Bool(false);
  writer.EndArray();
  writer.Raw("\"b\" : 1e400 , \"c\":-0");
  writer.Key("d");
  *writer.BeginPieces() += "piece";
  writer.EndPieces();
  writer.EndObject();
  EXPECT_EQ(writer.Take(),
            "{\"a\\\"\":[-9223372036854775808,\"\\u0008\\u000c\\u001f\\\\/\xE2\x80\xA8\",{},false],"
            "\"b\" : 1e400 , \"c\":-0,\"d\":\"piece\"}");
}

TEST(JsonWriterTest, DoublesAreTheShortestThatReadBack) {
  const std::pair<double, const char*> cases[] = {
      {0, "0"},           {-0.0, "-0"},
      {1, "1"},           {0.1, "0.1"},
      {1e21, "1e+21"},    {0.1234567891, "0.1234567891"},
      {5e-324, "5e-324"}, {1.7976931348623157e308, "1.7976931348623157e+308"}};
  for (const auto& [value, text] : cases) {
    JsonWriter writer;
    writer.Double(value);
    EXPECT_EQ(writer.text(), text);
  }
}

}  // namespace
}  // namespace sparkgate
