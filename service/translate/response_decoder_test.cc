#include "service/translate/response_decoder.h"

#include <gtest/gtest.h>

#include "service/translate/request_encoder.h"
#include "service/translate/testing/without_stream.h"

namespace sparkgate::translate {
namespace {

TEST(ChatDecoderTest, ReadsTheUsualAnswer) {
  v1::ChatResponse response;
  const CallStatus status = DecodeChat(
      R"({"id":"i","object":"chat.completion","created":1700000000,"model":"m","choices":[
          {"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],
          "usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}})",
      {{"fireworks-server-time-to-first-token", "0.25"}}, &response);
  ASSERT_TRUE(status.ok()) << status.message;
  EXPECT_EQ(response.id(), "i");
  EXPECT_EQ(response.created(), 1700000000);
  EXPECT_EQ(response.choices(0).message().content(), "hi");
  EXPECT_EQ(response.choices(0).finish_reason(), "stop");
  EXPECT_EQ(response.usage().total_tokens(), 3);
  EXPECT_EQ(response.perf_metrics().server_time_to_first_token(), 0.25);
  EXPECT_FALSE(response.has_extra_json());
}

CallStatus Decode(const std::string& body, v1::ChatResponse* response, HeaderList headers = {}) {
  return DecodeChat(body, headers, response);
}

TEST(ChatDecoderTest, WhatIsNoAnswerIsAProtocolError) {
  for (const char* body :
       {"", "null", "[]", "1", "rubbish", "{", R"({"choices":[]})", R"({"choices":null})", "{}",
        R"({"choices":{}})", R"({"choices":[1]})", R"({"choices":[{"message":"x"}]})",
        R"({"choices":[{}]} x)", R"({"malformed json: <<<chaos>>>)"}) {
    v1::ChatResponse response;
    response.set_id("old");
    const CallStatus status = Decode(body, &response);
    EXPECT_EQ(status.code, absl::StatusCode::kInternal) << body;
    EXPECT_EQ(status.reason, v1::ERROR_REASON_UPSTREAM_PROTOCOL_ERROR) << body;
    EXPECT_TRUE(status.may_have_run);
    EXPECT_EQ(status.pushback, Pushback::kNever);
    EXPECT_EQ(response.ByteSizeLong(), 0u);
  }
}

TEST(ChatDecoderTest, ErrorsAfterOkNeverLookRepeatable) {
  const std::pair<const char*, absl::StatusCode> cases[] = {
      {R"({"error":{"message":"x","code":503}})", absl::StatusCode::kAborted},
      {R"({"error":{"message":"x","code":"429"}})", absl::StatusCode::kResourceExhausted},
      {R"({"error":"x"})", absl::StatusCode::kInternal},
      {R"({"choices":[{"message":{},"finish_reason":"error"}]})", absl::StatusCode::kInternal},
  };
  for (const auto& [body, code] : cases) {
    v1::ChatResponse response;
    const CallStatus status = Decode(body, &response, {{"x-request-id", "r"}});
    EXPECT_EQ(status.code, code) << body;
    EXPECT_EQ(status.reason, v1::ERROR_REASON_UPSTREAM_STREAM_ERROR) << body;
    EXPECT_TRUE(status.may_have_run);
    EXPECT_EQ(status.upstream_request_id, "r");
    EXPECT_EQ(response.ByteSizeLong(), 0u) << body;
  }
}

TEST(ChatDecoderTest, IndicesThatAreMissingAreThePlaces) {
  v1::ChatResponse response;
  ASSERT_TRUE(
      Decode(R"({"choices":[{"message":{}},{"message":null},{"index":7}]})", &response).ok());
  EXPECT_EQ(response.choices(0).index(), 0);
  EXPECT_EQ(response.choices(1).index(), 1);
  EXPECT_EQ(response.choices(1).message().role(), "assistant");
  EXPECT_EQ(response.choices(2).index(), 7);
}

TEST(ChatDecoderTest, HeadersFillAndTheBodyWins) {
  v1::ChatResponse response;
  ASSERT_TRUE(Decode(R"({"choices":[{}],"perf_metrics":{"prompt-tokens":"5","new":1.10}})",
                     &response,
                     {{"fireworks-prompt-tokens", "4"},
                      {"fireworks-cached-prompt-tokens", "3"},
                      {"fireworks-deployment", "caf\xE9"},
                      {"fireworks-sampling-options", R"({"temperature":1.0})"},
                      {"fireworks-server-processing-time", "soon"},
                      {"x-other", "1"}})
                  .ok());
  const v1::PerfMetrics& metrics = response.perf_metrics();
  EXPECT_EQ(metrics.prompt_tokens(), 5);
  EXPECT_EQ(metrics.cached_prompt_tokens(), 3);
  EXPECT_EQ(metrics.deployment(), "caf\xEF\xBF\xBD");
  EXPECT_FALSE(metrics.has_server_processing_time());
  EXPECT_EQ(metrics.other().at("sampling-options"), R"({"temperature":1.0})");
  EXPECT_EQ(metrics.other().at("server-processing-time"), "soon");
  EXPECT_EQ(metrics.other().at("new"), "1.10");
  EXPECT_EQ(metrics.other_size(), 3);
}

TEST(ChatDecoderTest, NoMetricsNoMessage) {
  v1::ChatResponse response;
  ASSERT_TRUE(Decode(R"({"choices":[{}]})", &response, {{"server", "x"}}).ok());
  EXPECT_FALSE(response.has_perf_metrics());
}

TEST(ChatDecoderTest, BrokenTextIsRepairedOnce) {
  v1::ChatResponse response;
  ASSERT_TRUE(
      Decode("{\"choices\":[{\"message\":{\"content\":\"a\xFF\\ud83d\",\"x\":\"\\udc00\"}}],"
             "\"y\":1e400}",
             &response)
          .ok());
  EXPECT_EQ(response.choices(0).message().content(), "a\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(response.choices(0).message().extra_json(), R"({"x":"\ufffd"})");
  EXPECT_EQ(response.extra_json(), R"({"y":1e400})");
}

TEST(ChatDecoderTest, NumbersBeyondTheirFieldAreKeptAsText) {
  v1::ChatResponse response;
  ASSERT_TRUE(
      Decode(R"({"choices":[{}],"created":1e400,"usage":{"prompt_tokens":12345678901234567890123,
      "total_tokens":1.5,"completion_tokens":1e2}})",
             &response)
          .ok());
  EXPECT_EQ(response.extra_json(), R"({"created":1e400})");
  EXPECT_EQ(response.usage().extra_json(),
            R"({"prompt_tokens":12345678901234567890123,"total_tokens":1.5})");
  EXPECT_EQ(response.usage().completion_tokens(), 100);
}

// The next turn of a conversation: the answer's message as it is.
TEST(ChatDecoderTest, AnAnswerEchoedIsANextRequest) {
  v1::ChatResponse response;
  ASSERT_TRUE(Decode(R"({"choices":[{"message":{"role":"assistant","content":null,"new":1,
      "reasoning_content":"so \u00e9","tool_calls":[{"index":0,"id":"c1","type":"function","new":2,
      "function":{"name":"f","arguments":"{\"broken\": ","new":3}},
      {"id":"c2","function":{"name":"g","arguments":{"a": 1.10}}}]},"finish_reason":"tool_calls"}]})",
                     &response)
                  .ok());
  v1::ChatRequest request;
  request.set_model("m");
  *request.add_messages() = response.choices(0).message();
  UpstreamBody body;
  ASSERT_TRUE(EncodeRequest(request, {}, &body).ok());
  EXPECT_EQ(WithoutStream(body.json),
            "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"reasoning_content\":\"so "
            "\xC3\xA9\","
            "\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"f\","
            "\"arguments\":\"{\\\"broken\\\": "
            "\",\"new\":3},\"new\":2},{\"id\":\"c2\",\"type\":\"function\",\"function\":"
            "{\"name\":\"g\",\"arguments\":\"{\\\"a\\\": 1.10}\"}}],\"new\":1}]}");
}

TEST(ChatDecoderTest, WholeObjects) {
  for (const char* body : {"{}", " {\"a\":1}\n", "{\"a\":1e400}"})
    EXPECT_TRUE(IsWholeJsonObject(body));
  for (const char* body : {"", "{", "[]", "{} {}", "1", "{\"a\":1", "{\"a\":\"\"}x"}) {
    EXPECT_FALSE(IsWholeJsonObject(body)) << body;
  }
}

}  // namespace
}  // namespace sparkgate::translate
