// SIGTERM: callers lose nothing that can be finished, and the process ends in time.
#include <gtest/gtest.h>
#include <signal.h>

#include <memory>
#include <string>
#include <thread>

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

// The health protocol's messages, as bytes: one field.
const char kServing[] = "\x08\x01";
const char kNotServing[] = "\x08\x02";

std::string HealthRequest(const std::string& service) {
  if (service.empty()) return "";
  return std::string("\x0a") + static_cast<char>(service.size()) + service;
}

RunningCall Watch(Caller* caller, const std::string& service) {
  return caller->StartRaw("/grpc.health.v1.Health/Watch", HealthRequest(service));
}

std::string Check(Caller* caller, const std::string& service) {
  RunningCall call = caller->StartRaw("/grpc.health.v1.Health/Check", HealthRequest(service));
  const CallResult result = call.Wait();
  return result.ok() && result.messages.size() == 1 ? result.messages[0] : result.name;
}

RunningCall OpenReflection(Caller* caller) {
  CallOptions options;
  options.half_close = false;
  return caller->StartRaw("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                          "\x3a\x01*", options);
}

// Begins every stream with "Hel" and ends it with "lo" when the test says so; answers Chat then as
// well.
class HeldUpstream {
 public:
  Gate go_on;
  ScriptedUpstream upstream{[this](Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      const bool stream = support::IsStream(request->body);
      if (stream) connection.Send(support::SseHead() + Event("Hel"));
      if (!AwaitOrClose(connection)) return;
      if (stream) {
        connection.Send(Event("lo") +
                        support::Chunk(support::SseEvent(support::FinishChunk()) +
                                       support::SseEvent("[DONE]")) +
                        support::LastChunk());
      } else {
        connection.Send(support::ChatAnswer("Hello"));
      }
    }
  }};

 private:
  static std::string Event(const std::string& text) {
    return support::Chunk(support::SseEvent(support::ContentChunk(text)));
  }
  // False if the server left first.
  bool AwaitOrClose(Connection& connection) {
    while (!go_on.Await(milliseconds(2))) {
      if (connection.WaitForBytes(std::chrono::microseconds(0))) {
        connection.WaitForPeerClose();
        return false;
      }
    }
    return true;
  }
};

ServerProcess::Options OptionsFor(const ScriptedUpstream& upstream, const std::string& delay,
                                  const std::string& grace) {
  ServerProcess::Options options;
  options.upstream_url = upstream.base_url();
  options.drain_delay = delay;
  options.drain_grace = grace;
  return options;
}

void ExpectDrainCut(const CallResult& result) {
  EXPECT_EQ(result.name, "ABORTED") << result.Describe();
  EXPECT_EQ(result.reason, "DRAIN_CUT");
  EXPECT_EQ(result.may_have_run(), "true");
  EXPECT_EQ(result.pushback(), "-1");
}

milliseconds Since(steady_clock::time_point begun) {
  return std::chrono::duration_cast<milliseconds>(steady_clock::now() - begun);
}

TEST(Drain, RunningCallsFinishWhileWatchesAndReflectionAreOpen) {
  const int streams = support::Thinned(50, 10);
  HeldUpstream held;
  ServerProcess server(OptionsFor(held.upstream, "0s", "20s"));
  Caller caller(server.address());
  Caller health(server.address());
  RunningCall watch = Watch(&health, "");
  RunningCall reflection = OpenReflection(&health);
  std::vector<RunningCall> calls;
  for (int i = 0; i < streams; ++i)
    calls.push_back(caller.Start(Rpc::kStreamChat, ChatRequestBody("a")));
  RunningCall chat = caller.Start(Rpc::kChat, ChatRequestBody("a"));
  for (RunningCall& call : calls) ASSERT_TRUE(call.AwaitMessages(1));
  ASSERT_TRUE(watch.AwaitMessages(1));
  ASSERT_TRUE(reflection.AwaitMessages(1));
  ASSERT_TRUE(held.upstream.WaitForRequests(streams + 1));
  server.Terminate();
  ASSERT_TRUE(watch.AwaitMessages(2));
  const auto begun = steady_clock::now();
  held.go_on.Open();
  for (RunningCall& call : calls) {
    const CallResult result = call.Wait();
    EXPECT_TRUE(result.ok()) << result.Describe();
    EXPECT_EQ(result.Text(), "Hello");
  }
  EXPECT_TRUE(chat.Wait().ok());
  EXPECT_EQ(server.WaitForEnd(), 0);
  EXPECT_LT(Since(begun), milliseconds(support::kTimesCount ? 1500 : 15000))
      << "the open Watch or reflection stream held it";
  const CallResult watched = watch.Wait();
  EXPECT_EQ(watched.messages, (std::vector<std::string>{kServing, kNotServing}));
}

