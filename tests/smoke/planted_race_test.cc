// Runs under ThreadSanitizer alone: a race that is there must be found, with the options that all
// other tests run with. Without this a sanitizer that went blind would look like clean code.
#include <gtest/gtest.h>

#include <thread>

namespace {

int shared = 0;

void Race() {
  std::thread other([] { ++shared; });
  ++shared;
  other.join();
}

TEST(PlantedRaceDeathTest, IsFound) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        for (int i = 0; i < 1000; ++i) Race();
      },
      testing::ExitedWithCode(66), "data race");
}

}  // namespace
