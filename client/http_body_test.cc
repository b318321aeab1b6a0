#include "client/http_body.h"

#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <string>

namespace sparkgate::client {
namespace {

// The request that `json` becomes, against a ChatRequest in text format.
void ExpectRequest(const std::string& json, const std::string& expected) {
  const auto body = ParseHttpBody(json);
  ASSERT_TRUE(body.ok()) << body.status();
  v1::ChatRequest request;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(expected, &request)) << expected;
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(body->request, request))
      << body->request.DebugString();
}

std::string Refusal(const std::string& json) {
  const auto body = ParseHttpBody(json);
  return body.ok() ? "accepted" : std::string(body.status().message());
}

// --- The bodies of the upstream's "common patterns" page.

TEST(HttpBody, MultiTurn) {
  ExpectRequest(R"({"model": "accounts/fireworks/models/deepseek-v3p1", "messages": [
      {"role": "system", "content": "You help with geography."},
      {"role": "user", "content": "Which town is France's capital?"},
      {"role": "assistant", "content": "Paris."},
      {"role": "user", "content": "How many live there?"}]})",
                R"(model: "accounts/fireworks/models/deepseek-v3p1"
      messages { role: "system" content: "You help with geography." }
      messages { role: "user" content: "Which town is France's capital?" }
      messages { role: "assistant" content: "Paris." }
      messages { role: "user" content: "How many live there?" })");
}

TEST(HttpBody, AnEmptySystemPromptIsNotAnAbsentOne) {
  ExpectRequest(R"({"messages":[{"role":"system","content":""}]})",
                R"(messages { role: "system" content: "" })");
  ExpectRequest(R"({"messages":[{"role":"system"}]})", R"(messages { role: "system" })");
  ExpectRequest(R"({"messages":[{"role":"assistant","content":null}]})",
                R"(messages { role: "assistant" })");
}

TEST(HttpBody, StreamingChoosesTheRpcAndLeavesTheRequest) {
  const std::string rest = R"("model":"m","messages":[{"role":"user","content":"A story"}])";
  const std::string request = R"(model: "m" messages { role: "user" content: "A story" })";
  ExpectRequest("{" + rest + R"(,"stream":true,"stream_options":{"include_usage":true}})", request);
  EXPECT_TRUE(ParseHttpBody("{" + rest + R"(,"stream":true})")->stream);
  EXPECT_FALSE(ParseHttpBody("{" + rest + R"(,"stream":false})")->stream);
  EXPECT_FALSE(ParseHttpBody("{" + rest + R"(,"stream":null})")->stream);
  EXPECT_FALSE(ParseHttpBody("{" + rest + "}")->stream);
}

TEST(HttpBody, PerformanceMetrics) {
  ExpectRequest(
      R"({"model":"m","messages":[{"role":"user","content":"Hello, world!"}],"stream":true,
          "perf_metrics_in_response":true})",
      R"(model: "m" messages { role: "user" content: "Hello, world!" }
         perf_metrics_in_response: true)");
}

// --- Every shape that differs.

TEST(HttpBody, EveryScalarKind) {
  ExpectRequest(
      R"({"temperature":0,"top_p":0.10,"top_k":40,"seed":9007199254740993,"max_tokens":0,
          "echo":false,"user":"","logit_bias":{"42":-1.5},"metadata":{"a":"b"}})",
      R"(temperature: 0 top_p: 0.1 top_k: 40 seed: 9007199254740993 max_tokens: 0
         echo: false user: "" logit_bias { key: "42" value: -1.5 }
         metadata { key: "a" value: "b" })");
}

TEST(HttpBody, Unions) {
  ExpectRequest(R"({"reasoning_effort":"low"})", R"(reasoning_effort: "low")");
  ExpectRequest(R"({"reasoning_effort":512})", R"(reasoning_effort_tokens: 512)");
  ExpectRequest(R"({"reasoning_effort":false})", R"(reasoning_effort_enabled: false)");
  ExpectRequest(R"({"logprobs":true})", R"(logprobs: true)");
  ExpectRequest(R"({"logprobs":3})", R"(logprobs_count: 3)");
  ExpectRequest(R"({"speculation":"so"})", R"(speculation: "so")");
  ExpectRequest(R"({"speculation":[1,2]})", R"(speculation_token_ids: [ 1, 2 ])");
  ExpectRequest(R"({"stop":"END"})", R"(stop: "END")");
  ExpectRequest(R"({"stop":["a","b"]})", R"(stop: "a" stop: "b")");
  ExpectRequest(R"({"prediction":"so"})", R"(prediction: "so")");
  ExpectRequest(R"({"prediction":{"type":"content","content":[{"type":"text","text":"so"}]}})",
                R"(prediction_parts { type: "text" text: "so" })");
  ExpectRequest(R"({"prediction":{"type":"content","content":"so"}})",
                R"(extra_body_json: '{"prediction":{"type":"content","content":"so"}}')");
  ExpectRequest(R"({"tool_choice":"auto"})", R"(tool_choice: "auto")");
  ExpectRequest(R"({"tool_choice":{"type":"function","function":{"name":"f"}}})",
                R"(tool_choice_function: "f")");
  ExpectRequest(R"({"tool_choice":{"type":"function","name":"f"}})",
                R"(extra_body_json: '{"tool_choice":{"type":"function","name":"f"}}')");
}

