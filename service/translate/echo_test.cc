// An answer's message that is sent again: what of its extra_json goes upstream.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/json_reader.h"
#include "service/translate/request_encoder.h"
#include "service/translate/response_decoder.h"

namespace sparkgate::translate {
namespace {

v1::ChatRequest RequestWith(const v1::ChatMessage& message) {
  v1::ChatRequest request;
  request.set_model("m");
  *request.add_messages() = message;
  return request;
}

// What stands in the list of messages for `message`.
std::string Encoded(const v1::ChatMessage& message, const EchoOptions& echo = {}) {
  EncodeOptions options;
  options.echo = echo;
  UpstreamBody body;
  const CallStatus status = EncodeRequest(RequestWith(message), options, &body);
  if (!status.ok()) return "error: " + status.message;
  const size_t begin = body.json.find('[') + 1;
  std::string all = body.json.substr(begin);
  return all.substr(0, all.rfind("]"));
}

v1::ChatMessage Assistant(const std::string& extra_json) {
  v1::ChatMessage message;
  message.set_role("assistant");
  message.set_extra_json(extra_json);
  return message;
}

v1::ChatMessage AnswerOf(const std::string& upstream_message) {
  v1::ChatResponse response;
  const CallStatus status =
      DecodeChat(R"({"choices":[{"index":0,"message":)" + upstream_message + "}]}", {}, &response);
  EXPECT_TRUE(status.ok()) << status.message;
  return response.choices(0).message();
}

TEST(EchoTest, AnUpstreamFindsWhatItHadSent) {
  for (
      const std::string& message : std::vector<std::string>{
          R"({"role":"assistant","content":"a"})",
          R"({"role":"assistant","content":"a","reasoning_content":""})",
          R"({"role":"assistant","content":"a","annotations":[1.10,{"b":-0,"a":1e400}]})",
          R"({"role":"assistant","tool_calls":[{"id":"A","type":"function","function":{"name":"f","arguments":"{}","u":{"v":[]}},"extra_content":{"vendor":{"thought_signature":"Zm9v"}}}],"reasoning_details":[{"type":"sealed","data":"QQ"}]})",
          R"({"role":"assistant","tool_calls":[{"id":"A","type":"custom","custom":{"name":"f","input":"x"}}]})",
          R"({"role":"assistant","content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}],"closed":true},{"type":"text","text":"Hello"}]})",
          R"({"role":"assistant","content":[{"type":"text","text":"Hel"},{"type":"text","text":"lo"}],"x":1})",
          R"({"role":"assistant","content":[{"type":"picture","url":"u"}]})",
          R"({"role":"assistant","content":{"odd":1}})",
          R"({"role":"assistant","reasoning_content":"other","content":[{"type":"text","text":"Hello"}]})",
          R"({"role":"assistant","content":"a","key \"\u00e9\"":"\u00e9"})",
      }) {
    v1::ChatMessage answer = AnswerOf(message);
    const std::string again = Encoded(answer);
    // The order of members is not kept.
    JsonDocument expected, found;
    ASSERT_EQ(expected.Parse(message), JsonDocument::Result::kOk);
    ASSERT_EQ(found.Parse(again), JsonDocument::Result::kOk) << again;
    EXPECT_EQ(found.root().size(), expected.root().size()) << again;
    expected.root().ForEachMember([&](const JsonMember& member) {
      const auto value = found.root().Find(member.key);
      ASSERT_TRUE(value.has_value()) << member.key << " in " << again;
      EXPECT_EQ(value->raw(), member.value.raw()) << again;
    });
  }
}

TEST(EchoTest, TheIndexOfACallIsNotSent) {
  v1::ChatMessage message = Assistant("{}");
  v1::ToolCall* call = message.add_tool_calls();
  call->set_index(0);
  call->set_id("A");
  call->set_extra_json(R"({"index":5,"x":1})");
  EXPECT_EQ(Encoded(message), R"({"role":"assistant","tool_calls":[{"id":"A","x":1}]})");
}

TEST(EchoTest, ACallsOwnTypeIsNotMadeUp) {
  v1::ChatMessage message = Assistant("{}");
  v1::ToolCall* call = message.add_tool_calls();
  call->mutable_function()->set_name("f");
  call->set_extra_json(R"({"type":7})");
  EXPECT_EQ(Encoded(message),
            R"({"role":"assistant","tool_calls":[{"function":{"name":"f"},"type":7}]})");
}

TEST(EchoTest, NothingIsNothing) {
  EXPECT_EQ(Encoded(Assistant("")), R"({"role":"assistant"})");
  EXPECT_EQ(Encoded(Assistant(" { } ")), R"({"role":"assistant"})");
}

TEST(EchoTest, AFieldThatIsSetCounts) {
  EXPECT_EQ(Encoded(Assistant(R"({"role":7,"tool_call_id":1})")),
            R"({"role":"assistant","tool_call_id":1})");
}

TEST(EchoTest, TheCallersOwnJsonCountsMost) {
  v1::ChatMessage message = Assistant(R"({"x":1,"y":2,"content":[{"type":"text","text":"a"}]})");
  message.set_extra_body_json(R"({"x": 3,"content":null})");
  EXPECT_EQ(Encoded(message), R"({"role":"assistant","y":2,"x": 3,"content":null})");
  message.set_content("a");
  EXPECT_EQ(Encoded(message).substr(0, 6), "error:");  // against the field, as ever
}

