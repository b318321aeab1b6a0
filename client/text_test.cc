#include "client/text.h"

#include <gtest/gtest.h>

namespace sparkgate::client {
namespace {

TEST(Text, KnowsUtf8) {
  for (const char* good : {"", "a", "é", "€", "😀", "\xF4\x8F\xBF\xBF", "\xED\x9F\xBF"}) {
    EXPECT_TRUE(IsValidUtf8(good)) << good;
  }
  for (const char* bad :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\xE2\x82y", "a\xFF"}) {
    EXPECT_FALSE(IsValidUtf8(bad));
  }
}

TEST(Text, AppendsEveryLength) {
  std::string text;
  for (const uint32_t point : {0x41u, 0xE9u, 0x20ACu, 0x1F600u}) AppendUtf8(point, &text);
  EXPECT_EQ(text, "Aé€😀");
}

TEST(Text, MakesControlCharactersHarmless) {
  EXPECT_EQ(ForTerminal("a\tb\nü😀"), "a\tb\nü😀");
  EXPECT_EQ(ForTerminal("\x1b]0;title\x07"), "\uFFFD]0;title\uFFFD");
  EXPECT_EQ(ForTerminal("a\rb\x7f"), "a\uFFFDb\uFFFD");
  EXPECT_EQ(ForTerminal("\u009b2J"), "\uFFFD2J");
}

}  // namespace
}  // namespace sparkgate::client
