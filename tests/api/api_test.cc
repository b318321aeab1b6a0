// What the API promises, seen from a caller and from the upstream.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/api/founding_bodies.h"
#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/secrets.h"
#include "tests/support/server_process.h"

namespace sparkgate::api {
namespace {

using nlohmann::json;
using support::CallOptions;
using support::CallResult;
using support::Chunk;
using support::JsonResponse;
using support::ReceivedRequest;
using support::SseEvent;

class Api : public testing::Test {
 protected:
  // Answers each request with what `answer` makes of it.
  void Serve(std::function<std::string(const ReceivedRequest&)> answer,
             std::vector<std::string> flags = {}, bool key_by_file = false) {
    upstream_ =
        std::make_unique<support::ScriptedUpstream>([answer](support::Connection& connection) {
          while (const auto request = connection.ReadRequest()) connection.Send(answer(*request));
        });
    support::ServerProcess::Options options;
    options.upstream_url = upstream_->base_url() + "/inference/v1";
    options.flags = std::move(flags);
    options.key_by_file = key_by_file;
    server_ = std::make_unique<support::ServerProcess>(options);
    caller_ = std::make_unique<support::Caller>(server_->address());
  }
  void ServeHello() {
    Serve([](const ReceivedRequest& request) { return support::AnswerTo(request.body, "Hello"); });
  }

  ReceivedRequest LastRequest() const { return upstream_->requests().back(); }
  std::string SentMessages(const std::string& messages) {
    const CallResult result = caller_->Chat(R"({"model":"m","messages":)" + messages + "}");
    EXPECT_TRUE(result.ok()) << result.Describe();
    const std::string body = LastRequest().body;
    const size_t at = body.find("\"messages\":") + 11;
    return body.substr(at, body.rfind(",\"stream\":false}") - at);
  }

  std::unique_ptr<support::ScriptedUpstream> upstream_;
  std::unique_ptr<support::ServerProcess> server_;
  std::unique_ptr<support::Caller> caller_;
};

TEST_F(Api, FoundingBodiesGoUpstreamAsTheyStand) {
  ServeHello();
  for (const FoundingBody& founding : FoundingBodies()) {
    SCOPED_TRACE(founding.name);
    EXPECT_TRUE(caller_->Chat(founding.body).ok());
    EXPECT_EQ(LastRequest().body, UpstreamBody(founding.body, false));
    EXPECT_TRUE(caller_->StreamChat(founding.body).ok());
    EXPECT_EQ(LastRequest().body, UpstreamBody(founding.body, true));
  }
}

TEST_F(Api, TheRequestOnTheWire) {
  ServeHello();
  CallOptions options;
  options.metadata = {{"authorization", "Bearer of-the-caller"}, {"cookie", "a=b"}};
  ASSERT_TRUE(caller_->StreamChat(support::ChatRequestBody("a"), options).ok());
  const ReceivedRequest request = LastRequest();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/inference/v1/chat/completions");
  EXPECT_EQ(request.Header("authorization"), std::string("Bearer ") + support::kMadeUpKey);
  EXPECT_EQ(request.Header("content-type"), "application/json");
  EXPECT_EQ(request.Header("accept"), "text/event-stream");
  EXPECT_EQ(request.Header("cookie"), "");
  EXPECT_EQ(request.Header("content-length"), std::to_string(request.body.size()));
  ASSERT_TRUE(caller_->Chat(support::ChatRequestBody("a")).ok());
  EXPECT_EQ(LastRequest().Header("accept"), "application/json");
}

TEST_F(Api, TheKeyFromAFile) {
  Serve([](const ReceivedRequest& request) { return support::AnswerTo(request.body, "Hello"); }, {},
        /*key_by_file=*/true);
  ASSERT_TRUE(caller_->Chat(support::ChatRequestBody("a")).ok());
  EXPECT_EQ(LastRequest().Header("authorization"), std::string("Bearer ") + support::kMadeUpKey);
}

TEST_F(Api, SystemPromptSetEmptyAndAbsent) {
  ServeHello();
  for (const char* messages :
       {R"([{"role":"system","content":"Be brief."},{"role":"user","content":"a"}])",
        R"([{"role":"system","content":""},{"role":"user","content":"a"}])",
        R"([{"role":"user","content":"a"}])",
        R"([{"role":"system"},{"role":"user","content":"a"}])"}) {
    EXPECT_EQ(SentMessages(messages), messages);
  }
}

TEST_F(Api, AnAnswersMessageIsTheNextRequestsMessage) {
  const std::string message =
      R"({"role":"assistant","content":"Let me see.","reasoning_content":"They ask for \"Paris\".",)"
      R"("tool_calls":[{"id":"call_1","type":"function","function":{"name":"weather","arguments":"{\"city\": \"Par"}}],"annotations":[1.10]})";
  Serve([&](const ReceivedRequest&) {
    return JsonResponse(
        R"({"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,)"
        R"("message":)" +
        message + R"(,"finish_reason":"tool_calls"}]})");
  });
  const CallResult first = caller_->Chat(support::ChatRequestBody("a"));
  ASSERT_TRUE(first.ok()) << first.Describe();
  const json answer = json::parse(first.MessageJson(0));
  EXPECT_EQ(answer["choices"][0]["message"]["extra_json"], R"({"annotations":[1.10]})");
  const std::string echoed = answer["choices"][0]["message"].dump();
  EXPECT_EQ(SentMessages("[{\"role\":\"user\",\"content\":\"q\"}," + echoed + "]"),
            "[{\"role\":\"user\",\"content\":\"q\"}," + message + "]");
}

