// Plays every checked-in input through its fuzz target: a target that finds something wrong ends
// the process.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fuzz/cost.h"
#include "tests/fuzz/fuzz.h"

namespace sparkgate::fuzz {
namespace {

constexpr size_t kMaxCorpusBytes = 200 * 1024;

std::string Read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

struct Row {
  const char* corpus;
  Target target;
};

class ReplayTest : public testing::TestWithParam<Row> {};

TEST_P(ReplayTest, EveryInput) {
  int played = 0;
  size_t bytes = 0;
  const std::filesystem::path folder = std::string("tests/fuzz/corpus/") + GetParam().corpus;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    SCOPED_TRACE(entry.path());
    // Before the input is played: a target that fails ends the process.
    RecordProperty("last_input", entry.path().filename().string());
    const std::string input = Read(entry.path());
    PlayWithinCost(GetParam().target, reinterpret_cast<const uint8_t*>(input.data()), input.size());
    bytes += input.size();
    ++played;
  }
  EXPECT_GE(played, 3);
  EXPECT_LE(bytes, kMaxCorpusBytes / 6);
}

TEST_P(ReplayTest, NothingAtAll) { EXPECT_EQ(GetParam().target(nullptr, 0), 0); }

INSTANTIATE_TEST_SUITE_P(All, ReplayTest,
                         testing::Values(Row{"sse", FuzzSse}, Row{"chat_answer", FuzzChatAnswer},
                                         Row{"chunks", FuzzChunks},
                                         Row{"error_body", FuzzErrorBody},
                                         Row{"headers", FuzzHeaders}, Row{"metadata", FuzzMetadata},
                                         Row{"request", FuzzRequest}),
                         [](const auto& info) { return std::string(info.param.corpus); });

TEST(CostTest, GrowsWithTheInputAtMost) {
  EXPECT_TRUE(IsWithin({200 << 10, 400'000}, 0));
  EXPECT_TRUE(IsWithin({4 << 20, 20'000'000}, 64 << 10));
  EXPECT_FALSE(IsWithin({8 << 20, 0}, 64 << 10));
  EXPECT_FALSE(IsWithin({0, 16'000 * 16'000 / 2}, 64 << 10));
}

#if defined(__SANITIZE_ADDRESS__)
TEST(CostTest, CountsWhatWasAllocatedAtOnce) {
  const Target target = [](const uint8_t*, size_t size) {
    std::vector<char> kept(size);
    std::string(2 * size, 'x');
    std::string(3 * size, 'x');
    return 0;
  };
  const size_t peak = CostOf(target, nullptr, 1000).peak_bytes;
  EXPECT_GE(peak, 4000u);
  EXPECT_LE(peak, 4100u);
}
#endif

// A check that cannot fail would make every replay pass.
TEST(FuzzCheckDeathTest, EndsTheProcess) { EXPECT_DEATH(FUZZ_CHECK(1 == 2), "1 == 2"); }

}  // namespace
}  // namespace sparkgate::fuzz