TEST(Drain, DuringTheDelayHealthSaysSoAndCallsAreTaken) {
  HeldUpstream held;
  held.go_on.Open();
  ServerProcess server(OptionsFor(held.upstream, "2s", "5s"));
  Caller caller(server.address());
  const std::vector<std::string> services = {"", "sparkgate.v1.ChatService", "readiness"};
  for (const std::string& service : services)
    EXPECT_EQ(Check(&caller, service), kServing) << service;
  EXPECT_EQ(Check(&caller, "no such"), "NOT_FOUND");
  std::vector<RunningCall> watches;
  for (const std::string& service : services) watches.push_back(Watch(&caller, service));
  for (RunningCall& watch : watches) ASSERT_TRUE(watch.AwaitMessages(1));
  const auto begun = steady_clock::now();
  server.Terminate();
  for (RunningCall& watch : watches) ASSERT_TRUE(watch.AwaitMessages(2));
  EXPECT_LT(Since(begun), milliseconds(support::kTimesCount ? 100 : 1500));
  for (const std::string& service : services)
    EXPECT_EQ(Check(&caller, service), kNotServing) << service;
  EXPECT_EQ(Check(&caller, "liveness"), kServing);
  EXPECT_TRUE(caller.Chat(ChatRequestBody("a")).ok());
  EXPECT_TRUE(caller.StreamChat(ChatRequestBody("b")).ok());
  Caller late(server.address());
  EXPECT_TRUE(late.Chat(ChatRequestBody("c")).ok()) << "new connections are taken as well";
  EXPECT_EQ(server.WaitForEnd(), 0);
  EXPECT_GE(Since(begun), milliseconds(2000));
}

TEST(Drain, OverrunCutsWhatStillRuns) {
  HeldUpstream held;
  ServerProcess server(OptionsFor(held.upstream, "0s", "500ms"));
  Caller caller(server.address());
  RunningCall stream = caller.Start(Rpc::kStreamChat, ChatRequestBody("a"));
  RunningCall chat = caller.Start(Rpc::kChat, ChatRequestBody("b"));
  ASSERT_TRUE(stream.AwaitMessages(1));
  ASSERT_TRUE(held.upstream.WaitForRequests(2));
  const auto begun = steady_clock::now();
  server.Terminate();
  const CallResult streamed = stream.Wait();
  ExpectDrainCut(streamed);
  EXPECT_EQ(streamed.Text(), "Hel");
  ExpectDrainCut(chat.Wait());
  EXPECT_GE(Since(begun), milliseconds(500));
  EXPECT_TRUE(held.upstream.WaitForCloses(2));
  EXPECT_EQ(server.WaitForEnd(), 0);
  EXPECT_LT(Since(begun), milliseconds(support::kTimesCount ? 3000 : 20000));
}

TEST(Drain, OverrunWithReadersThatDoNotRead) {
  ScriptedUpstream upstream([](Connection& connection) {
    if (!connection.ReadRequest()) return;
    connection.SetSendBuffer(64 * 1024);
    connection.Send(support::SseHead());
    const std::string event =
        support::Chunk(support::SseEvent(support::ContentChunk(std::string(4000, 'x'))));
    while (connection.Send(event)) {
    }
    connection.WaitForPeerClose();
  });
  ServerProcess server(OptionsFor(upstream, "0s", "300ms"));
  support::ChannelOptions small_window;
  small_window.bdp_probe = false;
  Caller caller(server.address(), small_window);
  CallOptions read_one;
  read_one.read_first = 1;
  RunningCall resumes = caller.Start(Rpc::kStreamChat, ChatRequestBody("a"), read_one);
  RunningCall never = caller.Start(Rpc::kStreamChat, ChatRequestBody("b"), read_one);
  ASSERT_TRUE(resumes.AwaitMessages(1));
  ASSERT_TRUE(never.AwaitMessages(1));
  ASSERT_TRUE(support::WaitForBlockedSenders(upstream.port(), 2));
  server.Terminate();
  ASSERT_TRUE(upstream.WaitForCloses(2));
  ExpectDrainCut(resumes.Wait());
  EXPECT_EQ(server.WaitForEnd(), 0);
  // He is cancelled, but gRPC 1.51 closes a connection that has had its GOAWAY together with its
  // last stream, before it has told why; his own library then makes up UNAVAILABLE.
  const CallResult cut = never.Wait();
  EXPECT_TRUE(cut.name == "CANCELLED" || cut.message == "Socket closed") << cut.Describe();
}

