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

TEST(JsonIndent, WhatIsNotJsonStays) { EXPECT_EQ(IndentJson("{\"a\":}"), "{\"a\":}"); }

}  // namespace
}  // namespace sparkgate::client