TEST(HttpBody, ContentParts) {
  ExpectRequest(
      R"({"messages":[{"role":"user","content":[{"type":"text","text":"What is it?"},
          {"type":"image_url","image_url":{"url":"https://e.x/a.png","detail":"low"}}]}]})",
      R"(messages { role: "user" content_parts { type: "text" text: "What is it?" }
           content_parts { type: "image_url" image_url { url: "https://e.x/a.png" detail: "low" } }
         })");
}

TEST(HttpBody, SchemasKeepTheirText) {
  ExpectRequest(
      R"({"tools":[{"type":"function","function":{"name":"f","strict":true,
          "parameters":{"z" : 1.10, "a":12345678901234567890}}}],
          "response_format":{"type":"json_schema","json_schema":{ "name":"n" }}})",
      R"(tools { type: "function" function { name: "f" strict: true
           parameters_json: '{"z" : 1.10, "a":12345678901234567890}' } }
         response_format { type: "json_schema" json_schema_json: '{ "name":"n" }' })");
  ExpectRequest(R"({"response_format":{"type":"json_object","schema":{"type":"object"}}})",
                R"(response_format { type: "json_object" schema_json: '{"type":"object"}' })");
}

TEST(HttpBody, ToolCallsAndTheirArguments) {
  ExpectRequest(
      R"({"messages":[{"role":"assistant","tool_calls":[{"id":"a","type":"function",
            "function":{"name":"f","arguments":"{\"x\": 1}"}}]},
          {"role":"tool","tool_call_id":"a","content":"2"}]})",
      R"(messages { role: "assistant" tool_calls { id: "a" type: "function"
           function { name: "f" arguments: "{\"x\": 1}" } } }
         messages { role: "tool" tool_call_id: "a" content: "2" })");
  ExpectRequest(
      R"({"messages":[{"tool_calls":[{"function":{"name":"f","arguments":{"x" : 1.0}}}]}]})",
      R"(messages { tool_calls { function { name: "f" arguments: '{"x" : 1.0}' } } })");
}

// --- What has no field.

TEST(HttpBody, UnknownMembersStayAtTheirLevelAndKeepTheirText) {
  ExpectRequest(
      R"({"new":1.10,"messages":[{"role":"user","na\u006de":"x","o":{"b":1e400,"a":-0}}],"m2":null,
          "tools":[{"t":[],"function":{"name":"f","u":1}}],
          "response_format":{"type":"text","v":"\ud800"}})",
      R"(messages { role: "user" extra_body_json: '{"na\\u006de":"x","o":{"b":1e400,"a":-0}}' }
         tools { function { name: "f" extra_body_json: '{"u":1}' } extra_body_json: '{"t":[]}' }
         response_format { type: "text" extra_body_json: '{"v":"\\ud800"}' }
         extra_body_json: '{"new":1.10,"m2":null}')");
}

TEST(HttpBody, ANullForAKnownMemberIsAbsence) {
  ExpectRequest(R"({"temperature":null,"tools":null,"stop":null,"logprobs":null})", "");
}

TEST(HttpBody, AValueThatNoFieldHoldsPassesAsItIs) {
  for (const char* member : {R"("temperature":"hot")",
                             R"("temperature":1e400)",
                             R"("max_tokens":1.0)",
                             R"("max_tokens":3000000000)",
                             R"("seed":18446744073709551616)",
                             R"("n":"2")",
                             R"("messages":"hi")",
                             R"("messages":[1])",
                             R"("messages":[])",
                             R"("tools":[])",
                             R"("logit_bias":{})",
                             R"("logit_bias":{"1":null})",
                             R"("stop":[1])",
                             R"("model":"")",
                             R"("model":"\ud800")",
                             R"("response_format":"json")",
                             R"("user":{"id":1})",
                             R"("extra_body_json":"{}")",
                             R"("content_parts":[])",
                             R"("logprobs_count":1)"}) {
    const std::string json = std::string("{") + member + "}";
    const auto body = ParseHttpBody(json);
    ASSERT_TRUE(body.ok()) << json;
    v1::ChatRequest expected;
    expected.set_extra_body_json(json);
    EXPECT_EQ(body->request.SerializeAsString(), expected.SerializeAsString())
        << body->request.DebugString();
  }
}

TEST(HttpBody, AMessageThatCannotTakeUnknownMembersGoesWholeIntoTheOneAroundIt) {
  ExpectRequest(
      R"({"messages":[{"tool_calls":[{"id":"a","index":0,"function":{"name":"f","x":1}}]}]})",
      R"(messages { tool_calls { id: "a"
           extra_body_json: '{"index":0,"function":{"name":"f","x":1}}' } })");
}

TEST(HttpBody, RefusesWhatIsNoBody) {
  EXPECT_EQ(Refusal(""), "line 1, column 1: a JSON value is expected");
  EXPECT_EQ(Refusal("[]"), "the body must be a JSON object");
  EXPECT_EQ(Refusal(R"({"stream":1})"), "stream: true or false is expected");
  EXPECT_EQ(Refusal(R"({"model":"a","model":"b"})"), "model: duplicate member");
  EXPECT_EQ(Refusal(R"({"stream":true,"stream":true})"), "stream: duplicate member");
  EXPECT_EQ(Refusal(R"({"messages":[{},{"role":"a","r\u006fle":"b"}]})"),
            "messages[1].role: duplicate member");
  EXPECT_EQ(Refusal(R"({"metadata":{"a":"b","a":"c"}})"), "metadata.a: duplicate member");
  EXPECT_EQ(Refusal(R"({"new":1,"new":2})"), "new: duplicate member");
}

}  // namespace
}  // namespace sparkgate::client
