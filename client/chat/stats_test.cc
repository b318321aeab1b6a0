#include "client/chat/stats.h"

#include <gtest/gtest.h>

namespace sparkgate::client {
namespace {

using std::chrono::milliseconds;

v1::StreamChatResponse Piece(const std::string& content) {
  v1::StreamChatResponse message;
  message.add_choices()->mutable_delta()->set_content(content);
  return message;
}

TEST(Stats, ShowsTokensTimesAndMetrics) {
  v1::ChatResponse response;
  response.set_model("m");
  response.mutable_usage()->set_prompt_tokens(10);
  response.mutable_usage()->mutable_prompt_tokens_details()->set_cached_tokens(4);
  response.mutable_usage()->set_completion_tokens(21);
  response.mutable_usage()->mutable_completion_tokens_details()->set_reasoning_tokens(5);
  response.mutable_usage()->set_total_tokens(31);
  response.mutable_perf_metrics()->set_server_time_to_first_token(0.25);
  response.mutable_perf_metrics()->set_deployment("d1");
  response.mutable_perf_metrics()->set_prompt_tokens(10);
  (*response.mutable_perf_metrics()->mutable_other())["new-metric"] = "7";
  const Stopwatch::Clock::time_point start;
  Stopwatch watch(start);
  watch.Add(Piece(""), start + milliseconds(100));
  watch.Add(Piece("a"), start + milliseconds(500));
  watch.Add(Piece("b"), start + milliseconds(900));
  watch.Stop(start + milliseconds(2500));
  EXPECT_EQ(StatsText(response, watch, "r1"),
            "model: m\n"
            "tokens: 10 prompt (4 cached) + 21 generated (5 reasoning) = 31\n"
            "time: 0.500 s to first token, 2.500 s in all, 10.0 tokens/s\n"
            "upstream:\n"
            "  prompt-tokens: 10\n"
            "  server-time-to-first-token: 0.250000\n"
            "  deployment: d1\n"
            "  new-metric: 7\n"
            "request id: r1\n");
}

TEST(Stats, AWholeAnswerHasItsSpeedOverTheWholeTime) {
  v1::ChatResponse response;
  response.mutable_usage()->set_completion_tokens(20);
  const Stopwatch::Clock::time_point start;
  Stopwatch watch(start);
  watch.Stop(start + milliseconds(2000));
  EXPECT_EQ(StatsText(response, watch, ""),
            "tokens: 0 prompt + 20 generated = 0\ntime: 2.000 s in all, 10.0 tokens/s\n");
}

TEST(Stats, WhatIsNotKnownIsNotMadeUp) {
  const Stopwatch::Clock::time_point start;
  Stopwatch watch(start);
  watch.Stop(start + milliseconds(1));
  EXPECT_EQ(StatsText({}, watch, ""), "tokens: not counted\ntime: 0.001 s in all\n");
}

}  // namespace
}  // namespace sparkgate::client
