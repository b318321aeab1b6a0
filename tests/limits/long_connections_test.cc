// Connections and streams that live long: heartbeats, pings, and a connection's age.
#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"
#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/eventually.h"
#include "tests/support/gate.h"
#include "tests/support/http_text.h"
#include "tests/support/relay.h"
#include "tests/support/scripted_upstream.h"
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
using support::Rpc;
using support::RunningCall;
using support::ScriptedUpstream;
using support::ServerProcess;

constexpr char kNothing[] = R"({"choices":[{"delta":{}}]})";

// Answers each request when the gate is open.
ScriptedUpstream::Script AnswerAfter(Gate* gate) {
  return [gate](Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      gate->Await();
      connection.Send(support::AnswerTo(request->body, "Hello"));
    }
  };
}

TEST(Heartbeat, AStreamThatIsSilentGetsMessagesThatSayNothing) {
  Gate answer;
  ScriptedUpstream upstream(AnswerAfter(&answer));
  ServerProcess server(upstream.base_url());
  Caller caller(server.address());
  CallOptions options;
  options.metadata = {{"sparkgate-heartbeat", "1s"}, {"x-request-id", "mine"}};
  RunningCall call = caller.Start(Rpc::kStreamChat, ChatRequestBody("a"), options);
  ASSERT_TRUE(call.AwaitMessages(2));
  answer.Open();
  const CallResult result = call.Wait();
  EXPECT_TRUE(result.ok()) << result.Describe();
  EXPECT_EQ(result.MessageJson(0), kNothing);
  EXPECT_EQ(result.MessageJson(1), kNothing);
  EXPECT_EQ(result.Text(), "Hello");
  EXPECT_EQ(result.InitialMetadata("x-request-id"), "mine");
}

TEST(Heartbeat, TheFlagIsForAllAndACallerMaySayNo) {
  Gate answer;
  ScriptedUpstream upstream(AnswerAfter(&answer));
  ServerProcess server(upstream.base_url(), {"--heartbeat=1s"});
  Caller caller(server.address());
  CallOptions none;
  none.metadata = {{"sparkgate-heartbeat", "0"}};
  RunningCall with = caller.Start(Rpc::kStreamChat, ChatRequestBody("a"));
  RunningCall without = caller.Start(Rpc::kStreamChat, ChatRequestBody("b"), none);
  RunningCall chat = caller.Start(Rpc::kChat, ChatRequestBody("c"));
  ASSERT_TRUE(with.AwaitMessages(2));
  EXPECT_EQ(without.messages(), 0);
  answer.Open();
  for (RunningCall* call : {&with, &without, &chat}) {
    const CallResult result = call->Wait();
    EXPECT_TRUE(result.ok()) << result.Describe();
    EXPECT_EQ(result.Text(), "Hello");
  }
}

TEST(Heartbeat, ValuesThatAreNoneAreRefusedInWords) {
  Gate answer;
  ScriptedUpstream upstream(AnswerAfter(&answer));
  ServerProcess server(upstream.base_url());
  Caller caller(server.address());
  for (const char* value : {"15", "fast", "-1s", "100ms", "2h"}) {
    CallOptions options;
    options.metadata = {{"sparkgate-heartbeat", value}};
    const CallResult result = caller.StreamChat(ChatRequestBody("a"), options);
    EXPECT_EQ(result.name, "INVALID_ARGUMENT") << value;
    EXPECT_NE(result.message.find("sparkgate-heartbeat"), std::string::npos) << result.message;
  }
}

// The `peer` of each call that was logged.
std::set<std::string> Peers(const std::string& log) {
  std::set<std::string> peers;
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (json.is_object() && json.contains("peer")) peers.insert(json["peer"]);
  }
  return peers;
}

// A GOAWAY may cross a call on its way: the client library knows that the call has not run, and
// sends it again if it is told to.
support::ChannelOptions SendsAgain() {
  support::ChannelOptions options;
  options.service_config = R"({"methodConfig":[{"name":[{}],"retryPolicy":{"maxAttempts":4,)"
                           R"("initialBackoff":"0.01s","maxBackoff":"0.1s","backoffMultiplier":2,)"
                           R"("retryableStatusCodes":["UNAVAILABLE"]}}]})";
  return options;
}

