// Plays every checked-in input through its fuzz target: a target that finds something wrong ends
// the process.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/fuzz/fuzz.h"

namespace sparkgate::fuzz {
namespace {

using Target = int (*)(const uint8_t* data, size_t size);

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
    EXPECT_EQ(GetParam().target(reinterpret_cast<const uint8_t*>(input.data()), input.size()), 0);
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

// A check that cannot fail would make every replay pass.
TEST(FuzzCheckDeathTest, EndsTheProcess) { EXPECT_DEATH(FUZZ_CHECK(1 == 2), "1 == 2"); }

}  // namespace
}  // namespace sparkgate::fuzz
