#include "service/translate/joined_text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sparkgate::translate {
namespace {

using Habit = GrowingText::Habit;

// All that `texts` add, with `!` for one that contradicts.
std::string Added(const std::vector<std::string>& texts, Habit habit = Habit::kWhole) {
  GrowingText growing;
  std::string all;
  for (const std::string& text : texts) all += growing.NewPart(text, habit).value_or("!");
  return all;
}

TEST(GrowingTextTest, TheTextSoFarGivesItsEnd) {
  EXPECT_EQ(Added({"a", "ab", "ab", "abc"}), "abc");
  EXPECT_EQ(Added({"", "a", "", "ab"}), "ab");
  EXPECT_EQ(Added({"a", "ab", "abc"}, Habit::kIncrements), "abc");
}

TEST(GrowingTextTest, IncrementsAreAppended) {
  EXPECT_EQ(Added({"Hel", "lo", "Hel"}), "HelloHel");
  EXPECT_EQ(Added({"ha", "ha"}, Habit::kIncrements), "haha");
  EXPECT_EQ(Added({"a", "b", "ab"}), "abab");
}

TEST(GrowingTextTest, WhatContradictsAddsNothing) {
  EXPECT_EQ(Added({"a", "ab", "x"}), "ab!");
  EXPECT_EQ(Added({"a", "ab", "x", "abc"}), "ab!c");
}

TEST(GrowingTextTest, BesideDeltasOnlyWhatIsNewCounts) {
  GrowingText growing;
  growing.Append("w ");
  EXPECT_EQ(growing.NewPart("w ", Habit::kWhole), "");
  growing.Append("w ");
  EXPECT_EQ(growing.NewPart("w w ", Habit::kIncrements), "");
  EXPECT_EQ(growing.NewPart("w w !", Habit::kWhole), "!");
  EXPECT_EQ(growing.NewPart("other", Habit::kIncrements), std::nullopt);
}

}  // namespace
}  // namespace sparkgate::translate
