#include "service/translate/joined_text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sparkgate::translate {
namespace {

using Repeats = GrowingText::Repeats;

// All that `texts` add, with `!` for one that contradicts.
std::string Added(const std::vector<std::string>& texts, Repeats documented = Repeats::kAll) {
  GrowingText growing;
  std::string all;
  for (const std::string& text : texts) all += growing.NewPart(text, documented).value_or("!");
  return all;
}

TEST(GrowingTextTest, TheTextSoFarGivesItsEnd) {
  EXPECT_EQ(Added({"a", "ab", "ab", "abc"}), "abc");
  EXPECT_EQ(Added({"", "a", "", "ab"}), "ab");
  EXPECT_EQ(Added({"a", "ab", "abc"}, Repeats::kNothing), "abc");
}

TEST(GrowingTextTest, IncrementsAreAppended) {
  EXPECT_EQ(Added({"Hel", "lo", "Hel"}), "HelloHel");
  EXPECT_EQ(Added({"ha", "ha"}, Repeats::kNothing), "haha");
  EXPECT_EQ(Added({"a", "b", "ab"}), "abab");
}

TEST(GrowingTextTest, WhatContradictsAddsNothing) {
  EXPECT_EQ(Added({"a", "ab", "x"}), "ab!");
  EXPECT_EQ(Added({"a", "ab", "x", "abc"}), "ab!c");
}

TEST(GrowingTextTest, BesideDeltasOnlyWhatIsNewCounts) {
  GrowingText growing;
  growing.Append("w ");
  EXPECT_EQ(growing.NewPart("w ", Repeats::kAll), "");
  growing.Append("w ");
  EXPECT_EQ(growing.NewPart("w w ", Repeats::kNothing), "");
  EXPECT_EQ(growing.NewPart("w w !", Repeats::kAll), "!");
  EXPECT_EQ(growing.NewPart("other", Repeats::kNothing), std::nullopt);
}

}  // namespace
}  // namespace sparkgate::translate