TEST(ConnectionAge, NewCallsGoToANewConnectionAndNoneIsCut) {
  Gate answer;
  ScriptedUpstream upstream([&](Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      if (support::CallNameOf(request->body) == "long") answer.Await();
      connection.Send(support::AnswerTo(request->body, "Hello"));
    }
  });
  ServerProcess server(upstream.base_url(), {"--max_connection_age=1s"});
  Caller caller(server.address(), SendsAgain());
  RunningCall running = caller.Start(Rpc::kStreamChat, ChatRequestBody("long"));
  ASSERT_TRUE(upstream.WaitForRequests(1));
  int calls = 0;
  const auto until = std::chrono::steady_clock::now() + seconds(4);
  while (std::chrono::steady_clock::now() < until) {
    const CallResult result = caller.Chat(ChatRequestBody("a"));
    ASSERT_TRUE(result.ok()) << result.Describe();
    ++calls;
  }
  EXPECT_FALSE(running.ended());
  answer.Open();
  EXPECT_TRUE(running.Wait().ok());
  server.Stop();
  EXPECT_GE(Peers(server.process().errors() + server.process().output()).size(), 3u);
  EXPECT_GT(calls, 10);
}

// Behind a relay, which counts connections.
TEST(ConnectionAge, WhatRunsGoesOnWhateverItDoes) {
  Gate answer;
  const std::string piece(100'000, 'y');
  ScriptedUpstream upstream([&](Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      const std::string name = support::CallNameOf(request->body);
      if (name == "waits") answer.Await();
      const bool large = name == "unread";
      connection.Send(large ? support::StreamAnswer(std::vector<std::string>(30, piece))
                            : support::AnswerTo(request->body, "Hello"));
    }
  });
  ServerProcess server(upstream.base_url(), {"--max_connection_age=1s"});
  support::Relay relay({server.port()});
  Caller caller("127.0.0.1:" + std::to_string(relay.port()), SendsAgain());
  CallOptions beats, unread;
  beats.metadata = {{"sparkgate-heartbeat", "1s"}};
  unread.read_first = 1;
  RunningCall calls[] = {caller.Start(Rpc::kChat, ChatRequestBody("waits")),
                         caller.Start(Rpc::kStreamChat, ChatRequestBody("waits")),
                         caller.Start(Rpc::kStreamChat, ChatRequestBody("waits"), beats),
                         caller.Start(Rpc::kStreamChat, ChatRequestBody("unread"), unread)};
  ASSERT_TRUE(upstream.WaitForRequests(4));
  ASSERT_TRUE(support::Eventually([&] {
    EXPECT_TRUE(caller.Chat(ChatRequestBody("a")).ok());
    return relay.accepted() >= 4;
  }));
  for (const RunningCall& call : calls) EXPECT_FALSE(call.ended());
  answer.Open();
  for (RunningCall& call : calls) {
    const CallResult result = call.Wait();
    EXPECT_TRUE(result.ok()) << result.Describe();
    EXPECT_EQ(result.FinishReason(), "stop");
  }
}

TEST(ConnectionAge, ACallThatIsCancelledOnAnAgedConnectionEndsUpstream) {
  ScriptedUpstream upstream([&](Connection& connection) {
    const auto request = connection.ReadRequest();
    if (!request) return;
    if (support::CallNameOf(request->body) == "waits") connection.WaitForPeerClose();
    connection.Send(support::AnswerTo(request->body, "Hello"));
  });
  ServerProcess server(upstream.base_url(), {"--max_connection_age=1s"});
  support::Relay relay({server.port()});
  Caller caller("127.0.0.1:" + std::to_string(relay.port()), SendsAgain());
  RunningCall call = caller.Start(Rpc::kStreamChat, ChatRequestBody("waits"));
  ASSERT_TRUE(upstream.WaitForRequests(1));
  ASSERT_TRUE(support::Eventually([&] {
    EXPECT_TRUE(caller.Chat(ChatRequestBody("a")).ok());
    return relay.accepted() >= 2;
  }));
  call.Cancel();
  EXPECT_TRUE(upstream.WaitForCloses(1));
}

TEST(Pings, EveryFiveSecondsWithASilentCallAreNoReasonToCloseTheConnection) {
  Gate answer;
  // gRPC closes a connection at the fourth ping that is too early.
  ScriptedUpstream upstream([&](Connection& connection) {
    const auto request = connection.ReadRequest();
    answer.Await(seconds(40));
    if (request) connection.Send(support::AnswerTo(request->body, "Hello"));
  });
  ServerProcess server(upstream.base_url());
  support::ChannelOptions options;
  options.keepalive_ms = 5000;
  Caller caller(server.address(), options);
  RunningCall call = caller.Start(Rpc::kStreamChat, ChatRequestBody("a"));
  EXPECT_FALSE(call.AwaitEnd(seconds(27)));
  answer.Open();
  const CallResult result = call.Wait();
  EXPECT_TRUE(result.ok()) << result.Describe();
}

}  // namespace
}  // namespace sparkgate::limits