TEST_F(Api, ToolCallsOfAStreamAreJoinedByIndex) {
  Serve([](const ReceivedRequest&) {
    const auto delta = [](const std::string& calls) {
      return R"({"id":"c","choices":[{"index":0,"delta":{"tool_calls":[)" + calls + "]}}]}";
    };
    return support::SseResponse(
        {delta(
             R"({"index":0,"id":"call_1","type":"function","function":{"name":"f","arguments":""}})"),
         delta(R"({"index":0,"function":{"arguments":"{\"a\""}})"),
         delta(R"({"index":0,"function":{"arguments":": 1}"}})"),
         support::FinishChunk("tool_calls")});
  });
  const CallResult result = caller_->StreamChat(support::ChatRequestBody("a"));
  ASSERT_TRUE(result.ok()) << result.Describe();
  std::string arguments;
  for (size_t i = 0; i < result.messages.size(); ++i) {
    const json chunk = json::parse(result.MessageJson(i));
    for (const auto& call :
         chunk["choices"][0].value("delta", json::object()).value("tool_calls", json::array())) {
      arguments += call.value("function", json::object()).value("arguments", "");
    }
  }
  EXPECT_EQ(arguments, R"({"a": 1})");
  EXPECT_EQ(result.FinishReason(), "tool_calls");
}

TEST_F(Api, UsageAndMetricsOfChatComeFromHeaders) {
  Serve([](const ReceivedRequest&) {
    return JsonResponse(
        support::ChatAnswerBody("Hello"), 200,
        "fireworks-prompt-tokens: 5\r\nfireworks-server-time-to-first-token: 0.012\r\n"
        "fireworks-new-figure: 7\r\n");
  });
  const CallResult result = caller_->Chat(support::ChatRequestBody("a"));
  ASSERT_TRUE(result.ok()) << result.Describe();
  const json answer = json::parse(result.MessageJson(0));
  EXPECT_EQ(answer["usage"]["total_tokens"], 7);
  const json& metrics = answer["perf_metrics"];
  EXPECT_EQ(metrics.value("prompt-tokens", metrics.value("prompt_tokens", 0)), 5) << metrics;
  EXPECT_EQ(
      metrics.value("server-time-to-first-token", metrics.value("server_time_to_first_token", 0.0)),
      0.012);
  EXPECT_EQ(metrics["other"]["new-figure"], "7") << metrics;
}

