// Upstreams that do not stop when their caller hangs up: what the call held here is free at once
// all the same.
#include <gtest/gtest.h>

#include <chrono>
#include <vector>

#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/eventually.h"
#include "tests/support/gate.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/server_process.h"
#include "tests/support/tcp_info.h"

namespace sparkgate::tolerance {
namespace {

using std::chrono::milliseconds;
using support::Connection;
using support::Rpc;

constexpr int kCalls = 40;

class HangUp : public testing::TestWithParam<Rpc> {
 protected:
  HangUp() : upstream_([this](Connection& connection) { Work(connection); }), server_(Options()) {}

  support::ServerProcess::Options Options() {
    support::ServerProcess::Options options;
    options.upstream_url = upstream_.base_url();
    options.allow_core = true;  // descriptors are counted
    // Two rounds of three: a place that stayed taken would be missed in the third. (It is free a
    // moment after the descriptor, when gRPC has let the call go.)
    options.flags = {"--max_calls=" + std::to_string(2 * kCalls)};
    return options;
  }

  // Reads nothing more and says nothing more, whatever the peer does: it generates for nobody.
  void Work(Connection& connection) {
    const auto request = connection.ReadRequest();
    if (!request) return;
    if (support::CallNameOf(request->body) == "next") {
      connection.Send(support::AnswerTo(request->body, "Hello"));
      return;
    }
    if (support::IsStream(request->body)) {
      connection.Send(support::SseHead() +
                      support::Chunk(support::SseEvent(support::ContentChunk("Hi"))));
    }
    done_generating_.Await();
  }

  // True as soon as no upstream connection of the server's is left.
  bool AwaitNoConnection() {
    return support::Eventually(
        [this] { return support::ConnectionsTowards(upstream_.port()) == 0; });
  }

  bool AwaitDescriptors(int most) {
    return support::Eventually([&] { return server_.counts().descriptors <= most; });
  }

  void StartAndCancelAll(support::Caller& caller) {
    std::vector<support::RunningCall> calls;
    for (int i = 0; i < kCalls; ++i) {
      calls.push_back(caller.Start(GetParam(), support::ChatRequestBody("call")));
    }
    for (auto& call : calls) {
      if (GetParam() == Rpc::kStreamChat) {
        ASSERT_TRUE(call.AwaitMessages(1));
      }
    }
    ASSERT_TRUE(upstream_.WaitForRequests(started_ += kCalls));
    for (auto& call : calls) call.Cancel();
    for (auto& call : calls) EXPECT_EQ(call.Wait().name, "CANCELLED");
  }

  support::Gate done_generating_;
  support::ScriptedUpstream upstream_;
  support::ServerProcess server_;
  int started_ = 0;
};

TEST_P(HangUp, FreesTheCallAtOnce) {
  support::Caller caller(server_.address());
  int after_the_first = 0;
  for (int round = 0; round < 3; ++round) {
    StartAndCancelAll(caller);
    EXPECT_TRUE(AwaitNoConnection());
    // None of them has noticed.
    EXPECT_EQ(upstream_.connections_open(), started_);
    if (round == 0) after_the_first = server_.counts().descriptors;
  }
  EXPECT_TRUE(AwaitDescriptors(after_the_first));
  const auto result = caller.Call(GetParam(), support::ChatRequestBody("next"));
  EXPECT_TRUE(result.ok()) << result.Describe();
  EXPECT_EQ(result.Text(), "Hello");
  done_generating_.Open();
}

INSTANTIATE_TEST_SUITE_P(BothRpcs, HangUp, testing::ValuesIn(support::kBothRpcs),
                         [](const auto& info) { return std::string(RpcName(info.param)); });

}  // namespace
}  // namespace sparkgate::tolerance
