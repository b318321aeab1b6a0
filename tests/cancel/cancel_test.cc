// Gone means gone: whoever leaves, in whatever state the call is, the upstream's connection is
// closed.
#include <gtest/gtest.h>
#include <signal.h>

#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <thread>

#include "tests/cancel/delays.h"
#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/server_process.h"
#include "tests/support/tcp_info.h"

namespace sparkgate::cancel {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using support::Caller;
using support::CallOptions;
using support::CallResult;
using support::ChatRequestBody;
using support::Connection;
using support::Rpc;
using support::RunningCall;
using support::ScriptedUpstream;
using support::ServerProcess;
using support::Thinned;

// Where a call is when its caller leaves; the first part of its name, by which the upstream plays
// its part.
const char* const kStates[] = {"silent", "head", "begun", "paused", "chat"};

std::string Event(const std::string& text) {
  return support::Chunk(support::SseEvent(support::ContentChunk(text)));
}

void PlayState(Connection& connection) {
  const auto request = connection.ReadRequest();
  if (!request) return;
  const std::string name = support::CallNameOf(request->body);
  const std::string state = name.substr(0, name.find('/'));
  if (state != "silent" && state != "chat") connection.Send(support::SseHead());
  if (state == "begun") connection.Send(Event("Hello"));
  if (state == "paused") {
    connection.SetSendBuffer(64 * 1024);
    const std::string event = Event(std::string(4000, 'x'));
    while (connection.Send(event)) {
    }
  }
  connection.WaitForPeerClose();
}

// Upstream, server and a caller whose window is small.
struct Stage {
  explicit Stage(bool tls) {
    if (tls) {
      upstream = std::make_unique<ScriptedUpstream>(PlayState, support::Certificate::kRight);
    } else {
      upstream = std::make_unique<ScriptedUpstream>(PlayState);
    }
    time_waits.emplace(upstream->port());
    ServerProcess::Options options;
    options.upstream_url = upstream->base_url();
    if (tls) options.ca_file = support::CaFile();
    options.flags = {"--outbox_bytes=32768"};
    server = std::make_unique<ServerProcess>(options);
    support::ChannelOptions channel;
    channel.bdp_probe = false;
    caller = std::make_unique<Caller>(server->address(), channel);
  }

  // When the connection of each call was closed.
  std::map<std::string, support::PeerClose> ClosesByName() const {
    std::map<int, std::string> names;
    for (const auto& request : upstream->requests()) {
      names[request.connection] = support::CallNameOf(request.body);
    }
    std::map<std::string, support::PeerClose> closes;
    for (const auto& close : upstream->closes()) closes.emplace(names[close.connection], close);
    return closes;
  }

