#include "client/json.h"

#include <gtest/gtest.h>

namespace sparkgate::client {
namespace {

TEST(JsonIndent, EachMemberAndElementHasItsLine) {
  EXPECT_EQ(IndentJson(R"({"a":[1,{"b":{}}],"c":[]})"),
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": {}\n    }\n  ],\n  \"c\": []\n}");
}

TEST(JsonIndent, PiecesStayAsTheyAreWritten) {
  EXPECT_EQ(IndentJson(R"( [ 1.10 ,-0, "a  \u0041, {" , null ] )"),
            "[\n  1.10,\n  -0,\n  \"a  \\u0041, {\",\n  null\n]");
  EXPECT_EQ(IndentJson(" 7 "), "7");
}

// The reader would put U+FFFD in its place, and a file must not be sent changed.
TEST(ParseJson, RefusesHalvesOfSurrogatePairs) {
  JsonDocument document;
  EXPECT_EQ(ParseJson("{\n\"a\":\"\\ud83d\"}", &document).message(),
            "line 2, column 6: half of a surrogate pair, which is no character");
  EXPECT_TRUE(ParseJson(R"("\ud83d\ude00")", &document).ok());
  EXPECT_EQ(IndentJson(R"(["\ud83d"])"), R"(["\ud83d"])");
}

TEST(JsonIndent, WhatIsNotJsonStays) { EXPECT_EQ(IndentJson("{\"a\":}"), "{\"a\":}"); }

}  // namespace
}  // namespace sparkgate::client
