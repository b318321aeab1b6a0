#include "client/extra_joiner.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sparkgate::client {
namespace {

std::string Joined(const std::vector<std::string>& texts) {
  ExtraJoiner joiner;
  for (const std::string& text : texts) joiner.Add(text);
  return joiner.Text();
}

TEST(ExtraJoiner, NothingIsNothing) {
  EXPECT_EQ(Joined({}), "");
  EXPECT_EQ(Joined({"", "[1]", "no", "7"}), "");
  EXPECT_EQ(Joined({"{}"}), "{}");
}

TEST(ExtraJoiner, WhatCameOnceKeepsEveryByte) {
  EXPECT_EQ(Joined({R"({"a":1.10,"b":[ 1e400, {"c" : -0} ],"\u0064":"\u00e9"})"}),
            R"({"a":1.10,"b":[ 1e400, {"c" : -0} ],"\u0064":"\u00e9"})");
  EXPECT_EQ(Joined({R"({"a":[ 1 ]})", R"({"b":{ }})", "broken", R"({"c":9007199254740993})"}),
            R"({"a":[ 1 ],"b":{ },"c":9007199254740993})");
}

TEST(ExtraJoiner, StringsGrow) {
  EXPECT_EQ(Joined({R"({"refusal":"I ca"})", R"({"refusal":"n\u006eot"})", R"({"refusal":""})"}),
            R"({"refusal":"I can\u006eot"})");
}

TEST(ExtraJoiner, WordsThatAreSaidAgainDoNotGrow) {
  EXPECT_EQ(Joined({R"({"type":"x","id":"1","index":"0","format":"f","t":"a"})",
                    R"({"type":"x","id":"1","index":"0","format":"f","t":"b"})"}),
            R"({"type":"x","id":"1","index":"0","format":"f","t":"ab"})");
}

TEST(ExtraJoiner, ObjectsAreJoinedMemberByMember) {
  EXPECT_EQ(Joined({R"({"v":{"sig":"a","n":{"x":1}}})", R"({"v":{"sig":"b","n":{"y":[2]}}})",
                    R"({"v":{"n":{"x":3,"y":[4]}}})"}),
            R"({"v":{"sig":"ab","n":{"x":3,"y":[2,4]}}})");
}

TEST(ExtraJoiner, OtherwiseTheLastCountsAndNullIsNoValue) {
  EXPECT_EQ(Joined({R"({"a":1,"b":true,"c":"x","d":null,"e":[1]})",
                    R"({"a":2,"b":false,"c":7,"d":"y","e":null})"}),
            R"({"a":2,"b":false,"c":7,"d":"y","e":[1]})");
}

TEST(ExtraJoiner, ArraysGrow) {
  EXPECT_EQ(Joined({R"({"a":[1,"x"]})", R"({"a":[]})", R"({"a":[ {"type":"t"} ]})",
                    R"({"a":[{"type":"t"}]})"}),
            R"({"a":[1,"x",{"type":"t"},{"type":"t"}]})");
}

TEST(ExtraJoiner, ElementsOfOneIndexAreOne) {
  EXPECT_EQ(
      Joined(
          {R"({"reasoning_details":[{"type":"reasoning.text","text":"We","format":"f","index":0}]})",
           R"({"reasoning_details":[{"type":"reasoning.text","text":" th","format":"f","index":0}]})",
           R"({"reasoning_details":[{"type":"reasoning.summary","summary":"s","index":1},{"type":"reasoning.text","text":"ink","index":0}]})",
           R"({"reasoning_details":[{"type":"reasoning.text","text":null,"signature":"c2ln","index":0}]})",
           R"({"reasoning_details":[{"type":"reasoning.encrypted","data":"QQ","index":0}]})"}),
      R"({"reasoning_details":[)"
      R"({"type":"reasoning.text","text":"We think","format":"f","index":0,"signature":"c2ln"},)"
      R"({"type":"reasoning.summary","summary":"s","index":1},)"
      R"({"type":"reasoning.encrypted","data":"QQ","index":0}]})");
}

TEST(ExtraJoiner, ContentInPiecesOfParts) {
  EXPECT_EQ(
      Joined(
          {R"({"content":[{"type":"thinking","thinking":[{"type":"text","text":"h"}]}]})",
           R"({"content":[{"type":"thinking","thinking":[{"type":"text","text":"m"}],"closed":true}]})",
           R"({"content":[{"type":"text","text":"Hel"}]})",
           R"({"content":[{"type":"text","text":"l"},{"type":"text","text":"o"}]})",
           R"({"content":[{"type":"reference","ids":[1]}]})",
           R"({"content":[{"type":"reference","ids":[2]}]})",
           R"({"content":[{"type":"text","text":"!"}]})"}),
      R"({"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}],"closed":true},)"
      R"({"type":"text","text":"Hello"},{"type":"reference","ids":[1]},)"
      R"({"type":"reference","ids":[2]},{"type":"text","text":"!"}]})");
}

TEST(ExtraJoiner, AKeyMayBeWrittenInAnotherWay) {
  EXPECT_EQ(Joined({R"({"ab":"1"})", R"({"\u0061b":"2"})"}), R"({"ab":"12"})");
}

TEST(ExtraJoiner, ManyPiecesOfALongTextAreNotReadAgain) {
  ExtraJoiner joiner;
  const std::string piece(1000, 'x');
  for (int i = 0; i < 20'000; ++i) {
    joiner.Add(R"({"details":[{"index":0,"text":")" + piece + "\"}]}");
  }
  const std::string empty = R"({"details":[{"index":0,"text":""}]})";
  EXPECT_EQ(joiner.Text().size(), 20'000 * piece.size() + empty.size());
}

}  // namespace
}  // namespace sparkgate::client