TEST_F(Api, UsageAndMetricsOfAStreamAreOnItsLastMessage) {
  Serve([](const ReceivedRequest&) {
    return support::SseResponse(
        {support::RoleChunk(), support::ContentChunk("Hello"),
         R"({"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,)"
         R"("completion_tokens":2,"total_tokens":7},"perf_metrics":{"prompt-tokens":5,"server-processing-time":"0.5"}})"});
  });
  const CallResult result =
      caller_->StreamChat(support::ChatRequestBody("a", ",\"perf_metrics_in_response\":true"));
  ASSERT_TRUE(result.ok()) << result.Describe();
  EXPECT_NE(LastRequest().body.find("\"perf_metrics_in_response\":true"), std::string::npos);
  for (size_t i = 0; i + 1 < result.messages.size(); ++i) {
    EXPECT_FALSE(json::parse(result.MessageJson(i)).contains("usage"));
  }
  const json last = json::parse(result.MessageJson(result.messages.size() - 1));
  EXPECT_EQ(last["usage"]["total_tokens"], 7) << last;
  EXPECT_EQ(last["choices"][0]["finish_reason"], "stop");
  ASSERT_TRUE(last.contains("perf_metrics")) << last;
  EXPECT_NE(last["perf_metrics"].dump().find("0.5"), std::string::npos) << last;
}

TEST_F(Api, RequestIds) {
  Serve([](const ReceivedRequest& request) {
    if (support::CallNameOf(request.body) == "fails") return JsonResponse("{}", 500);
    return support::AnswerTo(request.body, "Hello");
  });
  CallOptions named;
  named.metadata = {{"x-request-id", "my-id-1"}};
  for (const auto rpc : support::kBothRpcs) {
    const CallResult given = caller_->Call(rpc, support::ChatRequestBody("a"), named);
    EXPECT_EQ(given.InitialMetadata("x-request-id"), "my-id-1");
    EXPECT_EQ(LastRequest().Header("x-request-id"), "my-id-1");
    const CallResult made = caller_->Call(rpc, support::ChatRequestBody("a"));
    EXPECT_EQ(made.InitialMetadata("x-request-id").size(), 32u);
    EXPECT_EQ(LastRequest().Header("x-request-id"), made.InitialMetadata("x-request-id"));
    const CallResult failed = caller_->Call(rpc, support::ChatRequestBody("fails"), named);
    EXPECT_EQ(failed.Trailer("x-request-id"), "my-id-1") << failed.Describe();
  }
  EXPECT_NE(server_->process().pid(), 0);
}

TEST_F(Api, TheUpstreamsIdAndRateLimitsAreMetadata) {
  const std::string headers =
      "x-request-id: up-7\r\nx-ratelimit-limit-requests: 600\r\nx-ratelimit-remaining-requests: "
      "3\r\n"
      "set-cookie: secret=1\r\n";
  Serve([&](const ReceivedRequest& request) {
    if (support::CallNameOf(request.body) == "fails") return JsonResponse("{}", 429, headers);
    if (!support::IsStream(request.body)) {
      return JsonResponse(support::ChatAnswerBody("Hello"), 200, headers);
    }
    return support::SseHead(headers) + Chunk(SseEvent(support::ContentChunk("Hello"))) +
           Chunk(SseEvent("[DONE]")) + support::LastChunk();
  });
  for (const auto rpc : support::kBothRpcs) {
    const CallResult good = caller_->Call(rpc, support::ChatRequestBody("a"));
    EXPECT_TRUE(good.ok()) << good.Describe();
    EXPECT_EQ(good.InitialMetadata("x-upstream-request-id"), "up-7");
    EXPECT_EQ(good.InitialMetadata("x-ratelimit-limit-requests"), "600");
    EXPECT_EQ(good.InitialMetadata("x-ratelimit-remaining-requests"), "3");
    EXPECT_EQ(good.InitialMetadata("set-cookie"), "");
    const CallResult failed = caller_->Call(rpc, support::ChatRequestBody("fails"));
    EXPECT_EQ(failed.Trailer("x-upstream-request-id"), "up-7");
    EXPECT_EQ(failed.Trailer("x-ratelimit-remaining-requests"), "3");
    EXPECT_EQ(failed.Info("upstream_request_id"), "up-7");
    EXPECT_TRUE(failed.quota_failure);
  }
}

