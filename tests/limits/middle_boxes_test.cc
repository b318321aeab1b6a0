// What stands between callers and servers: proxies that cut what is silent, balancers that know
// connections and no calls.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/eventually.h"
#include "tests/support/gate.h"
#include "tests/support/http_text.h"
#include "tests/support/relay.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/scripts.h"
#include "tests/support/server_process.h"

namespace sparkgate::limits {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using support::Caller;
using support::CallOptions;
using support::CallResult;
using support::ChatRequestBody;
using support::Connection;
using support::Gate;
using support::Relay;
using support::Rpc;
using support::RunningCall;
using support::ScriptedUpstream;
using support::ServerProcess;

// Sends comments, which callers do not see, until the gate is open; before the first content or
// between two.
ScriptedUpstream::Script CommentsUntil(Gate* gate, bool between) {
  return [gate, between](Connection& connection) {
    if (!connection.ReadRequest()) return;
    connection.Send(support::SseHead());
    if (between) connection.SendChunk(support::SseEvent(support::ContentChunk("Hel")));
    while (!gate->Await(milliseconds(200))) {
      if (!connection.SendChunk(": ping\n\n")) return;
    }
    if (!between) connection.SendChunk(support::SseEvent(support::ContentChunk("Hel")));
    connection.SendChunk(support::SseEvent(support::ContentChunk("lo")) +
                         support::SseEvent(support::FinishChunk()) + support::SseEvent("[DONE]"));
    connection.SendLastChunk();
  };
}

constexpr milliseconds kMostSilence{1600};

TEST(MiddleBox, AHeartbeatKeepsASilentStreamOpen) {
  for (const bool between : {false, true}) {
    Gate answer;
    ScriptedUpstream upstream(CommentsUntil(&answer, between));
    ServerProcess server(upstream.base_url());
    Relay proxy({server.port()}, kMostSilence);
    Caller caller("127.0.0.1:" + std::to_string(proxy.port()));
    CallOptions options;
    options.metadata = {{"sparkgate-heartbeat", "1s"}};
    RunningCall call = caller.Start(Rpc::kStreamChat, ChatRequestBody("a"), options);
    // Four of them take longer than the box bears.
    ASSERT_TRUE(call.AwaitMessages(4 + (between ? 1 : 0)));
    answer.Open();
    const CallResult result = call.Wait();
    EXPECT_TRUE(result.ok()) << result.Describe();
    EXPECT_EQ(result.Text(), "Hello");
    EXPECT_EQ(proxy.cut(), 0);
  }
}

TEST(MiddleBox, WithoutAHeartbeatItCutsWhatIsSilent) {
  Gate answer;
  ScriptedUpstream upstream(CommentsUntil(&answer, /*between=*/false));
  ServerProcess server(upstream.base_url());
  Relay proxy({server.port()}, kMostSilence);
  Caller caller("127.0.0.1:" + std::to_string(proxy.port()));
  const CallResult result = caller.StreamChat(ChatRequestBody("a"));
  EXPECT_FALSE(result.ok());
  EXPECT_EQ(result.error_infos, 0) << "it is not ours";
  EXPECT_EQ(proxy.cut(), 1);
  EXPECT_TRUE(upstream.WaitForNoneOpen()) << "and the upstream is closed";
}

// Heartbeats are no content: they do not feed the timers of a stream that stalls.
TEST(MiddleBox, AHeartbeatDoesNotHideAnUpstreamThatStalls) {
  Gate never;
  ScriptedUpstream upstream(CommentsUntil(&never, /*between=*/true));
  ServerProcess server(upstream.base_url(), {"--heartbeat=1s", "--content_gap_timeout=2500ms"});
  Caller caller(server.address());
  const CallResult result = caller.StreamChat(ChatRequestBody("a"));
  EXPECT_EQ(result.name, "ABORTED") << result.Describe();
  EXPECT_EQ(result.reason, "UPSTREAM_STALLED");
  EXPECT_GE(result.messages.size(), 2u);
  never.Open();
}

// Eight callers who were connected before the second server came.
TEST(MiddleBox, WithAnAgeTheSecondServerGetsCallsAndNoneFails) {
  Gate end;
  ScriptedUpstream of_first([&](Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      if (support::CallNameOf(request->body) == "long") end.Await();
      connection.Send(support::AnswerTo(request->body, "Hello"));
    }
  });
  ScriptedUpstream of_second(support::AnswerHello);
  const std::vector<std::string> flags = {"--max_connection_age=2s"};
  ServerProcess first(of_first.base_url(), flags);
  Relay balancer({first.port()});
  std::vector<std::unique_ptr<Caller>> callers;
  for (int i = 0; i < 8; ++i) {
    callers.push_back(std::make_unique<Caller>("127.0.0.1:" + std::to_string(balancer.port())));
    ASSERT_TRUE(callers.back()->Chat(ChatRequestBody("a")).ok());
  }
  RunningCall running = callers[0]->Start(Rpc::kStreamChat, ChatRequestBody("long"));
  ASSERT_TRUE(of_first.WaitForRequests(9));
  ServerProcess second(of_second.base_url(), flags);
  balancer.SetBackends({first.port(), second.port()});

  int failed = 0;
  ASSERT_TRUE(support::Eventually([&] {
    for (const auto& caller : callers) {
      for (const Rpc rpc : support::kBothRpcs) {
        failed += caller->Call(rpc, ChatRequestBody("b")).ok() ? 0 : 1;
      }
    }
    return of_second.requests().size() >= 16;
  }));
  EXPECT_EQ(failed, 0);
  EXPECT_FALSE(running.ended());
  end.Open();
  const CallResult result = running.Wait();
  EXPECT_TRUE(result.ok()) << result.Describe();
}

}  // namespace
}  // namespace sparkgate::limits
