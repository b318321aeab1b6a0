// Deadlines of the caller's: whatever the call is doing, it ends in time and leaves nothing behind,
// neither a call at the server nor a connection at the upstream.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/eventually.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/server_process.h"
#include "tests/support/tcp_info.h"
#include "tests/support/test_certificates.h"

namespace sparkgate::faults {
namespace {

using std::chrono::milliseconds;
using support::Caller;
using support::CallOptions;
using support::CallResult;
using support::ChatRequestBody;
using support::Connection;
using support::kBothRpcs;
using support::Rpc;
using support::RunningCall;
using support::ScriptedUpstream;
using support::ServerProcess;

// So many calls the server admits: a call that it does not let go takes one place for good.
constexpr int kRoom = 50;

std::vector<std::string> WithRoom() { return {"--max_calls=" + std::to_string(kRoom)}; }

CallOptions Within(milliseconds deadline) {
  CallOptions options;
  options.deadline = deadline;
  return options;
}

// Answers "free", and leaves all other calls waiting until the server goes.
void AnswerFreeOnly(Connection& connection) {
  while (const auto request = connection.ReadRequest()) {
    if (support::CallNameOf(request->body) != "free") {
      connection.WaitForPeerClose();
      return;
    }
    connection.Send(support::AnswerTo(request->body, "Hello"));
  }
}

// True if so many calls at once are let in.
bool HasRoom(Caller* caller) {
  std::vector<RunningCall> calls;
  for (int i = 0; i < kRoom; ++i) {
    calls.push_back(caller->Start(kBothRpcs[i % 2], ChatRequestBody("free")));
  }
  bool room = true;
  for (RunningCall& call : calls) {
    const CallResult result = call.Wait();
    room &= result.ok();
    EXPECT_TRUE(result.ok() || result.reason == "OVERLOADED") << result.Describe();
  }
  return room;
}

// The server's count of calls is back to 0: what the caller has seen end may end there a moment
// later.
void ExpectNoCallLeft(Caller* caller) {
  ASSERT_TRUE(support::Eventually([&] { return HasRoom(caller); }))
      << "calls that have ended hold their places";
}

class Deadlines : public testing::TestWithParam<bool> {
 protected:
  void Serve(ScriptedUpstream::Script script, std::vector<std::string> flags = WithRoom()) {
    upstream_ = GetParam() ? std::make_unique<ScriptedUpstream>(std::move(script),
                                                                support::Certificate::kRight)
                           : std::make_unique<ScriptedUpstream>(std::move(script));
    ServerProcess::Options options;
    options.upstream_url = upstream_->base_url();
    options.flags = std::move(flags);
    if (GetParam()) options.ca_file = support::CaFile();
    server_ = std::make_unique<ServerProcess>(options);
    caller_ = std::make_unique<Caller>(server_->address());
  }

