// One of two servers goes away under load: its clients move to the other, and nobody is told to try
// again.
#include <gtest/gtest.h>

#include <cstdio>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/server_process.h"

namespace sparkgate::drain {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using support::RunningCall;
using support::ServerProcess;

void Answer(support::Connection& connection) {
  while (const auto request = connection.ReadRequest()) {
    connection.Send(support::ChatAnswer("Hello"));
  }
}

ServerProcess::Options OptionsFor(const support::ScriptedUpstream& upstream) {
  ServerProcess::Options options;
  options.upstream_url = upstream.base_url();
  options.drain_delay = "200ms";
  options.drain_grace = "10s";
  return options;
}

// Calls at a steady rate, with a bound on how many are open.
class Load {
 public:
  Load(support::Caller* caller, microseconds gap) : caller_(caller), gap_(gap) {}

  void RunUntil(steady_clock::time_point end) {
    auto next = steady_clock::now();
    while (steady_clock::now() < end) {
      open_.push_back(
          caller_->StartRaw(std::string(support::MethodName(support::Rpc::kChat)), request_));
      ++started_;
      while (open_.size() > kMostOpen || (!open_.empty() && open_.front().ended())) CountOldest();
      next += gap_;
      std::this_thread::sleep_until(next);
    }
  }

  std::map<std::string, int> Finish() {
    while (!open_.empty()) CountOldest();
    return ended_;
  }

  int started() const { return started_; }

 private:
  static constexpr size_t kMostOpen = 300;

  void CountOldest() {
    const support::CallResult result = open_.front().Wait();
    ++ended_[result.name];
    if (!result.ok() && ended_[result.name] <= 3) std::printf("%s\n", result.Describe().c_str());
    open_.pop_front();
  }

  support::Caller* const caller_;
  const microseconds gap_;
  const std::string request_ = support::SerializeRequest(support::ChatRequestBody("a"));
  std::deque<RunningCall> open_;
  std::map<std::string, int> ended_;
  int started_ = 0;
};

class TwoServers : public testing::TestWithParam<std::string> {};

TEST_P(TwoServers, OneIsDrained) {
  support::ScriptedUpstream upstream(Answer);
  ServerProcess first(OptionsFor(upstream));
  ServerProcess second(OptionsFor(upstream));
  support::ChannelOptions channel;
  channel.lb_policy = GetParam();
  support::Caller caller("ipv4:" + first.address() + "," + second.address(), channel);
  ASSERT_TRUE(caller.Connect());
  Load load(&caller, microseconds(support::kTimesCount ? 500 : 10'000));
  const auto begun = steady_clock::now();
  load.RunUntil(begun + milliseconds(700));
  first.Terminate();
  load.RunUntil(begun + milliseconds(2200));
  EXPECT_EQ(first.WaitForEnd(), 0);
  load.RunUntil(begun + milliseconds(2700));
  std::map<std::string, int> ended = load.Finish();
  for (const auto& [name, count] : ended) {
    std::printf("%s: %5d %s\n", GetParam().c_str(), count, name.c_str());
  }
  EXPECT_EQ(ended["UNAVAILABLE"], 0);
  EXPECT_LE(ended["CANCELLED"], load.started() / 200) << "0.5 %";
  EXPECT_EQ(ended["OK"] + ended["CANCELLED"], load.started());
}

INSTANTIATE_TEST_SUITE_P(Policies, TwoServers, testing::Values("pick_first", "round_robin"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace sparkgate::drain
