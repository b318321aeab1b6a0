// SIGTERM while a call is in each of the states that it can be in: what its caller is told, and
// that the process ends.
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/gate.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/server_process.h"
#include "tests/support/tcp_info.h"

namespace sparkgate::drain {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
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

ServerProcess::Options OptionsFor(const std::string& upstream_url, const std::string& grace) {
  ServerProcess::Options options;
  options.upstream_url = upstream_url;
  options.drain_grace = grace;
  return options;
}

std::string Content(const std::string& text) {
  return support::Chunk(support::SseEvent(support::ContentChunk(text)));
}

std::string FinishAndDone() {
  return support::Chunk(support::SseEvent(support::FinishChunk()) + support::SseEvent("[DONE]"));
}

support::ChannelOptions SmallWindow() {
  support::ChannelOptions options;
  options.bdp_probe = false;
  return options;
}

// The server's grace is far longer: only what drains by itself is as quick.
void ExpectPromptEnd(ServerProcess* server) {
  const auto begun = steady_clock::now();
  EXPECT_EQ(server->WaitForEnd(), 0);
  EXPECT_LT(steady_clock::now() - begun, milliseconds(support::kTimesCount ? 2000 : 15000));
}

// Nothing has left for the upstream, so sending the call again costs nothing, and it says so.
TEST(DrainState, ACallThatStillConnectsIsTurnedAway) {
  support::BlackHole upstream;
  ServerProcess server(
      OptionsFor("http://127.0.0.1:" + std::to_string(upstream.port()) + "/v1", "300ms"));
  Caller caller(server.address());
  RunningCall stream = caller.Start(Rpc::kStreamChat, ChatRequestBody("a"));
  RunningCall chat = caller.Start(Rpc::kChat, ChatRequestBody("b"));
  // Calls are handled in order: when the later one is answered, the two before it have begun.
  EXPECT_EQ(caller.Chat("{}").name, "INVALID_ARGUMENT");
  server.Terminate();
  for (RunningCall* call : {&stream, &chat}) {
    const CallResult result = call->Wait();
    EXPECT_EQ(result.name, "UNAVAILABLE") << result.Describe();
    EXPECT_EQ(result.reason, "DRAINING") << result.Describe();
    EXPECT_EQ(result.may_have_run(), "false");
  }
  EXPECT_EQ(server.WaitForEnd(), 0);
}

TEST(DrainState, AnAnswerThatHasNotBegunIsWaitedFor) {
  Gate answer;
  ScriptedUpstream upstream([&](Connection& connection) {
    const auto request = connection.ReadRequest();
    if (request && answer.Await()) connection.Send(support::AnswerTo(request->body, "Hello"));
  });
  ServerProcess server(OptionsFor(upstream.base_url(), "30s"));
  Caller caller(server.address());
  RunningCall stream = caller.Start(Rpc::kStreamChat, ChatRequestBody("a"));
  RunningCall chat = caller.Start(Rpc::kChat, ChatRequestBody("b"));
  ASSERT_TRUE(upstream.WaitForRequests(2));
  server.Terminate();
  answer.Open();
  const CallResult streamed = stream.Wait();
  EXPECT_TRUE(streamed.ok()) << streamed.Describe();
  EXPECT_EQ(streamed.Text(), "Hello");
  EXPECT_TRUE(chat.Wait().ok());
  ExpectPromptEnd(&server);
}

TEST(DrainState, APausedStreamGoesOnWhenItsReaderDoes) {
  constexpr int kEvents = 500;
  ScriptedUpstream upstream([](Connection& connection) {
    if (!connection.ReadRequest()) return;
    connection.SetSendBuffer(64 * 1024);
    connection.Send(support::SseHead());
    for (int i = 0; i < kEvents; ++i) connection.Send(Content(std::string(4000, 'x')));
    connection.Send(FinishAndDone() + support::LastChunk());
    connection.WaitForPeerClose();
  });
  ServerProcess server(OptionsFor(upstream.base_url(), "30s"));
  Caller caller(server.address(), SmallWindow());
  CallOptions read_one;
  read_one.read_first = 1;
  RunningCall stream = caller.Start(Rpc::kStreamChat, ChatRequestBody("a"), read_one);
  ASSERT_TRUE(stream.AwaitMessages(1));
  ASSERT_TRUE(support::WaitForBlockedSenders(upstream.port(), 1));
  server.Terminate();
  const CallResult result = stream.Wait();
  EXPECT_TRUE(result.ok()) << result.Describe();
  EXPECT_EQ(result.Text().size(), size_t{kEvents} * 4000);
  ExpectPromptEnd(&server);
}

// The call is over with [DONE]; what its connection still waits for is nobody's call.
TEST(DrainState, ALingeringConnectionHoldsNothing) {
  ScriptedUpstream upstream([](Connection& connection) {
    if (!connection.ReadRequest()) return;
    connection.Send(support::SseHead() + Content("Hello") + FinishAndDone());
    connection.WaitForPeerClose();
  });
  ServerProcess server(OptionsFor(upstream.base_url(), "30s"));
  Caller caller(server.address());
  const CallResult result = caller.StreamChat(ChatRequestBody("a"));
  EXPECT_TRUE(result.ok()) << result.Describe();
  server.Terminate();
  ExpectPromptEnd(&server);
  EXPECT_TRUE(upstream.WaitForCloses(1));
}

// Go's client, in the middle of a stream.
TEST(DrainState, GrpcurlReadsItsStreamToTheEnd) {
  Gate rest;
  ScriptedUpstream upstream([&](Connection& connection) {
    if (!connection.ReadRequest()) return;
    connection.Send(support::SseHead() + Content("Hel"));
    if (rest.Await()) connection.Send(Content("lo") + FinishAndDone() + support::LastChunk());
    connection.WaitForPeerClose();
  });
  ServerProcess server(OptionsFor(upstream.base_url(), "30s"));
  const char* const tools = std::getenv("SPARKGATE_TEST_TOOLS");
  ASSERT_NE(tools, nullptr) << "the folder that make tools fills: run the tests with make test";
  support::ChildProcess grpcurl({std::string(tools) + "/grpcurl", "-plaintext", "-d",
                                 std::string(ChatRequestBody("a")), server.address(),
                                 "sparkgate.v1.ChatService/StreamChat"});
  ASSERT_TRUE(grpcurl.AwaitLine("\"content\": \"Hel\""));
  server.Terminate();
  rest.Open();
  EXPECT_EQ(grpcurl.Wait(), 0) << grpcurl.errors();
  EXPECT_NE(grpcurl.output().find("\"content\": \"lo\""), std::string::npos) << grpcurl.output();
  ExpectPromptEnd(&server);
}

}  // namespace
}  // namespace sparkgate::drain