TEST(Drain, ASecondSignalEndsItAtOnce) {
  HeldUpstream held;
  ServerProcess server(OptionsFor(held.upstream, "10s", "60s"));
  Caller caller(server.address());
  RunningCall watch = Watch(&caller, "");
  RunningCall stream = caller.Start(Rpc::kStreamChat, ChatRequestBody("a"));
  ASSERT_TRUE(stream.AwaitMessages(1));
  ASSERT_TRUE(watch.AwaitMessages(1));
  server.Terminate();
  ASSERT_TRUE(watch.AwaitMessages(2));
  const auto begun = steady_clock::now();
  server.Terminate();
  EXPECT_EQ(server.WaitForEnd(), 0);
  EXPECT_LT(Since(begun), milliseconds(support::kTimesCount ? 1000 : 10000));
  EXPECT_FALSE(stream.Wait().ok());
}

TEST(Drain, AtIdle) {
  HeldUpstream held;
  for (const int signal : {SIGTERM, SIGINT}) {
    ServerProcess server(OptionsFor(held.upstream, "0s", "60s"));
    const auto begun = steady_clock::now();
    server.process().Signal(signal);
    EXPECT_EQ(server.WaitForEnd(), 0);
    EXPECT_LT(Since(begun), milliseconds(support::kTimesCount ? 1000 : 10000));
  }
}

TEST(Drain, AConnectionThatOnlyWaits) {
  HeldUpstream held;
  ServerProcess server(OptionsFor(held.upstream, "0s", "60s"));
  Caller caller(server.address());
  ASSERT_TRUE(caller.Connect());
  const auto begun = steady_clock::now();
  server.Terminate();
  EXPECT_EQ(server.WaitForEnd(), 0);
  EXPECT_LT(Since(begun), milliseconds(support::kTimesCount ? 1000 : 10000));
}

TEST(Drain, DuringStartUp) {
  HeldUpstream held;
  for (int i = 0; i < support::Thinned(20, 5); ++i) {
    ServerProcess::Options options = OptionsFor(held.upstream, "0s", "60s");
    options.wait = false;
    ServerProcess server(options);
    std::this_thread::sleep_for(milliseconds(2 * i));  // another moment each time
    server.Terminate();
    const int code = server.WaitForEnd();
    // Before main has blocked the signal it ends the process as signals do.
    EXPECT_TRUE(code == 0 || code == 128 + SIGTERM) << code;
  }
}

TEST(Start, ReadyWithinASecondAndAgainAfterAKill) {
  HeldUpstream held;
  held.go_on.Open();
  for (int i = 0; i < 3; ++i) {
    const auto begun = steady_clock::now();
    ServerProcess server(OptionsFor(held.upstream, "0s", "5s"));
    EXPECT_LT(Since(begun), milliseconds(support::kTimesCount ? 1000 : 15000));
    Caller caller(server.address());
    EXPECT_TRUE(caller.Chat(ChatRequestBody("a")).ok());
    server.process().Signal(SIGKILL);
    EXPECT_EQ(server.WaitForEnd(), 128 + SIGKILL);
  }
}

// The worker posts what it has decoded to a loop, which must still be there.
TEST(Drain, WhatIsDecodedForACallerWhoLeftHoldsNothing) {
  std::string escapes;
  for (int i = 0; i < support::Thinned(10 << 20, 1 << 20); ++i) escapes += R"(\n)";
  const std::string answer = support::ChatAnswer(escapes);
  for (int round = 0; round < 3; ++round) {
    Gate sent;
    ScriptedUpstream upstream([&](Connection& connection) {
      if (!connection.ReadRequest()) return;
      connection.Send(answer);
      sent.Open();
      connection.WaitForPeerClose();
    });
    ServerProcess server(upstream.base_url());
    Caller caller(server.address());
    RunningCall call = caller.Start(Rpc::kChat, ChatRequestBody("a"));
    ASSERT_TRUE(sent.Await());
    call.Cancel();
    EXPECT_EQ(call.Wait().name, "CANCELLED");
    server.Stop();  // exit code 0
  }
}

}  // namespace
}  // namespace sparkgate::drain
