#include "service/config/limits.h"

#include <sys/resource.h>

#include <algorithm>
#include <string>

#include "gtest/gtest.h"

namespace sparkgate::config {
namespace {

TEST(LimitsTest, FitsWhatIsLeftAutomatic) {
  const struct {
    int calls, connections;
    int64_t descriptors;
    int fitted_calls, fitted_connections;
  } cases[] = {
      {0, 0, 1024, 672, 224},        {0, 0, 130, 1, 1},
      {0, 0, 1048576, 65536, 16384}, {100, 0, 1024, 100, 796},
      {0, 100, 1024, 796, 100},      {500, 396, 1024, 500, 396},
      {100, 0, 1048576, 100, 16384}, {500000, 0, 1048576, 500000, 16384},
      {895, 0, 1024, 895, 1},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(testing::Message() << c.calls << " " << c.connections << " " << c.descriptors);
    const absl::StatusOr<Limits> limits = FitLimits(c.calls, c.connections, c.descriptors);
    ASSERT_TRUE(limits.ok()) << limits.status();
    EXPECT_EQ(limits->max_calls, c.fitted_calls);
    EXPECT_EQ(limits->max_connections, c.fitted_connections);
    EXPECT_LE(limits->max_calls + limits->max_connections + 128, c.descriptors);
  }
}

TEST(LimitsTest, RefusesWhatDescriptorsCannotHoldWithTheNumbers) {
  const absl::StatusOr<Limits> limits = FitLimits(500, 397, 1024);
  ASSERT_FALSE(limits.ok());
  const std::string message(limits.status().message());
  for (const char* part : {"500", "397", "128", "1025", "1024", "--max_calls", "ulimit -n 1025"}) {
    EXPECT_NE(message.find(part), std::string::npos) << message;
  }
  EXPECT_FALSE(FitLimits(0, 0, 129).ok());
  EXPECT_FALSE(FitLimits(0, 0, 0).ok());
  EXPECT_FALSE(FitLimits(896, 0, 1024).ok());
  EXPECT_FALSE(FitLimits(0, 896, 1024).ok());
}

TEST(LimitsTest, RaisesTheSoftLimit) {
  rlimit before = {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 64;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  const int64_t raised = RaiseDescriptorLimit();
  rlimit after = {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &after), 0);
  EXPECT_EQ(after.rlim_cur, before.rlim_max);
  EXPECT_EQ(static_cast<rlim_t>(raised), std::min<rlim_t>(after.rlim_cur, 1 << 30));
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
}

}  // namespace
}  // namespace sparkgate::config
