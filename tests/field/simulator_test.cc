// What real servers were seen to do, as the simulator does it, and what callers see of it.
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>

#include "tests/support/caller.h"
#include "tests/support/server_process.h"

namespace sparkgate::field {
namespace {

using std::chrono::seconds;
using support::Caller;
using support::CallResult;
using support::ChildProcess;
using support::Rpc;
using support::RunningCall;
using support::ServerProcess;

struct Habit {
  const char* model;
  // Code, reason and the finish reason. "": this RPC is not asked.
  const char* stream;
  const char* chat;
};

constexpr char kStop[] = "OK stop";
constexpr char kCalls[] = "OK tool_calls";
constexpr char kStreamError[] = "INTERNAL UPSTREAM_STREAM_ERROR";
constexpr char kCut[] = "ABORTED UPSTREAM_STREAM_TRUNCATED";

const Habit kHabits[] = {
    {"sim/deaf", kStop, kStop},
    {"sim/drops-next", kStop, kStop},
    {"sim/error-in-stream", kStreamError, kStreamError},
    {"sim/error-in-stream?at=0", kStreamError, kStreamError},
    {"sim/error-then-done", kStreamError, kStreamError},
    {"sim/bare-error-in-stream", kStreamError, kStreamError},
    {"sim/bare-error-in-stream?at=0", kStreamError, kStreamError},
    {"sim/done-unfinished", "OK", ""},
    {"sim/content-parts", kStop, kStop},
    {"sim/data-keep-alives", kStop, kStop},
    {"sim/finish-cut", kCut, kCut},
    {"sim/finish-reset", kCut, kCut},
    {"sim/no-blank-line", kStop, ""},
    {"sim/no-done-open", kStop, ""},
    {"sim/no-done-comments", kStop, ""},
    {"sim/finish-each", kStop, kStop},
    {"sim/tools-index-0", kCalls, kCalls},
    {"sim/tools-no-index", kCalls, kCalls},
    {"sim/raw-controls", kStop, kStop},
    {"sim/message-beside-delta", kStop, kStop},
    {"sim/gzip", kStop, kStop},
    {"sim/gzip-undeclared", kStop, kStop},
    {"sim/story?type=application/json", kStop, kStop},
    {"sim/story?coding=utf-8", kStop, kStop},
};

std::string Request(const std::string& model) {
  return R"({"model":")" + model + R"(","messages":[{"role":"user","content":"Hello"}]})";
}

std::string Outcome(const CallResult& result) {
  std::string outcome = result.name;
  if (!result.ok()) return outcome + " " + result.reason;
  const std::string finish = result.FinishReason();
  return finish.empty() ? outcome : outcome + " " + finish;
}

class Simulator : public testing::Test {
 protected:
  Simulator()
      : simulator_({"simulator/sparkgate-sim", "--listen=127.0.0.1:0", "--tokens=12",
                    "--token_interval=2ms", "--first_token_delay=2ms"}),
        server_("http://" + simulator_.AwaitLine("listening on ").value() + "/inference/v1",
                {"--end_grace=1s"}),
        caller_(server_.address()) {}
  ~Simulator() override {
    server_.Stop();
    simulator_.Signal(15);
    EXPECT_EQ(simulator_.Wait(), 0);
  }

  ChildProcess simulator_;
  ServerProcess server_;
  Caller caller_;
};

TEST_F(Simulator, CallersSeeOfEachHabit) {
  for (const Habit& habit : kHabits) {
    for (const Rpc rpc : support::kBothRpcs) {
      const std::string expected = rpc == Rpc::kChat ? habit.chat : habit.stream;
      if (expected.empty()) continue;
      const CallResult result = caller_.Call(rpc, Request(habit.model));
      SCOPED_TRACE(std::string(habit.model) + ", " + std::string(RpcName(rpc)) + "\n" +
                   result.Describe());
      EXPECT_EQ(Outcome(result), expected);
      EXPECT_EQ(result.may_have_run(), result.ok() ? "" : "true");
    }
  }
}

// The upstream goes on alone: neither that call nor the next ones wait for it.
TEST_F(Simulator, OneThatDoesNotNoticeAnAbortHoldsNobody) {
  for (const char* model : {"sim/deaf?interval=1s&tokens=1000", "sim/deaf?delay=200ms&tokens=1000",
                            "sim/slow?tokens=1000"}) {
    RunningCall call = caller_.Start(Rpc::kStreamChat, Request(model));
    ASSERT_TRUE(call.AwaitMessages(1)) << model;
    call.Cancel();
    EXPECT_EQ(call.Wait().name, "CANCELLED");
    EXPECT_EQ(Outcome(caller_.StreamChat(Request("sim/story"))), kStop);
  }
}

// Such calls have reached the upstream, so nobody can say that they have not run.
TEST_F(Simulator, WhatIsDroppedAfterACancelIsToldHonestly) {
  RunningCall call = caller_.Start(Rpc::kStreamChat, Request("sim/drops-next?count=2&interval=1h"));
  ASSERT_TRUE(call.AwaitMessages(1));
  call.Cancel();
  EXPECT_EQ(call.Wait().name, "CANCELLED");
  // The upstream hears of it a moment later than we.
  int dropped = 0, before = 0;
  for (int answered = 0; answered < 3 && before < 1000;) {
    const CallResult result = caller_.Chat(Request("sim/echo"));
    if (result.ok()) {
      answered += dropped > 0 ? 1 : 0;
      ++before;
      continue;
    }
    ++dropped;
    EXPECT_EQ(Outcome(result), "ABORTED UPSTREAM_CONNECTION_LOST") << result.Describe();
    EXPECT_EQ(result.may_have_run(), "true");
    EXPECT_EQ(result.pushback(), "-1");
  }
  EXPECT_EQ(dropped, 2);
}

}  // namespace
}  // namespace sparkgate::field
