// Many calls at once, large answers and large requests.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <thread>

#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/gate.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/scripts.h"
#include "tests/support/server_process.h"

namespace sparkgate::limits {
namespace {

using std::chrono::milliseconds;
using support::Caller;
using support::CallResult;
using support::ChatRequestBody;
using support::Connection;
using support::Gate;
using support::Rpc;
using support::RunningCall;
using support::ScriptedUpstream;
using support::ServerProcess;

TEST(Concurrency, TwoHundredCallsOnOneChannelAreAllUpstreamAtOnce) {
  constexpr int kCalls = 200;
  ScriptedUpstream upstream([](Connection& connection) {
    const auto request = connection.ReadRequest();
    if (!request) return;
    std::this_thread::sleep_for(std::chrono::seconds(1));
    connection.Send(support::AnswerTo(request->body, "Hello"));
    connection.ReadRequest();
  });
  ServerProcess server(upstream.base_url());
  Caller caller(server.address());
  ASSERT_TRUE(caller.Connect());
  const std::string request = support::SerializeRequest(ChatRequestBody("a"));
  const auto begun = std::chrono::steady_clock::now();
  std::vector<RunningCall> calls;
  for (int i = 0; i < kCalls; ++i) {
    calls.push_back(caller.StartRaw(std::string(support::MethodName(Rpc::kChat)), request));
  }
  ASSERT_TRUE(upstream.WaitForRequests(kCalls));
  EXPECT_EQ(upstream.connections_open(), kCalls);
  for (RunningCall& call : calls) EXPECT_EQ(call.Wait().name, "OK");
  const auto took =
      std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begun);
  std::printf("200 calls, an answer each after 1 s: %lld ms\n",
              static_cast<long long>(took.count()));
  EXPECT_LT(took, milliseconds(support::kTimesCount ? 2000 : 15000));
}

// A call over the limit is refused at once, and ended calls make room.
TEST(Concurrency, MaxCalls) {
  constexpr int kMost = 4;
  Gate answer;
  ScriptedUpstream upstream([&](Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      answer.Await();
      connection.Send(support::AnswerTo(request->body, "Hello"));
    }
  });
  ServerProcess server(upstream.base_url(), {"--max_calls=4"});
  // gRPC lets a connection have max_calls streams, so the one too many comes over another.
  Caller caller(server.address());
  Caller another(server.address());
  std::vector<RunningCall> calls;
  for (int i = 0; i < kMost; ++i) {
    calls.push_back(caller.Start(i % 2 == 0 ? Rpc::kChat : Rpc::kStreamChat, ChatRequestBody("a")));
  }
  ASSERT_TRUE(upstream.WaitForRequests(kMost));
  for (const auto rpc : support::kBothRpcs) {
    const CallResult refused = another.Call(rpc, ChatRequestBody("b"));
    EXPECT_EQ(refused.name, "RESOURCE_EXHAUSTED") << refused.Describe();
    EXPECT_EQ(refused.reason, "OVERLOADED");
    EXPECT_EQ(refused.may_have_run(), "false");
    EXPECT_EQ(refused.pushback(), "1000");
    EXPECT_EQ(refused.retry_delay_ms.value_or(0), 1000);
    EXPECT_NE(refused.Trailer("x-request-id"), "");
  }
  answer.Open();
  for (RunningCall& call : calls) EXPECT_EQ(call.Wait().name, "OK");
  EXPECT_EQ(upstream.requests().size(), static_cast<size_t>(kMost));
  // A caller knows of his call's end a moment before the server has put it away.
  const auto until = std::chrono::steady_clock::now() + support::kPatience;
  int admitted = 0;
  while (admitted < 2 * kMost && std::chrono::steady_clock::now() < until) {
    admitted += another.Chat(ChatRequestBody("c")).ok() ? 1 : 0;
  }
  EXPECT_EQ(admitted, 2 * kMost) << "ended calls still count";
}

