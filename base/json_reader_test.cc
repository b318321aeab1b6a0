#include "base/json_reader.h"

#include <gtest/gtest.h>

namespace sparkgate {
namespace {

using namespace std::literals;

using Result = JsonDocument::Result;
using Source = JsonDocument::Source;

// All values of `value` in their order, each as its raw text.
void Flatten(const JsonValue& value, std::vector<std::string>* out) {
  out->emplace_back(value.raw());
  if (value.is(JsonKind::kArray)) {
    value.ForEachElement([&](const JsonValue& element) { Flatten(element, out); });
  } else if (value.is(JsonKind::kObject)) {
    value.ForEachMember([&](const JsonMember& member) {
      out->emplace_back(member.raw_key);
      Flatten(member.value, out);
    });
  }
}

std::vector<std::string> RawValues(const std::string& json) {
  JsonDocument document;
  EXPECT_EQ(document.Parse(json), Result::kOk) << json;
  std::vector<std::string> values;
  Flatten(document.root(), &values);
  return values;
}

using Values = std::vector<std::string>;

TEST(JsonReaderTest, RawTextIsExact) {
  EXPECT_EQ(
      RawValues(" { \"a\" : 1.10 ,\n\"b\":[ -0,1e2 ,{}],\"c\\n\":\"x\\u00e9\" ,\"d\":null}\t"),
      (Values{"{ \"a\" : 1.10 ,\n\"b\":[ -0,1e2 ,{}],\"c\\n\":\"x\\u00e9\" ,\"d\":null}", "\"a\"",
              "1.10", "\"b\"", "[ -0,1e2 ,{}]", "-0", "1e2", "{}", "\"c\\n\"", "\"x\\u00e9\"",
              "\"d\"", "null"}));
}

TEST(JsonReaderTest, NumbersKeepTheirText) {
  const std::string numbers[] = {"0",
                                 "-0",
                                 "0.10",
                                 "1e2",
                                 "1E+2",
                                 "-1.5e-300",
                                 "1e400",
                                 "-1e400",
                                 "12345678901234567890123",
                                 "1e-400",
                                 "18446744073709551616"};
  for (const std::string& number : numbers) {
    EXPECT_EQ(RawValues(number), Values{number});
    EXPECT_EQ(RawValues("[" + number + "]"), (Values{"[" + number + "]", number}));
    EXPECT_EQ(RawValues("{\"a\":" + number + " }"),
              (Values{"{\"a\":" + number + " }", "\"a\"", number}));
    EXPECT_EQ(RawValues("[" + number + "," + number + ",true]")[3], "true");
  }
}

TEST(JsonReaderTest, ReadsNumbersWithoutRounding) {
  JsonDocument document;
  int32_t int32;
  int64_t int64;
  double number;
  const auto parse = [&](const char* json) {
    EXPECT_EQ(document.Parse(json), Result::kOk);
    return document.root();
  };
  EXPECT_TRUE(parse("9223372036854775807").AsInteger(&int64));
  EXPECT_EQ(int64, 9223372036854775807);
  EXPECT_FALSE(parse("9223372036854775808").AsInteger(&int64));
  EXPECT_TRUE(parse("-2147483648").AsInteger(&int32));
  EXPECT_FALSE(parse("2147483648").AsInteger(&int32));
  EXPECT_FALSE(parse("1.0").AsInteger(&int32));
  EXPECT_FALSE(parse("true").AsInteger(&int32));
  EXPECT_FALSE(parse("1e400").AsDouble(&number));
  EXPECT_TRUE(parse("0.1").AsDouble(&number));
  EXPECT_EQ(number, 0.1);
  EXPECT_FALSE(parse("\"1\"").AsDouble(&number));
}

TEST(JsonReaderTest, ResolvesEscapes) {
  JsonDocument document;
  ASSERT_EQ(document.Parse(R"(["plain","a\n\"\\\/","\u00e9\ud83d\ude00","\u0000",""])"),
            Result::kOk);
  std::vector<std::string> texts;
  document.root().ForEachElement(
      [&](const JsonValue& value) { texts.emplace_back(value.AsText()); });
  EXPECT_EQ(texts,
            (Values{"plain", "a\n\"\\/", "\xC3\xA9\xF0\x9F\x98\x80", std::string(1, '\0'), ""}));
}

TEST(JsonReaderTest, RefusesWhatIsNotJson) {
  for (const std::string& json :
       {std::string(), std::string(" "), std::string("{"), std::string("[1,]"),
        std::string("{} {}"), std::string("[]\0x", 4), std::string("NaN"), std::string("01"),
        std::string("+1"), std::string("'a'"), std::string("[1]//"), std::string("\"a\nb\""),
        std::string("{\"a\"}"), std::string("\"\\ud83\""), std::string("\"\\x\"")}) {
    JsonDocument document;
    EXPECT_EQ(document.Parse(json, Source::kCaller), Result::kSyntax) << json;
  }
}

TEST(JsonReaderTest, AnUpstreamMayWriteControlsAndNonNumbers) {
  JsonDocument document;
  const std::string json =
      "{\"a\x1b\": \"x\0\ty\\n\", \"n\": [NaN, -Infinity, +inf, 1], \"s\": \"NaN\"}"s;
  ASSERT_EQ(document.Parse(json), Result::kOk);
  EXPECT_TRUE(document.loose());
  EXPECT_EQ(document.root().Find("a\x1b")->AsText(), std::string_view("x\0\ty\n", 5));
  EXPECT_EQ(document.root().Find("n")->raw(), "[null, null, null, 1]");
  EXPECT_EQ(document.root().Find("s")->AsText(), "NaN");
  ASSERT_EQ(document.Parse("{}"), Result::kOk);
  EXPECT_FALSE(document.loose());
}

TEST(JsonReaderTest, WhatIsMostlyControlsIsRefusedInsteadOfGrown) {
  const std::string few = "\"" + std::string(8 << 10, '\x01') + "\"";
  const std::string many = "\"" + std::string(1 << 20, '\x01') + "\"";
  JsonDocument document;
  EXPECT_EQ(document.Parse(few), Result::kOk);
  EXPECT_EQ(document.root().AsText().size(), few.size() - 2);
  EXPECT_EQ(document.Parse(many), Result::kSyntax);
}

TEST(JsonReaderTest, RepairsOnce) {
  JsonDocument document;
  ASSERT_EQ(document.Parse("[\"a\xFF\",\"\\ud83d\",\"\\ude00x\",\"\\\\ud83d\",1e400]"),
            Result::kOk);
  std::vector<std::string> values;
  document.root().ForEachElement([&](const JsonValue& value) { values.emplace_back(value.raw()); });
  EXPECT_EQ(values,
            (Values{"\"a\xEF\xBF\xBD\"", R"("\ufffd")", R"("\ufffdx")", R"("\\ud83d")", "1e400"}));
  ASSERT_EQ(document.lone_surrogates().size(), 2u);
  EXPECT_EQ(document.lone_surrogates()[0].unit, 0xD83D);
  EXPECT_EQ(document.lone_surrogates()[1].unit, 0xDE00);
  ASSERT_EQ(document.Parse("[]"), Result::kOk);
  EXPECT_TRUE(document.lone_surrogates().empty());
}

TEST(JsonReaderTest, SkipsAByteOrderMark) {
  EXPECT_EQ(RawValues("\xEF\xBB\xBF[1]"), (Values{"[1]", "1"}));
}

TEST(JsonReaderTest, OfDuplicateKeysTheLastIsSeen) {
  JsonDocument document;
  ASSERT_EQ(document.Parse(R"({"a":1,"b":2,"\u0061":3})"), Result::kOk);
  EXPECT_EQ(document.duplicate_key_offset(), 1u);
  EXPECT_EQ(RawValues(R"({"a":1,"b":2,"\u0061":3})"),
            (Values{R"({"a":1,"b":2,"\u0061":3})", "\"b\"", "2", R"("\u0061")", "3"}));
  EXPECT_EQ(document.root().Find("a")->raw(), "3");
  ASSERT_EQ(document.Parse(R"({"a":{"a":1},"b":{"a":1}})"), Result::kOk);
  EXPECT_EQ(document.duplicate_key_offset(), std::nullopt);
}

TEST(JsonReaderTest, FindsDuplicatesAmongManyKeys) {
  std::string json = "{";
  for (int i = 0; i < 1000; ++i) json += "\"k" + std::to_string(i) + "\":0,";
  JsonDocument document;
  const std::string unique = json + "\"z\":1}";
  const std::string repeated = json + "\"k7\":1}";
  ASSERT_EQ(document.Parse(unique), Result::kOk);
  EXPECT_EQ(document.duplicate_key_offset(), std::nullopt);
  EXPECT_EQ(document.root().size(), 1001u);
  ASSERT_EQ(document.Parse(repeated), Result::kOk);
  EXPECT_EQ(document.duplicate_key_offset(), json.find("\"k7\""));
  EXPECT_EQ(document.root().Find("k7")->raw(), "1");
}

TEST(JsonReaderTest, CountsDepth) {
  JsonDocument document;
  EXPECT_EQ(document.Parse(std::string(64, '[') + std::string(64, ']')), Result::kOk);
  EXPECT_EQ(document.Parse(std::string(65, '[') + std::string(65, ']')), Result::kTooDeep);
  EXPECT_EQ(document.Parse(std::string(5'000'000, '[')), Result::kTooDeep);
}

TEST(JsonReaderTest, ReadsOnAfterItShrank) {
  JsonDocument document;
  const std::string large =
      "[" + std::string(100000, ' ') + "\"" + std::string(100000, 'x') + "\\n\"]";
  ASSERT_EQ(document.Parse(large), Result::kOk);
  document.Shrink();
  ASSERT_EQ(document.Parse("[1]"), Result::kOk);
  document.Shrink();  // small: nothing to give back
  EXPECT_EQ(document.root().raw(), "[1]");
}

TEST(JsonReaderTest, CountsElementsAndMembers) {
  JsonDocument document;
  ASSERT_EQ(document.Parse(R"([[1,2],{"a":"b","c":[]},"x",{}])"), Result::kOk);
  EXPECT_EQ(document.root().size(), 4u);
  std::vector<uint32_t> sizes;
  document.root().ForEachElement([&](const JsonValue& value) {
    if (!value.is(JsonKind::kString)) sizes.push_back(value.size());
  });
  EXPECT_EQ(sizes, (std::vector<uint32_t>{2, 2, 0}));
}

}  // namespace
}  // namespace sparkgate
