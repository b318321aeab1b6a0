#include "simulator/text.h"

#include <gtest/gtest.h>

#include <vector>

namespace sparkgate::simulator {
namespace {

std::vector<std::string> Tokens(std::string_view text) {
  std::vector<std::string> tokens;
  while (!text.empty()) {
    tokens.emplace_back(TakeToken(&text));
  }
  return tokens;
}

TEST(TextTest, TokensAreWordsWithTheirSpaceAndSingleSigns) {
  using V = std::vector<std::string>;
  EXPECT_EQ(Tokens("Hello, big world!"), (V{"Hello", ",", " big", " world", "!"}));
  EXPECT_EQ(Tokens("a  b"), (V{"a", " ", " b"}));
  EXPECT_EQ(Tokens(" "), (V{" "}));
  EXPECT_EQ(Tokens(""), V{});
  EXPECT_EQ(Tokens("né 😀😀x"), (V{"né", " ", "😀", "😀", "x"}));
}

TEST(TextTest, ALongWordIsCutBetweenCharacters) {
  std::string word;
  for (int i = 0; i < 40; ++i) word += "é";
  for (const std::string& token : Tokens("a" + word)) {
    EXPECT_NE(static_cast<unsigned char>(token[0]) & 0xC0, 0x80);
    EXPECT_LE(token.size(), 18u);
  }
}

TEST(TextTest, StoryHasExactlyTheLengthAndDependsOnTheSeedAlone) {
  for (int tokens : {0, 1, 7, 100, 1000}) EXPECT_EQ(CountTokens(StoryText(5, tokens)), tokens);
  EXPECT_EQ(StoryText(5, 50), StoryText(5, 50));
  EXPECT_NE(StoryText(5, 50), StoryText(6, 50));
  EXPECT_EQ(StoryText(5, 100).substr(0, StoryText(5, 50).size()), StoryText(5, 50));
}

TEST(TextTest, FirstTokensStopsAtTheEnd) {
  EXPECT_EQ(FirstTokens("one two three", 2), "one two");
  EXPECT_EQ(FirstTokens("one", 9), "one");
}

TEST(TextTest, JsonStringsEscapeWhatMustBeEscaped) {
  EXPECT_EQ(JsonString("a\"b\\c\nd\x01"
                       "é"),
            "\"a\\\"b\\\\c\\nd\\u0001é\"");
}

TEST(TextTest, SurrogatePairs) {
  std::string high, low;
  SurrogateEscapes("😀", &high, &low);
  EXPECT_EQ(high, "\\ud83d");
  EXPECT_EQ(low, "\\ude00");
}

TEST(TextTest, NumbersOfTokensAreStable) {
  EXPECT_EQ(StableHash(""), 0xCBF29CE484222325ULL);
  EXPECT_EQ(TokenId("fox"), TokenId("fox"));
  EXPECT_LT(TokenId("fox"), 128000);
  EXPECT_LE(TokenLogprob("fox"), 0);
}

}  // namespace
}  // namespace sparkgate::simulator