// While an answer of 5 MB is received, decoded and sent, the chunks of another stream go on: both
// on one loop.
TEST(Concurrency, ALargeAnswerHoldsNobodyUp) {
  const std::string large(5'000'000, 'x');
  std::atomic<bool> stop{false};
  ScriptedUpstream upstream([&](Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      if (!support::IsStream(request->body)) {
        connection.Send(support::ChatAnswer(large));
        continue;
      }
      connection.Send(support::SseHead());
      const std::string event = support::Chunk(support::SseEvent(support::ContentChunk("t")));
      while (!stop && connection.Send(event)) std::this_thread::sleep_for(milliseconds(1));
      connection.Send(support::Chunk(support::SseEvent("[DONE]")) + support::LastChunk());
    }
  });
  ServerProcess server(upstream.base_url(), {"--loops=1"});
  Caller small(server.address());
  Caller big(server.address());
  RunningCall stream = small.Start(Rpc::kStreamChat, ChatRequestBody("small"));
  ASSERT_TRUE(stream.AwaitMessages(10));
  for (int i = 0; i < 3; ++i) {
    RunningCall answer = big.Start(Rpc::kChat, ChatRequestBody("large"));
    const int before = stream.messages();
    const CallResult result = answer.Wait();
    ASSERT_TRUE(result.ok()) << result.Describe();
    EXPECT_EQ(result.Text().size(), large.size());
    const int during = stream.messages() - before;
    std::printf("5 MB in %lld ms, messages of the other stream meanwhile: %d\n",
                static_cast<long long>(result.elapsed().count()), during);
    EXPECT_GT(during, 0);
  }
  stop = true;
  EXPECT_TRUE(stream.Wait().ok());
}

TEST(Concurrency, AStreamOfLargeEventsKeepsItsOrder) {
  ScriptedUpstream upstream([&](Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      std::vector<std::string> pieces;
      for (int i = 0; i < 40; ++i) {
        pieces.push_back(std::string(i % 4 == 0 ? 200'000 : 5, static_cast<char>('a' + i % 26)));
      }
      connection.Send(support::StreamAnswer(pieces));
    }
  });
  ServerProcess server(upstream.base_url());
  Caller caller(server.address());
  std::string expected;
  for (int i = 0; i < 40; ++i) {
    expected += std::string(i % 4 == 0 ? 200'000 : 5, static_cast<char>('a' + i % 26));
  }
  const CallResult result = caller.StreamChat(ChatRequestBody("a"));
  EXPECT_TRUE(result.ok()) << result.Describe();
  EXPECT_TRUE(result.Text() == expected);
  EXPECT_EQ(result.FinishReason(), "stop");
}

// --- Requests -----------------------------------------------------------------------------------

TEST(Requests, OverTheReceiveLimitIsGrpcsOwnError) {
  ScriptedUpstream upstream(support::AnswerHello);
  ServerProcess server(upstream.base_url());
  Caller caller(server.address());
  const std::string body =
      ChatRequestBody("a", ",\"metadata\":{\"k\":\"" + std::string(33 << 20, 'x') + "\"}");
  for (const auto rpc : support::kBothRpcs) {
    const CallResult result = caller.Call(rpc, body);
    EXPECT_EQ(result.name, "RESOURCE_EXHAUSTED") << result.Describe();
    EXPECT_EQ(result.error_infos, 0);
  }
  EXPECT_TRUE(caller.Chat(ChatRequestBody("next")).ok());
  EXPECT_EQ(upstream.requests().size(), 1u);
}

TEST(Requests, BelowTheReceiveLimitGoesThrough) {
  ScriptedUpstream upstream(support::AnswerHello);
  ServerProcess server(upstream.base_url());
  Caller caller(server.address());
  const std::string body =
      ChatRequestBody("a", ",\"metadata\":{\"k\":\"" + std::string(20 << 20, 'x') + "\"}");
  const CallResult result = caller.Chat(body);
  EXPECT_TRUE(result.ok()) << result.Describe();
  ASSERT_EQ(upstream.requests().size(), 1u);
  EXPECT_GT(upstream.requests()[0].body.size(), 20u << 20);
}

TEST(Requests, TenThousandMessages) {
  ScriptedUpstream upstream(support::AnswerHello);
  ServerProcess server(upstream.base_url());
  Caller caller(server.address());
  std::string body = "{\"model\":\"m\",\"messages\":[";
  for (int i = 0; i < 10'000; ++i) {
    body += std::string(i == 0 ? "" : ",") + "{\"role\":\"" + (i % 2 == 0 ? "user" : "assistant") +
            "\",\"content\":\"" + std::to_string(i) + "\"}";
  }
  body += "]}";
  const CallResult result = caller.Chat(body);
  EXPECT_TRUE(result.ok()) << result.Describe();
  ASSERT_EQ(upstream.requests().size(), 1u);
  body.insert(body.size() - 1, ",\"stream\":false");
  EXPECT_EQ(upstream.requests()[0].body, body);
}

}  // namespace
}  // namespace sparkgate::limits
