#include "service/telemetry/log.h"

#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "service/telemetry/testing/log_capture.h"

namespace sparkgate::telemetry {
namespace {

LoggerOptions To(const LogCapture& capture) {
  LoggerOptions options;
  options.fd = capture.fd();
  options.flush_time = std::chrono::seconds(60);
  return options;
}

TEST(LogTest, WritesLinesInOrder) {
  LogCapture capture;
  {
    Logger logger(To(capture));
    logger.Log(Level::kInfo, "first", {{"number", 1}});
    logger.Log(Level::kError, "second", {{"text", "two\nlines"}});
  }
  const auto lines = capture.Lines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0]["level"], "info");
  EXPECT_EQ(lines[0]["message"], "first");
  EXPECT_EQ(lines[0]["number"], 1);
  EXPECT_EQ(lines[0]["time"].get<std::string>().size(), 27u);
  EXPECT_EQ(lines[1]["level"], "error");
  EXPECT_EQ(lines[1]["text"], "two\nlines");
}

TEST(LogTest, LeavesLowerLevelsOut) {
  LogCapture capture;
  LoggerOptions options = To(capture);
  options.least = Level::kWarning;
  {
    Logger logger(options);
    EXPECT_FALSE(logger.Enabled(Level::kInfo));
    EXPECT_TRUE(logger.Enabled(Level::kWarning));
    logger.Log(Level::kDebug, "no");
    logger.Log(Level::kInfo, "no");
    logger.Log(Level::kWarning, "yes");
    logger.Log(Level::kError, "yes");
  }
  EXPECT_EQ(capture.Lines().size(), 2u);
}

TEST(LogTest, ManyThreadsLoseNothing) {
  LogCapture capture;
  capture.Read();
  {
    Logger logger(To(capture));
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&logger, i] {
        for (int j = 0; j < 500; ++j) logger.Log(Level::kInfo, "m", {{"thread", i}, {"line", j}});
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(logger.dropped(), 0u);
  }
  int next[4] = {};
  const auto lines = capture.Lines();
  ASSERT_EQ(lines.size(), 2000u);
  for (const auto& line : lines) EXPECT_EQ(line["line"], next[line["thread"].get<int>()]++);
}

TEST(LogTest, DropsCountsAndTellsWhenNobodyReads) {
  constexpr uint64_t kLines = 20000;
  LogCapture capture;
  LoggerOptions options = To(capture);
  options.max_queued_bytes = 16 * 1024;
  uint64_t dropped = 0;
  {
    Logger logger(options);
    // Far more than the pipe and the queue hold: this would hang if Log waited.
    for (uint64_t i = 0; i < kLines; ++i) logger.Log(Level::kInfo, "line", {{"number", i}});
    dropped = logger.dropped();
    EXPECT_GT(dropped, 0u);
    capture.Read();
  }
  uint64_t written = 0;
  uint64_t told = 0;
  for (const auto& line : capture.Lines()) {
    if (line["message"] == "line") ++written;
    if (line.contains("dropped")) told += line["dropped"].get<uint64_t>();
  }
  EXPECT_EQ(told, dropped);
  EXPECT_EQ(written + dropped, kLines);
}

TEST(LogTest, EndsAlthoughNobodyReads) {
  LogCapture capture;
  LoggerOptions options = To(capture);
  options.flush_time = std::chrono::milliseconds(1);
  {
    Logger logger(options);
    const std::string text(1000, 'x');
    for (int i = 0; i < 200; ++i) logger.Log(Level::kInfo, text);  // three times what a pipe holds
  }
  EXPECT_GT(capture.Finish().size(), 0u);
}

TEST(LogTest, EndsAlthoughTheReaderIsGone) {
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  close(fds[0]);
  LoggerOptions options;
  options.fd = fds[1];
  {
    Logger logger(options);
    logger.Log(Level::kInfo, "to nobody");
  }
  close(fds[1]);
}

TEST(LogTest, NoisySourcesAreHeldBack) {
  LogCapture capture;
  {
    Logger logger(To(capture));
    RateLimit limit(3);
    for (int i = 0; i < 50; ++i) logger.LogLimited(&limit, Level::kInfo, "again");
    RateLimit one(1);
    ASSERT_TRUE(one.Take(RateLimit::Clock::now() - std::chrono::seconds(2)).has_value());
    ASSERT_FALSE(one.Take(RateLimit::Clock::now() - std::chrono::seconds(2)).has_value());
    logger.LogLimited(&one, Level::kInfo, "after a pause", {{"number", 1}});
    logger.LogLimited(&one, Level::kDebug, "not even counted");
  }
  const auto lines = capture.Lines();
  // One second may end within the loop above, and three more lines come through.
  ASSERT_GE(lines.size(), 4u);
  ASSERT_LE(lines.size(), 7u);
  EXPECT_EQ(lines[0]["message"], "again");
  EXPECT_EQ(lines.back()["message"], "after a pause");
  EXPECT_EQ(lines.back()["held_back"], 1);
  EXPECT_EQ(lines.back()["number"], 1);
}

}  // namespace
}  // namespace sparkgate::telemetry