  std::unique_ptr<ScriptedUpstream> upstream;
  std::optional<support::TimeWaits> time_waits;  // of connections that were not reset
  std::unique_ptr<ServerProcess> server;
  std::unique_ptr<Caller> caller;
};

// One call that was brought into its state.
struct Leaver {
  std::string state;
  std::string name;
  RunningCall call;
  steady_clock::time_point left{};
};

Leaver Start(Stage* stage, const std::string& state, int number) {
  const std::string name = state + "/" + std::to_string(number);
  CallOptions options;
  if (state == "paused") options.read_first = 1;
  const Rpc rpc = state == "chat" ? Rpc::kChat : Rpc::kStreamChat;
  return {state, name, stage->caller->Start(rpc, ChatRequestBody(name), options)};
}

void AwaitState(Leaver* leaver) {
  if (leaver->state == "head") {
    ASSERT_TRUE(leaver->call.AwaitInitialMetadata());
  } else if (leaver->state == "begun" || leaver->state == "paused") {
    ASSERT_TRUE(leaver->call.AwaitMessages(1));
  }
}

// Of the calls that are over already, for a test that fails.
std::string Endings(std::vector<Leaver>* leavers) {
  std::string text;
  for (Leaver& leaver : *leavers) {
    if (leaver.call.ended()) text += leaver.name + ": " + leaver.call.Wait().Describe() + "\n";
  }
  return text;
}

class Cancel : public testing::TestWithParam<bool> {};

TEST_P(Cancel, InEveryState) {
  const bool tls = GetParam();
  const int rounds = tls ? Thinned(10, 2) : Thinned(63, 4);  // 1,000 of each
  const int of_each = 16;
  Stage stage(tls);
  std::map<std::string, Delays> delays;
  std::map<std::string, steady_clock::time_point> left;
  int started = 0;
  for (int round = 0; round < rounds; ++round) {
    std::vector<Leaver> leavers;
    for (int i = 0; i < of_each; ++i) {
      for (const char* state : kStates) leavers.push_back(Start(&stage, state, started++));
    }
    ASSERT_TRUE(stage.upstream->WaitForRequests(started)) << Endings(&leavers);
    for (Leaver& leaver : leavers) AwaitState(&leaver);
    ASSERT_TRUE(support::WaitForBlockedSenders(stage.upstream->port(), of_each));
    for (Leaver& leaver : leavers) {
      left[leaver.name] = steady_clock::now();
      leaver.call.Cancel();
    }
    for (Leaver& leaver : leavers) {
      const CallResult result = leaver.call.Wait();
      EXPECT_EQ(result.name, "CANCELLED") << leaver.name << " " << result.Describe();
    }
    ASSERT_TRUE(stage.upstream->WaitForCloses(started)) << "a connection was left open";
  }
  Delays all;
  for (const auto& [name, close] : stage.ClosesByName()) {
    // An upstream that was sending has been told already when it looks.
    if (name.rfind("paused/", 0) != 0) {
      EXPECT_EQ(close.kind, support::PeerClose::Kind::kReset) << name;
    }
    delays[name.substr(0, name.find('/'))].Add(left[name], close.when);
    all.Add(left[name], close.when);
  }
  for (auto& [state, times] : delays) times.Report((tls ? "tls_" : "") + state);
  all.Report(tls ? "tls_all" : "all");
  if (support::kTimesCount) {
    EXPECT_LE(all.At(0.5), 25);
  }
  EXPECT_EQ(stage.time_waits->New(), 0);
}

INSTANTIATE_TEST_SUITE_P(Transport, Cancel, testing::Bool(),
                         [](const auto& info) { return info.param ? "Tls" : "Plain"; });

TEST(CancelAlone, OneAtATime) {
  Stage stage(false);
  Delays delays;
  for (int i = 0; i < Thinned(300, 30); ++i) {
    Leaver leaver = Start(&stage, "begun", i);
    AwaitState(&leaver);
    const auto left = steady_clock::now();
    leaver.call.Cancel();
    ASSERT_TRUE(stage.upstream->WaitForCloses(i + 1));
    delays.Add(left, stage.upstream->closes().back().when);
  }
  delays.Report("one_at_a_time");
  if (support::kTimesCount) {
    EXPECT_LE(delays.At(0.5), 25);
  }
}

TEST(CancelAlone, AllOfOneConnectionAtOnce) {
  const int calls = Thinned(1000, 100);
  Stage stage(false);
  std::vector<Leaver> leavers;
  for (int i = 0; i < calls; ++i) leavers.push_back(Start(&stage, "begun", i));
  for (Leaver& leaver : leavers) AwaitState(&leaver);
  const auto left = steady_clock::now();
  for (Leaver& leaver : leavers) leaver.call.Cancel();
  ASSERT_TRUE(stage.upstream->WaitForCloses(calls));
  Delays delays;
  for (const auto& close : stage.upstream->closes()) delays.Add(left, close.when);
  delays.Report("storm");
  for (Leaver& leaver : leavers) EXPECT_EQ(leaver.call.Wait().name, "CANCELLED");
  EXPECT_EQ(stage.time_waits->New(), 0);
}

// Some of them end before their request has left, which is as good.
TEST(CancelAlone, Deadlines) {
  const int batches = Thinned(10, 2);
  const int at_once = 100;
  Stage stage(false);
  CallOptions options;
  options.deadline = milliseconds(Thinned(100, 400));
  for (int batch = 0; batch < batches; ++batch) {
    std::vector<RunningCall> calls;
    for (int i = 0; i < at_once; ++i) {
      const std::string state = kStates[i % std::size(kStates)];
      const Rpc rpc = state == "chat" ? Rpc::kChat : Rpc::kStreamChat;
      calls.push_back(
          stage.caller->Start(rpc, ChatRequestBody(state + "/" + std::to_string(i)), options));
    }
    for (RunningCall& call : calls) {
      const CallResult result = call.Wait();
      EXPECT_EQ(result.name, "DEADLINE_EXCEEDED") << result.Describe();
    }
    ASSERT_TRUE(stage.upstream->WaitForNoneOpen()) << "a connection was left open";
  }
  EXPECT_GT(stage.upstream->requests().size(), 0u);
  EXPECT_EQ(stage.time_waits->New(), 0);
}

TEST(CancelAlone, ClientsThatAreKilled) {
  const int clients = Thinned(100, 10);
  const int at_once = 10;
  const int calls_of_each = 3;
  Stage stage(false);
  Delays delays;
  for (int first = 0; first < clients; first += at_once) {
    std::vector<std::unique_ptr<support::ChildProcess>> running;
    for (int i = first; i < first + at_once; ++i) {
      running.push_back(std::make_unique<support::ChildProcess>(std::vector<std::string>{
          "tests/cancel/killed_client", stage.server->address(), std::to_string(i)}));
    }
    for (auto& client : running) ASSERT_TRUE(client->AwaitLine("ready")) << client->errors();
    ASSERT_TRUE(stage.upstream->WaitForRequests((first + at_once) * calls_of_each));
    const size_t closed_before = stage.upstream->closes().size();
    const auto left = steady_clock::now();
    for (auto& client : running) client->Signal(SIGKILL);
    ASSERT_TRUE(stage.upstream->WaitForCloses((first + at_once) * calls_of_each));
    const auto closes = stage.upstream->closes();
    for (size_t i = closed_before; i < closes.size(); ++i) delays.Add(left, closes[i].when);
  }
  delays.Report("killed");
  if (support::kTimesCount) {
    EXPECT_LE(delays.At(0.5), 25);
  }
  EXPECT_EQ(stage.time_waits->New(), 0);
}

}  // namespace
}  // namespace sparkgate::cancel
