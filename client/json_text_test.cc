#include "client/json_text.h"

#include <gtest/gtest.h>

namespace sparkgate::client {
namespace {

TEST(JsonText, AcceptsJson) {
  for (const char* good : {"null", " true ", "-0", "1e400", "0.10", "\"a\\u00e9\\n\"", "[]", "{}",
                           "[1, [2], {\"a\":3}]", "{\"a\" : {\"b\":[null,false]} , \"c\":\"\"}",
                           "\"\\ud800\"", "1E+5"}) {
    EXPECT_TRUE(CheckJson(good).ok()) << good << CheckJson(good);
  }
}

TEST(JsonText, RefusesWhatIsNoJson) {
  for (const char* bad :
       {"",         " ",    "tru",   "01",       "1.",       ".5",      "+1",
        "-",        "1e",   "NaN",   "'a'",      "\"a",      "\"\\x\"", "\"\\u12g4\"",
        "\"a\nb\"", "[1,]", "[1 2]", "{\"a\"}",  "{\"a\":}", "{a:1}",   "{\"a\":1,}",
        "[",        "{",    "1 2",   "\"\xff\"", "\"\\"}) {
    EXPECT_FALSE(CheckJson(bad).ok()) << bad;
  }
}

TEST(JsonText, NamesThePlace) {
  const absl::Status status = CheckJson("{\n  \"a\": 1,\n  \"b\" 2\n}");
  EXPECT_EQ(std::string(status.message()), "line 3, column 7: a colon is expected");
}

TEST(JsonText, GoesSixtyFourDeepAndNoFurther) {
  EXPECT_TRUE(CheckJson(std::string(64, '[') + std::string(64, ']')).ok());
  EXPECT_FALSE(CheckJson(std::string(65, '[') + std::string(65, ']')).ok());
  EXPECT_FALSE(CheckJson(std::string(1'000'000, '[')).ok());
}

TEST(JsonText, CutsWithoutChangingAnything) {
  const auto members = MembersOf(" { \"a\" : 1.10 , \"b\\u0062\":{ \"x\":[1 , 2]} ,\"a\":null } ");
  ASSERT_EQ(members.size(), 3u);
  EXPECT_EQ(members[0].key, "\"a\"");
  EXPECT_EQ(members[0].value, "1.10");
  EXPECT_EQ(members[1].key, "\"b\\u0062\"");
  EXPECT_EQ(members[1].value, "{ \"x\":[1 , 2]}");
  EXPECT_EQ(members[2].value, "null");
  const auto elements = ElementsOf("[ 1e400,\"a,b\" ,[ ], {}]");
  EXPECT_EQ(elements, (std::vector<std::string_view>{"1e400", "\"a,b\"", "[ ]", "{}"}));
  EXPECT_TRUE(ElementsOf("[ ]").empty());
  EXPECT_TRUE(MembersOf("{ }").empty());
}

TEST(JsonText, KnowsKinds) {
  EXPECT_EQ(KindOf(" {}"), JsonKind::kObject);
  EXPECT_EQ(KindOf("[]"), JsonKind::kArray);
  EXPECT_EQ(KindOf("\"\""), JsonKind::kString);
  EXPECT_EQ(KindOf("false"), JsonKind::kBool);
  EXPECT_EQ(KindOf("null"), JsonKind::kNull);
  EXPECT_EQ(KindOf("-1"), JsonKind::kNumber);
}

TEST(JsonText, ReadsStrings) {
  EXPECT_EQ(TextOf("\"\""), "");
  EXPECT_EQ(TextOf("\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20AC\""), "a\"\\/\b\f\n\r\tAé€");
  EXPECT_EQ(TextOf("\"\\ud83d\\ude00\""), "😀");
  for (const char* half :
       {"\"\\ud83d\"", "\"\\ude00\"", "\"\\ud83dx\"", "\"\\ud83d\\u0041\"", "\"\\ud83d\\n\""}) {
    EXPECT_EQ(TextOf(half), std::nullopt) << half;
  }
}

}  // namespace
}  // namespace sparkgate::client
