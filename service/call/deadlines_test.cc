#include "service/call/deadlines.h"

#include <gtest/gtest.h>

namespace sparkgate::call {
namespace {

using std::chrono::seconds;

constexpr Clock::time_point kStart{seconds(1000)};

TEST(Deadlines, OneRunsOnlyInItsPhases) {
  Deadlines deadlines;
  deadlines.Enter(Phase::kAwaitingHead);
  deadlines.Set(Deadline::kTotal, kStart);
  deadlines.Set(Deadline::kForceCancel, kStart);  // not before Finish
  EXPECT_FALSE(deadlines.IsSet(Deadline::kForceCancel));
  deadlines.Enter(Phase::kAnswer);
  EXPECT_TRUE(deadlines.IsSet(Deadline::kTotal));
  deadlines.Enter(Phase::kDelivering);
  EXPECT_FALSE(deadlines.IsSet(Deadline::kTotal));
  EXPECT_EQ(deadlines.Next(), Clock::time_point::max());
}

TEST(Deadlines, TheFirstInOrderIsTakenAndCleared) {
  Deadlines deadlines;
  deadlines.Enter(Phase::kAnswer);
  deadlines.Set(Deadline::kIdle, kStart);
  deadlines.Set(Deadline::kTotal, kStart + seconds(1));
  EXPECT_EQ(deadlines.Next(), kStart);
  EXPECT_EQ(deadlines.TakeDue(kStart - seconds(1)), std::nullopt);
  EXPECT_EQ(deadlines.TakeDue(kStart + seconds(2)), Deadline::kTotal);
  EXPECT_EQ(deadlines.TakeDue(kStart + seconds(2)), Deadline::kIdle);
  EXPECT_EQ(deadlines.TakeDue(kStart + seconds(2)), std::nullopt);
}

TEST(Deadlines, TheUpstreamsStandStillWhileItHasToWait) {
  Deadlines deadlines;
  deadlines.Enter(Phase::kAnswer);
  deadlines.Set(Deadline::kNextContent, kStart + seconds(10));
  deadlines.Set(Deadline::kWrite, kStart + seconds(30));
  deadlines.StopUpstream(true, kStart);
  deadlines.StopUpstream(true, kStart + seconds(15));  // a second reason changes nothing
  EXPECT_EQ(deadlines.Next(), kStart + seconds(30));
  EXPECT_EQ(deadlines.TakeDue(kStart + seconds(20)), std::nullopt);
  deadlines.StopUpstream(false, kStart + seconds(20));
  EXPECT_EQ(deadlines.Next(), kStart + seconds(30));
  EXPECT_EQ(deadlines.TakeDue(kStart + seconds(30)), Deadline::kNextContent);
}

}  // namespace
}  // namespace sparkgate::call
