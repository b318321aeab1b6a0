// Connections to the upstream that wait for the next call have a budget over all loops, and calls
// never want for descriptors because of them.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/eventually.h"
#include "tests/support/gate.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/server_process.h"
#include "tests/support/test_certificates.h"

namespace sparkgate::limits {
namespace {

using std::chrono::seconds;
using support::Caller;
using support::CallResult;
using support::ChatRequestBody;
using support::Connection;
using support::RunningCall;
using support::ScriptedUpstream;
using support::ServerProcess;

constexpr int kCalls = 300;  // as many as are allowed
constexpr int kKept = 64;

class KeptConnections : public testing::TestWithParam<bool> {
 protected:
  KeptConnections() {
    ServerProcess::Options options;
    options.upstream_url = upstream_.base_url();
    if (upstream_.tls()) options.ca_file = support::CaFile();
    options.allow_core = true;  // its descriptors are counted
    options.flags = {"--loops=2", "--max_calls=" + std::to_string(kCalls), "--max_connections=50"};
    // For these and the 128 that Sparkgate wants beside them, and no more.
    options.run_by = {"/usr/bin/prlimit", "--nofile=478:478"};
    server_ = std::make_unique<ServerProcess>(options);
    caller_ = std::make_unique<Caller>(server_->address());
  }

  // So many calls, of which none is answered before all have arrived.
  void Burst() {
    const int before = static_cast<int>(upstream_.requests().size());
    waited_for_ = before + kCalls;
    std::vector<RunningCall> calls;
    for (int i = 0; i < kCalls; ++i) {
      calls.push_back(caller_->Start(support::kBothRpcs[i % 2], ChatRequestBody("burst")));
    }
    int failed = 0;
    for (RunningCall& call : calls) {
      const CallResult result = call.Wait();
      if (result.ok()) continue;
      if (++failed == 1) ADD_FAILURE() << result.Describe();
    }
    EXPECT_EQ(failed, 0);
  }

  std::atomic<int> waited_for_{0};
  ScriptedUpstream::Script script_ = [this](Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      if (!upstream_.WaitForRequests(waited_for_)) return;
      connection.Send(support::AnswerTo(request->body, "Hello"));
    }
  };
  ScriptedUpstream upstream_ = GetParam() ? ScriptedUpstream(script_, support::Certificate::kRight)
                                          : ScriptedUpstream(script_);
  std::unique_ptr<ServerProcess> server_;
  std::unique_ptr<Caller> caller_;
};

TEST_P(KeptConnections, AreFewOnceNobodyUsesThemAndTakeNothingFromCalls) {
  const int idle = server_->counts().descriptors;
  Burst();
  Burst();  // at once, with all that the first has left
  EXPECT_TRUE(
      support::Eventually([&] { return upstream_.connections_open() <= kKept; }, seconds(10)));
  Burst();  // with what was kept
  EXPECT_TRUE(
      support::Eventually([&] { return upstream_.connections_open() <= kKept; }, seconds(10)));
  EXPECT_TRUE(support::Eventually([&] { return server_->counts().descriptors <= idle + kKept + 4; },
                                  seconds(10)));
  EXPECT_GT(upstream_.connections_open(), 0) << "some are kept";
}

INSTANTIATE_TEST_SUITE_P(PlainAndTls, KeptConnections, testing::Bool(),
                         [](const auto& info) { return info.param ? "Tls" : "Plain"; });

}  // namespace
}  // namespace sparkgate::limits
