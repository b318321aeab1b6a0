#include "service/telemetry/log.h"

#include <poll.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "service/config/secrets.h"
#include "service/telemetry/testing/log_capture.h"

namespace sparkgate::telemetry {
namespace {

using std::string_view_literals::operator""sv;

static_assert(!std::is_constructible_v<Value, config::Secret>, "a key must not become a field");

std::string Text(std::string_view text) {
  std::string line;
  AppendJsonText(text, &line);
  return line;
}

TEST(JsonLineTest, HasLevelTimeMessageAndFields) {
  const std::chrono::system_clock::time_point time{std::chrono::microseconds(951782400000042)};
  const std::string name = "x";
  const std::string line = JsonLine(Level::kWarning, time, "hello",
                                    {{"text", name},
                                     {"yes", true},
                                     {"small", -3},
                                     {"least", std::numeric_limits<int64_t>::min()},
                                     {"most", std::numeric_limits<uint64_t>::max()},
                                     {"ratio", 1234567.25},
                                     {"nan", std::nan("")}});
  EXPECT_EQ(line,
            "{\"level\":\"warning\",\"time\":\"2000-02-29T00:00:00.000042Z\",\"message\":\"hello\","
            "\"text\":\"x\",\"yes\":true,\"small\":-3,\"least\":-9223372036854775808,"
            "\"most\":18446744073709551615,\"ratio\":1234567.25,\"nan\":null}\n");
  EXPECT_FALSE(nlohmann::json::parse(line, nullptr, false).is_discarded());
}

TEST(JsonLineTest, EscapesText) {
  EXPECT_EQ(Text("a\"b\\c\nd\te\r\x01\x7f/"), "\"a\\\"b\\\\c\\nd\\te\\r\\u0001\\u007f/\"");
  EXPECT_EQ(Text(std::string_view("a\0b", 3)), "\"a\\u0000b\"");
  EXPECT_EQ(Text("\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x8D\xB5"),
            "\"\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x8D\xB5\"");
}

TEST(JsonLineTest, ReplacesWhatIsNoUtf8) {
  const std::string_view bad[] = {
      "\x80"sv,         "\xC0\x80"sv,         "\xC1\xBF"sv,         "\xE0\x9F\xBF"sv,
      "\xED\xA0\x80"sv, "\xF0\x8F\xBF\xBF"sv, "\xF4\x90\x80\x80"sv, "\xF5\x80\x80\x80"sv,
      "\xFF"sv,         "\xE2\x82"sv,         "\xF0\x9F\x8D"sv,     "\xC3"sv,
  };
  for (std::string_view text : bad) {
    const std::string line = Text(std::string("a").append(text).append("b"));
    SCOPED_TRACE(line);
    EXPECT_EQ(line.substr(0, 5), "\"a\xEF\xBF\xBD");
    EXPECT_EQ(line.substr(line.size() - 2), "b\"");
    EXPECT_FALSE(nlohmann::json::parse(line, nullptr, false).is_discarded());
  }
}

TEST(JsonLineTest, BoundsTextAtAWholeCharacter) {
  EXPECT_EQ(Text(std::string(kMaxTextBytes, 'x')), "\"" + std::string(kMaxTextBytes, 'x') + "\"");
  EXPECT_EQ(Text(std::string(kMaxTextBytes + 1, 'x')),
            "\"" + std::string(kMaxTextBytes, 'x') + "...\"");
  EXPECT_EQ(Text(std::string(kMaxTextBytes - 1, 'x') + "\xE2\x82\xAC"),
            "\"" + std::string(kMaxTextBytes - 1, 'x') + "...\"");
  EXPECT_LE(Text(std::string(1 << 20, '\x01')).size(), 6 * kMaxTextBytes + 5);
}

TEST(LevelTest, NamesAreReadBack) {
  for (Level level : {Level::kDebug, Level::kInfo, Level::kWarning, Level::kError}) {
    EXPECT_EQ(ParseLevel(LevelName(level)), level);
  }
  EXPECT_EQ(ParseLevel("Info"), std::nullopt);
  EXPECT_EQ(ParseLevel(""), std::nullopt);
}

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

// Three times what a pipe holds.
void LogTooMuch(Logger* logger) {
  const std::string text(1000, 'x');
  for (int i = 0; i < 200; ++i) logger->Log(Level::kInfo, text);
}

TEST(LogTest, EndsAlthoughNobodyReads) {
  LogCapture capture;
  LoggerOptions options = To(capture);
  options.flush_time = std::chrono::milliseconds(1);
  {
    Logger logger(options);
    LogTooMuch(&logger);
  }
  EXPECT_GT(capture.Finish().size(), 0u);
}

TEST(LogTest, FlushesWhatWasLogged) {
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  LoggerOptions options;
  options.fd = fds[1];
  options.gather_time = std::chrono::hours(1);
  options.flush_time = std::chrono::minutes(1);
  Logger logger(options);
  logger.Log(Level::kInfo, "last words");
  logger.Flush();
  char bytes[256];
  const ssize_t size = read(fds[0], bytes, sizeof(bytes));
  EXPECT_NE(std::string_view(bytes, size).find("last words"), std::string_view::npos);
  close(fds[0]);
  close(fds[1]);
}

TEST(LogTest, FlushGivesUpOnAStuckReader) {
  LogCapture capture;
  LoggerOptions options = To(capture);
  options.flush_time = std::chrono::milliseconds(1);
  std::optional<Logger> logger(options);
  LogTooMuch(&*logger);
  logger->Flush();  // waits neither for ever nor until somebody reads
  capture.Read();
  logger.reset();
  EXPECT_GT(capture.Finish().size(), 0u);
}

TEST(LogTest, GathersLinesButNotOverHalfTheQueue) {
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  LoggerOptions options;
  options.fd = fds[1];
  options.gather_time = std::chrono::hours(1);
  options.max_queued_bytes = 4096;
  Logger logger(options);
  const std::string text(1000, 'x');
  logger.Log(Level::kInfo, text);
  pollfd lines = {fds[0], POLLIN, 0};
  EXPECT_EQ(poll(&lines, 1, 50), 0);  // it waits for more
  logger.Log(Level::kInfo, text);
  EXPECT_EQ(poll(&lines, 1, 60'000), 1);
  close(fds[0]);
  close(fds[1]);
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
