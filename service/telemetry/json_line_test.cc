#include "service/telemetry/json_line.h"

#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>

#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "service/config/secrets.h"

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

}  // namespace
}  // namespace sparkgate::telemetry
