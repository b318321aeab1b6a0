#include "service/rpc/request_reader.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace sparkgate::rpc {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using std::chrono::system_clock;

constexpr int64_t kNow = 1'800'000'000;
constexpr steady_clock::time_point kSteadyNow{hours(5)};

std::optional<steady_clock::time_point> At(int64_t tv_sec, int32_t tv_nsec = 0) {
  return FromWireDeadline({tv_sec, tv_nsec, GPR_CLOCK_REALTIME},
                          system_clock::time_point(seconds(kNow)), kSteadyNow);
}

TEST(Deadline, KeepsItsDistanceFromNow) {
  EXPECT_EQ(At(kNow), kSteadyNow);
  EXPECT_EQ(At(kNow + 3, 500'000'000), kSteadyNow + milliseconds(3500));
  EXPECT_EQ(At(kNow - 1), kSteadyNow - seconds(1));
  EXPECT_EQ(At(kNow + 364 * 86'400), kSteadyNow + hours(364 * 24));
}

TEST(Deadline, FarAheadIsNone) {
  EXPECT_EQ(At(std::numeric_limits<int64_t>::max()), std::nullopt);
  EXPECT_EQ(At(kNow + int64_t{99'999'999} * 3600), std::nullopt);  // the longest on the wire
  EXPECT_EQ(At(kNow + int64_t{2'562'048} * 3600), std::nullopt);   // grpc-go's longest
  EXPECT_EQ(At(kNow + int64_t{10'000} * 3600), std::nullopt);
}

TEST(Deadline, LongPastIsPassed) {
  EXPECT_EQ(At(std::numeric_limits<int64_t>::min()), kSteadyNow);
  EXPECT_EQ(At(0), kSteadyNow);
}

// gRPC measures the deadlines of calls by its monotonic clock.
TEST(Deadline, OfTheMonotonicClockIsConverted) {
  const auto deadline =
      gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_seconds(60, GPR_TIMESPAN));
  const auto now = steady_clock::now();
  const auto found = FromWireDeadline(deadline, system_clock::now(), now);
  ASSERT_TRUE(found.has_value());
  EXPECT_GT(*found, now + seconds(50));
  EXPECT_LT(*found, now + seconds(61));
  EXPECT_EQ(FromWireDeadline(gpr_inf_future(GPR_CLOCK_MONOTONIC), system_clock::now(), now),
            std::nullopt);
}

}  // namespace
}  // namespace sparkgate::rpc
