#include "tests/bench/mark.h"

#include <gtest/gtest.h>

namespace sparkgate::bench {
namespace {

TEST(MarkScanner, FindsMarksHoweverTheyAreCut) {
  const std::string bytes = "#head" + Mark(0, 100) + "##" + Mark(1, 200) + Mark(2, 300) + "tail#";
  for (size_t piece = 1; piece <= bytes.size(); ++piece) {
    MarkScanner scanner;
    std::vector<int64_t> delays;
    for (size_t at = 0; at < bytes.size(); at += piece) {
      scanner.Feed(std::string_view(bytes).substr(at, piece), 1000, &delays);
    }
    EXPECT_TRUE(scanner.in_order()) << piece;
    EXPECT_EQ(delays, (std::vector<int64_t>{900, 800, 700})) << piece;
  }
}

TEST(MarkScanner, NoticesWhatIsMissingOrTwice) {
  for (const std::string& bytes : {Mark(1, 0), Mark(0, 0) + Mark(0, 0), Mark(0, 0) + Mark(2, 0)}) {
    MarkScanner scanner;
    std::vector<int64_t> delays;
    scanner.Feed(bytes, 0, &delays);
    EXPECT_FALSE(scanner.in_order()) << bytes;
  }
}

}  // namespace
}  // namespace sparkgate::bench
