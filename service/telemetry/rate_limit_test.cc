#include <atomic>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "service/telemetry/log.h"

namespace sparkgate::telemetry {
namespace {

using std::chrono::milliseconds;

TEST(RateLimitTest, CountsWhatItHoldsBack) {
  RateLimit limit(2);
  const RateLimit::Clock::time_point start{std::chrono::hours(1)};
  EXPECT_EQ(limit.Take(start), 0u);
  EXPECT_EQ(limit.Take(start + milliseconds(1)), 0u);
  EXPECT_EQ(limit.Take(start + milliseconds(2)), std::nullopt);
  EXPECT_EQ(limit.Take(start + milliseconds(999)), std::nullopt);
  EXPECT_EQ(limit.Take(start + milliseconds(1000)), 2u);
  EXPECT_EQ(limit.Take(start + milliseconds(1001)), 0u);
  EXPECT_EQ(limit.Take(start + milliseconds(1002)), std::nullopt);
  EXPECT_EQ(limit.Take(start + milliseconds(9000)), 1u);
}

TEST(RateLimitTest, HoldsForAllThreadsTogether) {
  RateLimit limit(10);
  const RateLimit::Clock::time_point now{std::chrono::hours(1)};
  std::atomic<int> taken{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 1000; ++j) taken += limit.Take(now).has_value() ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken, 10);
  EXPECT_EQ(limit.Take(now + milliseconds(1000)), 3990u);
}

}  // namespace
}  // namespace sparkgate::telemetry