TEST_F(Api, OnlyListedMetadataBecomesHeaders) {
  Serve([](const ReceivedRequest& request) { return support::AnswerTo(request.body, "Hello"); },
        {"--header_allow_list=x-session-affinity,x-own"});
  CallOptions options;
  options.metadata = {{"x-session-affinity", "s-1"}, {"x-own", "o"}, {"x-other", "no"}};
  ASSERT_TRUE(caller_->Chat(support::ChatRequestBody("a"), options).ok());
  EXPECT_EQ(LastRequest().Header("x-session-affinity"), "s-1");
  EXPECT_EQ(LastRequest().Header("x-own"), "o");
  EXPECT_EQ(LastRequest().Header("x-other"), "");
  options.metadata = {{"x-own", "a"}, {"x-own", "b"}};
  EXPECT_EQ(caller_->Chat(support::ChatRequestBody("a"), options).name, "INVALID_ARGUMENT");
}

TEST_F(Api, ChunksOneToOneOnRequest) {
  const std::vector<std::string> pieces(50, "x");
  Serve([&](const ReceivedRequest&) { return support::StreamAnswer(pieces); });
  CallOptions options;
  options.metadata = {{"x-sparkgate-coalesce", "off"}};
  const CallResult one_to_one = caller_->StreamChat(support::ChatRequestBody("a"), options);
  EXPECT_GE(one_to_one.messages.size(), 50u);
  EXPECT_EQ(one_to_one.Text(), std::string(50, 'x'));
  EXPECT_EQ(caller_->StreamChat(support::ChatRequestBody("a")).Text(), std::string(50, 'x'));
}

TEST_F(Api, UnknownMembersPassBothWays) {
  Serve([](const ReceivedRequest& request) {
    if (!support::IsStream(request.body)) {
      return JsonResponse(
          R"({"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"a",)"
          R"("z":1.10},"weight":-0}],"tier":{"b":1,"a":12345678901234567890}})");
    }
    return support::SseResponse(
        {R"({"id":"c","choices":[{"index":0,"delta":{"content":"a","z":1e400}}],"tier":"x"})",
         support::FinishChunk()});
  });
  const std::string request = support::ChatRequestBody(
      "a",
      R"(,"extra_body_json":"{\"new_one\":{\"b\":0.10,\"a\":null},\"other\":12345678901234567890}")");
  const CallResult chat = caller_->Chat(request);
  ASSERT_TRUE(chat.ok()) << chat.Describe();
  EXPECT_NE(
      LastRequest().body.find(R"("new_one":{"b":0.10,"a":null},"other":12345678901234567890)"),
      std::string::npos)
      << LastRequest().body;
  const json answer = json::parse(chat.MessageJson(0));
  EXPECT_EQ(answer["extra_json"], R"({"tier":{"b":1,"a":12345678901234567890}})");
  EXPECT_EQ(answer["choices"][0]["extra_json"], R"({"weight":-0})");
  EXPECT_EQ(answer["choices"][0]["message"]["extra_json"], R"({"z":1.10})");
  const json first = json::parse(caller_->StreamChat(request).MessageJson(0));
  EXPECT_EQ(first["extra_json"], R"({"tier":"x"})");
  EXPECT_EQ(first["choices"][0]["delta"]["extra_json"], R"({"z":1e400})");
}

TEST_F(Api, SeveralChoices) {
  Serve([](const ReceivedRequest&) {
    return support::SseResponse({support::ContentChunk("a0", 0), support::ContentChunk("b0", 1),
                                 support::ContentChunk("a1", 0), support::FinishChunk("stop", 0),
                                 support::ContentChunk("b1", 1),
                                 support::FinishChunk("length", 1)});
  });
  const CallResult result = caller_->StreamChat(support::ChatRequestBody("a", ",\"n\":2"));
  ASSERT_TRUE(result.ok()) << result.Describe();
  EXPECT_EQ(result.Text(0), "a0a1");
  EXPECT_EQ(result.Text(1), "b0b1");
  EXPECT_EQ(result.FinishReason(0), "stop");
  EXPECT_EQ(result.FinishReason(1), "length");
}

TEST_F(Api, OneLogLinePerCall) {
  ServeHello();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(caller_->Chat(support::ChatRequestBody("a")).ok());
  ASSERT_EQ(caller_->Chat("{}").name, "INVALID_ARGUMENT");
  server_->Stop();
  const std::string log = server_->process().output() + server_->process().errors();
  int lines = 0;
  for (size_t at = 0; (at = log.find("\"method\":\"Chat\"", at)) != std::string::npos; ++at)
    ++lines;
  EXPECT_EQ(lines, 6) << log;
}

}  // namespace
}  // namespace sparkgate::api