  std::unique_ptr<ScriptedUpstream> upstream_;
  std::unique_ptr<ServerProcess> server_;
  std::unique_ptr<Caller> caller_;
};

INSTANTIATE_TEST_SUITE_P(Transport, Deadlines, testing::Bool(),
                         [](const auto& info) { return info.param ? "Tls" : "Plain"; });

TEST_P(Deadlines, AThousandOfOneMillisecond) {
  Serve(AnswerFreeOnly);
  const int calls = support::Thinned(1000, 200);
  for (int done = 0; done < calls; done += kRoom / 2) {
    std::vector<RunningCall> running;
    for (int i = 0; i < kRoom / 2; ++i) {
      running.push_back(
          caller_->Start(kBothRpcs[i % 2], ChatRequestBody("late"), Within(milliseconds(1))));
    }
    for (RunningCall& call : running) {
      const CallResult result = call.Wait();
      // Those of the last batch may still hold their places at the server.
      const bool refused = result.reason == "OVERLOADED";
      EXPECT_TRUE(result.name == "DEADLINE_EXCEEDED" || refused) << result.Describe();
      EXPECT_TRUE(result.messages.empty());
    }
  }
  EXPECT_TRUE(upstream_->WaitForNoneOpen());
  ExpectNoCallLeft(caller_.get());
}

// At growing deadlines, so that some pass in every stage of a call.
TEST_P(Deadlines, InEveryStage) {
  Serve(AnswerFreeOnly);
  constexpr int kCalls = 40;
  std::vector<RunningCall> running;
  for (int i = 0; i < kCalls; ++i) {
    running.push_back(caller_->Start(kBothRpcs[i % 2], ChatRequestBody("late"),
                                     Within(milliseconds(1 + i * i / 8))));
  }
  for (RunningCall& call : running) EXPECT_EQ(call.Wait().name, "DEADLINE_EXCEEDED");
  EXPECT_GT(upstream_->requests().size(), 0u);
  EXPECT_TRUE(upstream_->WaitForNoneOpen());
  ExpectNoCallLeft(caller_.get());
}

TEST_P(Deadlines, InTheMiddleOfAnAnswer) {
  const std::string begun =
      support::SseHead() + support::Chunk(support::SseEvent(support::ContentChunk("Hello")));
  for (const std::string& said : {std::string(), support::SseHead(), begun}) {
    Serve([said](Connection& connection) {
      if (!connection.ReadRequest()) return;
      connection.Send(said);
      connection.WaitForPeerClose();
    });
    const CallResult result = caller_->StreamChat(ChatRequestBody("a"), Within(milliseconds(400)));
    EXPECT_EQ(result.name, "DEADLINE_EXCEEDED") << result.Describe();
    EXPECT_TRUE(upstream_->WaitForCloses(1));
  }
}

// The caller does not read, so the upstream has to wait; his deadline passes meanwhile.
TEST_P(Deadlines, WhileTheUpstreamIsMadeToWait) {
  Serve([](Connection& connection) {
    if (!connection.ReadRequest()) return;
    connection.SetSendBuffer(16 * 1024);
    const std::string event =
        support::Chunk(support::SseEvent(support::ContentChunk(std::string(16 * 1024, 'x'))));
    bool open = connection.Send(support::SseHead());
    while (open) open = connection.Send(event);  // until it is stopped, and then until the reset
    connection.WaitForPeerClose();
  });
  support::ChannelOptions channel;
  channel.bdp_probe = false;
  Caller caller(server_->address(), channel);
  CallOptions options = Within(milliseconds(2000));
  options.read_first = 1;
  RunningCall call = caller.Start(Rpc::kStreamChat, ChatRequestBody("a"), options);
  EXPECT_TRUE(support::WaitForBlockedSenders(upstream_->port(), 1));
  // He reads on only when it is long over.
  EXPECT_TRUE(upstream_->WaitForCloses(1));
  EXPECT_EQ(call.Wait().name, "DEADLINE_EXCEEDED");
  EXPECT_TRUE(upstream_->WaitForNoneOpen());
}

// --- While there is no connection yet ------------------------------------------------------------

// A call that gets in, which more calls than are admitted at once do only if none holds its place.
CallResult CallThatGetsIn(Caller* caller, Rpc rpc) {
  CallResult result;
  support::Eventually([&] {
    result = caller->Call(rpc, ChatRequestBody("a"), Within(milliseconds(150)));
    return result.reason != "OVERLOADED";
  });
  return result;
}

void ExpectDeadlinesWithoutTrace(const std::string& url) {
  ServerProcess server(url, {"--max_calls=2"});
  Caller caller(server.address());
  for (int i = 0; i < 6; ++i) {
    const CallResult result = CallThatGetsIn(&caller, kBothRpcs[i % 2]);
    EXPECT_EQ(result.name, "DEADLINE_EXCEEDED") << result.Describe();
  }
}

TEST(DeadlineWhileConnecting, NobodyAccepts) {
  support::BlackHole hole;
  ExpectDeadlinesWithoutTrace("http://127.0.0.1:" + std::to_string(hole.port()));
}

TEST(DeadlineWhileConnecting, NobodyShakesHands) {
  ScriptedUpstream upstream([](Connection& connection) { connection.WaitForPeerClose(); });
  ExpectDeadlinesWithoutTrace("https://127.0.0.1:" + std::to_string(upstream.port()));
  EXPECT_GT(upstream.connections_accepted(), 0);
  EXPECT_TRUE(upstream.WaitForNoneOpen());
}

TEST(DeadlineThatHasPassed, NeverReachesTheUpstream) {
  ScriptedUpstream upstream(AnswerFreeOnly);
  ServerProcess server(upstream.base_url());
  Caller caller(server.address());
  ASSERT_TRUE(caller.Chat(ChatRequestBody("free")).ok());
  EXPECT_EQ(caller.Chat(ChatRequestBody("late"), Within(milliseconds(-1))).name,
            "DEADLINE_EXCEEDED");
  EXPECT_TRUE(caller.Chat(ChatRequestBody("free")).ok());
  EXPECT_EQ(upstream.requests().size(), 2u);
}

}  // namespace
}  // namespace sparkgate::faults
