#include <gtest/gtest.h>

#include "simulator/chat_request.h"
#include "simulator/field_table.h"

namespace sparkgate::simulator {
namespace {

using Kind = Violation::Kind;

std::string Body(const std::string& more) {
  return R"({"model":"m","messages":[{"role":"user","content":"hi"}])" + more + "}";
}

std::string Message(const std::string& members) {
  return R"({"model":"m","messages":[{"role":"user")" + members + "}]}";
}

struct Case {
  std::string body;
  Kind kind;
  std::string path;
};

TEST(RequestValidatorTest, AcceptsWhatTheUpstreamDocuments) {
  const std::string bodies[] = {
      Body(""),
      Body(R"(,"stream":true,"stream_options":{"include_usage":true})"),
      Body(R"(,"temperature":0,"top_p":0.5,"n":2,"stop":"x","seed":null)"),
      Body(R"(,"stop":["a","b"],"logit_bias":{"5":-1.5},"metadata":{"a":"b"})"),
      Body(R"(,"logprobs":true,"reasoning_effort":"max")"),
      Body(R"(,"logprobs":5,"reasoning_effort":512)"),
      Body(R"(,"thinking":{"type":"enabled","budget_tokens":1024})"),
      Body(R"(,"tools":[{"type":"function","function":{"name":"f","parameters":{"any":[1]}}}])"),
      Body(R"(,"tool_choice":{"type":"function","function":{"name":"f"}})"),
      Body(R"(,"response_format":{"type":"json_schema","json_schema":{"x":{"y":1}}})"),
      Body(R"(,"prediction":{"type":"content","content":[{"type":"text","text":"t"}]})"),
      Body(R"(,"speculation":[1,2],"min_tokens":1,"prompt_cache_max_len":0)"),
      Message(R"(,"content":null)"),
      Message(R"(,"content":[{"type":"image_url","image_url":{"url":"u","detail":"low"}}])"),
      Message(R"(,"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{"}}])"),
  };
  for (const std::string& body : bodies) {
    const auto violations = Validate(body);
    EXPECT_TRUE(violations.empty()) << body << "\n" << violations.front().message;
  }
}

TEST(RequestValidatorTest, FindsEachViolationWithItsPath) {
  const Case cases[] = {
      {"{", Kind::kBrokenJson, ""},
      {"[]", Kind::kBrokenJson, ""},
      {R"({"messages":[{"role":"user"}]})", Kind::kMissing, "model"},
      {R"({"model":"m"})", Kind::kMissing, "messages"},
      {R"({"model":"m","messages":[]})", Kind::kValue, "messages"},
      {R"({"model":"m","messages":"hi"})", Kind::kType, "messages"},
      {R"({"model":"m","messages":["hi"]})", Kind::kType, "messages[0]"},
      {R"({"model":"m","messages":[{"content":"x"}]})", Kind::kMissing, "messages[0].role"},
      {Body(R"(,"colour":1)"), Kind::kExtra, "colour"},
      {Message(R"(,"reasoning":"x")"), Kind::kExtra, "messages[0].reasoning"},
      {Message(R"(,"content":[{"type":"text","text":"t","lang":"de"}])"), Kind::kExtra,
       "messages[0].content.list[ChatMessageContent][0].lang"},
      {Message(R"(,"content":[{"type":"image_url","image_url":{"url":"u","w":1}}])"), Kind::kExtra,
       "messages[0].content.list[ChatMessageContent][0].image_url.w"},
      {Message(R"(,"tool_calls":[{"index":0,"function":{"name":"f"}}])"), Kind::kExtra,
       "messages[0].tool_calls[0].index"},
      {Body(R"(,"stream_options":{"buffer_ms":1})"), Kind::kExtra, "stream_options.buffer_ms"},
      {Body(R"(,"tools":[{"type":"function","function":{"name":"f","x":1}}])"), Kind::kExtra,
       "tools[0].function.x"},
      {Body(R"(,"tool_choice":{"type":"function","name":"f","function":{"name":"f"}})"),
       Kind::kExtra, "tool_choice.name"},
      {Body(R"(,"temperature":"hot")"), Kind::kType, "temperature"},
      {Body(R"(,"max_tokens":1.5)"), Kind::kType, "max_tokens"},
      {Body(R"(,"n":null)"), Kind::kType, "n"},
      {Body(R"(,"stop":[1])"), Kind::kType, "stop[0]"},
      {Body(R"(,"metadata":{"a":1})"), Kind::kType, "metadata.a"},
      {Body(R"(,"max_tokens":1,"max_completion_tokens":1)"), Kind::kConflict,
       "max_completion_tokens"},
      {Body(R"(,"thinking":{"type":"disabled"},"reasoning_effort":"low")"), Kind::kConflict,
       "thinking"},
      {Body(R"(,"reasoning_effort":"hard")"), Kind::kValue, "reasoning_effort"},
  };
  for (const Case& c : cases) {
    const auto violations = Validate(c.body);
    ASSERT_EQ(violations.size(), 1u) << c.body;
    EXPECT_EQ(violations[0].kind, c.kind) << c.body;
    EXPECT_EQ(violations[0].path, c.path) << c.body;
  }
}

TEST(RequestValidatorTest, SaysItInTheUpstreamsWords) {
  const auto violations = Validate(Message(R"(,"reasoning":"because")"));
  ASSERT_EQ(violations.size(), 1u);
  EXPECT_EQ(violations[0].message,
            "Extra inputs are not permitted, field: 'messages[0].reasoning', value: 'because'");
}

TEST(RequestValidatorTest, CutsALongValueBetweenCharacters) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += "é";
  const auto violations = Validate(Body(R"(,"x":")" + text + "\""));
  ASSERT_EQ(violations.size(), 1u);
  EXPECT_LT(violations[0].message.size(), 300u);
  EXPECT_EQ(violations[0].message.substr(violations[0].message.size() - 5), "é...");
}

TEST(RequestValidatorTest, RefusesDepthThatWouldExhaustTheStack) {
  const std::string deep = std::string(100000, '[') + std::string(100000, ']');
  const auto violations = Validate(Body(",\"x\":" + deep));
  ASSERT_EQ(violations.size(), 1u);
  EXPECT_EQ(violations[0].kind, Kind::kBrokenJson);
}

TEST(RequestValidatorTest, TheTableHasLostNoTopLevelField) {
  const FieldTable& table = RequestFieldTable();
  EXPECT_EQ(table.root, "ChatCompletionRequest");
  // 46 of the published schema, stream_options, and 11 that the server takes beyond it; new ones
  // come.
  EXPECT_GE(table.objects.at(table.root).size(), 58u);
}

}  // namespace
}  // namespace sparkgate::simulator
