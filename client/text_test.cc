#include "client/text.h"

#include <gtest/gtest.h>

namespace sparkgate::client {
namespace {

TEST(Text, MakesControlCharactersHarmless) {
  EXPECT_EQ(ForTerminal("a\tb\nü😀"), "a\tb\nü😀");
  EXPECT_EQ(ForTerminal("\x1b]0;title\x07"), "\uFFFD]0;title\uFFFD");
  EXPECT_EQ(ForTerminal("a\rb\x7f"), "a\uFFFDb\uFFFD");
  EXPECT_EQ(ForTerminal("\u009b2J"), "\uFFFD2J");
}

}  // namespace
}  // namespace sparkgate::client
