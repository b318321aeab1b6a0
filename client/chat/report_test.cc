#include "client/chat/report.h"

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

v1::TokenLogprob* Add(const std::string& token, double logprob, v1::Choice* choice) {
  v1::TokenLogprob* added = choice->mutable_logprobs()->add_content();
  added->set_token(token);
  added->set_logprob(logprob);
  return added;
}

void AddOther(const std::string& token, double logprob, v1::TokenLogprob* to) {
  v1::TopLogprob* other = to->add_top_logprobs();
  other->set_token(token);
  other->set_logprob(logprob);
}

constexpr char kHeading[] =
    "logprobs: token, log probability, probability, what else could have stood there\n";

TEST(LogprobsText, ALineForEachToken) {
  v1::ChatResponse response;
  v1::Choice* choice = response.add_choices();
  v1::TokenLogprob* first = Add("The", -0.25, choice);
  AddOther("The", -0.25, first);
  AddOther(" a", -1.5, first);
  AddOther("\n", -12.25, first);
  Add(" é\"\x01", 0, choice);
  EXPECT_EQ(LogprobsText(response), std::string(kHeading) +
                                        "  \"The\"         -0.2500   77.9 %  \" a\" -1.5000, "
                                        "\"\\n\" -12.2500\n"
                                        "  \" é\\\"\\x01\"     0.0000  100.0 %\n");
}

TEST(LogprobsText, ATokenWithoutOneHasADash) {
  v1::ChatResponse response;
  v1::Choice* choice = response.add_choices();
  choice->mutable_logprobs()->add_content()->set_token("a");
  Add("b", -1, choice);
  EXPECT_EQ(LogprobsText(response), std::string(kHeading) +
                                        "  \"a\"          -        -\n"
                                        "  \"b\"    -1.0000   36.8 %\n");
}

TEST(LogprobsText, SeveralAnswersHaveHeadingsAndAnAbsentTableIsSaid) {
  v1::ChatResponse response;
  response.add_choices();
  EXPECT_EQ(LogprobsText(response), "logprobs: the upstream gave none\n");
  v1::Choice* second = response.add_choices();
  second->set_index(1);
  Add("a", -1, second);
  EXPECT_EQ(LogprobsText(response),
            "--- answer 1 ---\nlogprobs: the upstream gave none\n"
            "--- answer 2 ---\n" +
                std::string(kHeading) + "  \"a\"    -1.0000   36.8 %\n");
}

TEST(ModelsText, NameContextAndWhatItSupports) {
  v1::ListModelsResponse models;
  v1::Model* large = models.add_data();
  large->set_id("accounts/a/models/large");
  large->set_context_length(163840);
  large->set_supports_chat(true);
  large->set_supports_image_input(true);
  large->set_supports_tools(true);
  v1::Model* small = models.add_data();
  small->set_id("small");
  small->set_context_length(8);
  small->set_supports_chat(true);
  small->set_supports_tools(false);
  models.add_data()->set_id("silent");
  EXPECT_EQ(ModelsText(models),
            "accounts/a/models/large  163840 tokens  chat,images,tools\n"
            "small                    8 tokens       chat\n"
            "silent                   -              -\n");
}

TEST(ModelsText, NoModelsNoLines) { EXPECT_EQ(ModelsText({}), ""); }

v1::ExplainChatResponse Explained() {
  v1::ExplainChatResponse explained;
  explained.set_method("POST");
  explained.set_url("https://host/v1/chat/completions");
  (*explained.mutable_headers())["user-agent"] = "u";
  (*explained.mutable_headers())["authorization"] = "redacted";
  explained.set_body_json(R"({"a":1.10})");
  explained.set_stream_body_json(R"({"a":1.10,"stream":true})");
  return explained;
}

constexpr char kHead[] =
    "POST https://host/v1/chat/completions\nauthorization: redacted\nuser-agent: u\n\n";

TEST(ExplainText, TheBodyOfTheCallThatWouldBeMade) {
  EXPECT_EQ(ExplainText(Explained(), true, false),
            std::string(kHead) + "{\"a\":1.10,\"stream\":true}\n");
  EXPECT_EQ(ExplainText(Explained(), false, false), std::string(kHead) + "{\"a\":1.10}\n");
}

TEST(ExplainText, IndentedForAPerson) {
  EXPECT_EQ(ExplainText(Explained(), false, true), std::string(kHead) + "{\n  \"a\": 1.10\n}\n");
}

}  // namespace
}  // namespace sparkgate::client
