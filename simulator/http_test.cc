#include "simulator/http.h"

#include <gtest/gtest.h>

#include <cstdio>

namespace sparkgate::simulator {
namespace {

std::string Hex(const std::string& bytes) {
  std::string hex;
  char digits[3];
  for (unsigned char c : bytes) {
    std::snprintf(digits, sizeof(digits), "%02x", c);
    hex += digits;
  }
  return hex;
}

TEST(HttpTest, HeadsKeepTheOrderAndTheNamesOfFields) {
  EXPECT_EQ(HeadText(200, {{"b", "1"}, {"a", "2"}}), "HTTP/1.1 200 OK\r\nb: 1\r\na: 2\r\n\r\n");
  EXPECT_EQ(HeadText(529, {}).substr(0, 13), "HTTP/1.1 529 ");
}

TEST(HttpTest, ResponsesHaveTheirLength) {
  EXPECT_EQ(ResponseText(404, {{"a", "b"}}, "gone"),
            "HTTP/1.1 404 Not Found\r\na: b\r\ncontent-length: 4\r\n\r\ngone");
}

TEST(HttpTest, ChunksAndTheirEnd) {
  EXPECT_EQ(HttpChunk(std::string(26, 'x')), "1a\r\n" + std::string(26, 'x') + "\r\n");
  EXPECT_EQ(LastHttpChunk(), "0\r\n\r\n");
  EXPECT_EQ(LastHttpChunk({{"a", "b"}}), "0\r\na: b\r\n\r\n");
}

TEST(HttpTest, Events) { EXPECT_EQ(SseEvent("{}"), "data: {}\n\n"); }

// Taken from another implementation of gzip, which reads it back.
TEST(HttpTest, GzipIsValid) {
  EXPECT_EQ(Hex(GzipText("hello")), "1f8b08000000000000ff010500faff68656c6c6f86a6103605000000");
}

TEST(HttpTest, GzipOfMuchTakesSeveralBlocks) {
  const std::string packed = GzipText(std::string(70'000, 'x'));
  EXPECT_EQ(packed.size(), 10u + 5u + 65'535u + 5u + 4'465u + 8u);
  EXPECT_EQ(packed[10], 0);
  EXPECT_EQ(packed[10 + 5 + 65'535], 1);
}

}  // namespace
}  // namespace sparkgate::simulator