TEST(EchoTest, ATextThatTheCallerChangedIsSent) {
  v1::ChatMessage message = AnswerOf(
      R"({"role":"assistant","content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"a"}],"x":1})");
  v1::ChatMessage changed = message;
  changed.set_content("b");
  EXPECT_EQ(Encoded(changed),
            R"({"role":"assistant","content":"b","reasoning_content":"hm","x":1})");
  changed = message;
  changed.set_reasoning_content("other");
  EXPECT_EQ(
      Encoded(changed),
      R"({"role":"assistant","reasoning_content":"other","content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"a"}],"x":1})");
  changed = message;
  changed.clear_content();
  changed.add_content_parts()->set_text("a");
  EXPECT_EQ(
      Encoded(changed),
      R"({"role":"assistant","content":[{"type":"text","text":"a"}],"reasoning_content":"hm","x":1})");
}

TEST(EchoTest, OnlyAssistantsWereAnswers) {
  for (const char* role : {"user", "system", "tool", "developer", "Assistant"}) {
    v1::ChatMessage message = Assistant("not even JSON");
    message.set_role(role);
    message.set_content("a");
    message.add_tool_calls()->set_extra_json("nor this");
    EXPECT_EQ(Encoded(message),
              R"({"role":")" + std::string(role) + R"(","content":"a","tool_calls":[{}]})");
  }
  v1::ChatMessage message = Assistant(R"({"x":1})");
  message.clear_role();
  message.set_extra_body_json(R"({"role":"assistant"})");
  EXPECT_EQ(Encoded(message), R"({"x":1,"role":"assistant"})");
}

TEST(EchoTest, OneMessageSaysNothingOfTheNext) {
  v1::ChatRequest request = RequestWith(Assistant("{}"));
  v1::ChatMessage* next = request.add_messages();
  next->set_role("user");
  next->add_tool_calls()->set_extra_json(R"({"x":1})");
  UpstreamBody body;
  ASSERT_TRUE(EncodeRequest(request, {}, &body).ok());
  EXPECT_EQ(body.json.find("\"x\""), std::string::npos) << body.json;
}

TEST(EchoTest, MayBeTurnedOff) {
  EchoOptions off;
  off.extra_json = false;
  v1::ChatMessage message = Assistant("not even JSON");
  message.set_content("a");
  message.add_tool_calls()->mutable_function()->set_extra_json(R"({"x":1})");
  EXPECT_EQ(
      Encoded(message, off),
      R"({"role":"assistant","content":"a","tool_calls":[{"type":"function","function":{}}]})");
}

TEST(EchoTest, NamesTheFieldThatIsWrong) {
  for (const char* json : {"[1]", "null", "\"x\"", "{", "{}{}", "{\"a\":\"\\ud83d\"}",
                           "{\"a\":\"\x01\"}", "{\"a\":NaN}"}) {
    v1::ChatRequest request = RequestWith(Assistant(json));
    v1::ToolCall* call = request.mutable_messages(0)->add_tool_calls();
    call->set_extra_json(json);
    call->mutable_function()->set_extra_json(json);
    UpstreamBody body;
    const CallStatus status = EncodeRequest(request, {}, &body);
    EXPECT_EQ(status.code, absl::StatusCode::kInvalidArgument) << json;
    ASSERT_EQ(status.violations.size(), 3u) << json;
    EXPECT_EQ(status.violations[0].field, "messages[0].extra_json");
    EXPECT_EQ(status.violations[1].field, "messages[0].tool_calls[0].extra_json");
    EXPECT_EQ(status.violations[2].field, "messages[0].tool_calls[0].function.extra_json");
  }
}

TEST(EchoTest, KeysThatTheUpstreamWroteTwiceAreAccepted) {
  v1::ChatRequest request = RequestWith(
      AnswerOf(R"({"role":"assistant","content":"a","x":1,"y":[{"id":"b","id":"c"}],"x":2})"));
  UpstreamBody body;
  const CallStatus status = EncodeRequest(request, {}, &body);
  ASSERT_TRUE(status.ok()) << status.message;
  EXPECT_NE(body.json.find(R"("content":"a","y":[{"id":"b","id":"c"}],"x":2})"), std::string::npos)
      << body.json;
}

TEST(EchoTest, ReasoningUnderTheUpstreamsName) {
  EchoOptions renamed;
  renamed.reasoning_key = "reasoning";
  v1::ChatMessage message = AnswerOf(R"({"role":"assistant","content":"a","reasoning":"hm"})");
  EXPECT_EQ(Encoded(message), R"({"role":"assistant","content":"a","reasoning_content":"hm"})");
  EXPECT_EQ(Encoded(message, renamed), R"({"role":"assistant","content":"a","reasoning":"hm"})");
  message.set_extra_json(R"({"reasoning":"other","reasoning_content":1})");
  EXPECT_EQ(Encoded(message, renamed), R"({"role":"assistant","content":"a","reasoning":"hm"})");
  message.set_extra_body_json(R"({"reasoning":"mine"})");
  EXPECT_EQ(Encoded(message, renamed).substr(0, 6), "error:");
  message.clear_reasoning_content();
  EXPECT_EQ(Encoded(message, renamed),
            R"({"role":"assistant","content":"a","reasoning_content":1,"reasoning":"mine"})");
}

}  // namespace
}  // namespace sparkgate::translate
