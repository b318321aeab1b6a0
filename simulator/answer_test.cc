#include "simulator/answer.h"

#include <gtest/gtest.h>

#include "simulator/text.h"

namespace sparkgate::simulator {
namespace {

constexpr char kTool[] =
    R"(,"tools":[{"type":"function","function":{"name":"sum","parameters":{"type":"object",)"
    R"("properties":{"a":{"type":"integer","minimum":3},"how":{"enum":["fast"]}}}}}])";

std::string Body(const std::string& more) {
  return R"({"model":"m","messages":[{"role":"user","content":"How are you?"}])" + more + "}";
}

Answer Make(const std::string& body, Content content = Content::kStory) {
  EXPECT_TRUE(Validate(body).empty()) << body;
  Plan plan;
  plan.content = content;
  plan.tokens = 40;
  plan.size = 100'000;
  return MakeAnswer(ParseChatRequest(body), plan, body, "chatcmpl-1", 1);
}

TEST(AnswerTest, TheSameSeedGivesTheSameStory) {
  const auto one = Make(Body(R"(,"seed":7)")), same = Make(Body(R"(,"seed":7)"));
  EXPECT_EQ(one.choices[0].content, same.choices[0].content);
  EXPECT_NE(one.choices[0].content, Make(Body(R"(,"seed":8)")).choices[0].content);
  EXPECT_EQ(one.choices[0].completion_tokens, 40);
  EXPECT_EQ(one.choices[0].finish_reason, "stop");
}

TEST(AnswerTest, ChoicesDiffer) {
  const auto answer = Make(Body(R"(,"n":3)"));
  ASSERT_EQ(answer.choices.size(), 3u);
  EXPECT_NE(answer.choices[0].content, answer.choices[1].content);
  EXPECT_EQ(answer.CompletionTokens(), 120);
}

TEST(AnswerTest, LimitsEndWithLength) {
  const auto answer = Make(Body(R"(,"max_tokens":5)"));
  EXPECT_EQ(CountTokens(answer.choices[0].content), 5);
  EXPECT_EQ(answer.choices[0].finish_reason, "length");
  EXPECT_EQ(Make(Body(R"(,"max_completion_tokens":40)")).choices[0].finish_reason, "stop");
  const auto endless = Make(Body(R"(,"ignore_eos":true,"max_tokens":70)"));
  EXPECT_EQ(endless.choices[0].completion_tokens, 70);
  EXPECT_EQ(endless.choices[0].finish_reason, "length");
}

TEST(AnswerTest, StopTextIsNotReturned) {
  const std::string whole = Make(Body("")).choices[0].content;
  const auto stopped = Make(Body(R"(,"stop":["."])")).choices[0];
  EXPECT_EQ(stopped.content, whole.substr(0, whole.find('.')));
  EXPECT_EQ(stopped.finish_reason, "stop");
}

TEST(AnswerTest, EchoShowsAnEmptySystemPromptAndNotAnAbsentOne) {
  const auto say = [](const std::string& messages) {
    const std::string body = R"({"model":"m","messages":[)" + messages + "]}";
    return Make(body, Content::kEcho).choices[0].content;
  };
  const std::string user = R"({"role":"user","content":"hi  there"})";
  EXPECT_EQ(say(user), "hi  there");
  EXPECT_EQ(say(R"({"role":"system","content":""},)" + user), "(system: \"\") hi  there");
  EXPECT_EQ(say(R"({"role":"system","content":"Be kind"},)" + user),
            "(system: \"Be kind\") hi  there");
  EXPECT_EQ(say(R"({"role":"user","content":[{"type":"text","text":"a"},)"
                R"({"type":"image_url","image_url":{"url":"u"}},{"type":"text","text":"b"}]})"),
            "ab");
}

TEST(AnswerTest, EchoRequestIsTheBody) {
  const std::string body = Body(R"(  ,  "temperature":0.10)");
  EXPECT_EQ(Make(body, Content::kEchoRequest).choices[0].content, body);
}

TEST(AnswerTest, ToolsAreCalledWhenOfferedAndNotForbidden) {
  const auto call = Make(Body(kTool)).choices[0];
  ASSERT_EQ(call.tool_calls.size(), 1u);
  EXPECT_EQ(call.tool_calls[0].name, "sum");
  EXPECT_EQ(call.tool_calls[0].arguments, R"({"a":3,"how":"fast"})");
  EXPECT_EQ(call.finish_reason, "tool_calls");
  EXPECT_EQ(call.content, "");

  EXPECT_TRUE(
      Make(Body(std::string(kTool) + R"(,"tool_choice":"none")")).choices[0].tool_calls.empty());
  EXPECT_TRUE(Make(Body(kTool), Content::kEcho).choices[0].tool_calls.empty());
  const std::string forced = R"(,"tool_choice":{"type":"function","function":{"name":"sum"}})";
  EXPECT_EQ(Make(Body(kTool + forced), Content::kEcho).choices[0].tool_calls.size(), 1u);
}

TEST(AnswerTest, ToolModelsCallWithoutAnOffer) {
  EXPECT_EQ(Make(Body(""), Content::kTools).choices[0].tool_calls.at(0).name, "get_weather");
  const auto two = Make(Body(""), Content::kParallelTools).choices[0].tool_calls;
  ASSERT_EQ(two.size(), 2u);
  EXPECT_NE(two[0].id, two[1].id);
  const auto broken = Make(Body(""), Content::kBrokenArguments).choices[0].tool_calls.at(0);
  EXPECT_NE(broken.arguments.back(), '}');
}

TEST(AnswerTest, AToolResultIsAnsweredWithText) {
  const std::string body =
      R"({"model":"m","messages":[{"role":"user","content":"x"},{"role":"tool","content":"4",)"
      R"("tool_call_id":"a"}])" +
      std::string(kTool) + "}";
  EXPECT_TRUE(Make(body).choices[0].tool_calls.empty());
  EXPECT_FALSE(Make(body).choices[0].content.empty());
}

TEST(AnswerTest, JsonModeFollowsTheSchema) {
  const auto text = Make(Body(R"(,"response_format":{"type":"json_schema","json_schema":{)"
                              R"("name":"x","schema":{"properties":{"b":{"const":1},)"
                              R"("a":{"type":"array","items":{"const":"z"}}}}}})"));
  EXPECT_EQ(text.choices[0].content, R"({"b":1,"a":["z"]})");
  EXPECT_EQ(Make(Body(R"(,"response_format":{"type":"json_object"})")).choices[0].content[0], '{');
}

TEST(AnswerTest, ReasoningWhenAskedFor) {
  EXPECT_NE(Make(Body(R"(,"reasoning_effort":"low")")).choices[0].reasoning, "");
  EXPECT_NE(Make(Body(R"(,"thinking":{"type":"enabled"})")).choices[0].reasoning, "");
  EXPECT_NE(Make(Body(""), Content::kReasoning).choices[0].reasoning, "");
  EXPECT_EQ(Make(Body(R"(,"reasoning_effort":false)")).choices[0].reasoning, "");
}

TEST(AnswerTest, EchoOfThePromptIsNotCounted) {
  const auto all = Make(Body(R"(,"echo":true,"max_tokens":3)")).choices[0];
  EXPECT_EQ(all.content.substr(0, all.echoed), "How are you?");
  EXPECT_EQ(all.completion_tokens, 3);
  const auto last = Make(Body(R"(,"echo_last":2,"max_tokens":3)")).choices[0];
  EXPECT_EQ(last.content.substr(0, last.echoed), " you?");
}

TEST(AnswerTest, BigIsBig) {
  EXPECT_EQ(Make(Body(""), Content::kBig).choices[0].content.size(), 100'000u);
}

TEST(AnswerTest, PromptTokensCountEveryMessage) {
  EXPECT_EQ(Make(Body("")).request.prompt_tokens, 8);
}

}  // namespace
}  // namespace sparkgate::simulator
