// The first call after idle seconds is no slower than one among many: nothing sleeps that has to be
// woken by a timer. Here the waiting itself is what is tested; nothing else is waited for by
// sleeping.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/in_soak.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/scripts.h"
#include "tests/support/server_process.h"

namespace sparkgate::soak {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;
using support::Caller;
using support::ChatRequestBody;
using support::Rpc;
using support::ScriptedUpstream;
using support::ServerProcess;

constexpr int kCallsToBeBusy = 200;

class Idle : public testing::Test {
 protected:
  double CallMs(Rpc rpc) {
    const auto begun = steady_clock::now();
    EXPECT_TRUE(caller_.Call(rpc, ChatRequestBody("a")).ok());
    return std::chrono::duration<double, std::milli>(steady_clock::now() - begun).count();
  }

  double BusyMedian(Rpc rpc) {
    std::vector<double> times;
    for (int i = 0; i < kCallsToBeBusy; ++i) times.push_back(CallMs(rpc));
    std::nth_element(times.begin(), times.begin() + kCallsToBeBusy / 2, times.end());
    return times[kCallsToBeBusy / 2];
  }

  // First calls after so long, of both methods in turn. On a busy machine any one of them may be
  // held up, and a timer that has to fire first would hold up nearly all: the median counts.
  void ExpectNoSlower(seconds idle, int times) {
    std::vector<double> added;
    for (int i = 0; i < times; ++i) {
      const Rpc rpc = support::kBothRpcs[i % 2];
      std::this_thread::sleep_for(idle);
      added.push_back(CallMs(rpc) - busy_[i % 2]);
    }
    std::sort(added.begin(), added.end());
    const double median = added[added.size() / 2];
    std::printf("after %2ld s: p50 %+.2f ms, at most %+.2f ms (%d calls)\n",
                static_cast<long>(idle.count()), median, added.back(), times);
    EXPECT_LT(median, support::InSoak() ? 5 : support::kTimesCount ? 50 : 1000);
  }

  void MeasureBusy() {
    for (const Rpc rpc : support::kBothRpcs) busy_.push_back(BusyMedian(rpc));
    std::printf("busy: Chat p50 %.2f ms, StreamChat p50 %.2f ms\n", busy_[0], busy_[1]);
  }

  ScriptedUpstream upstream_{support::AnswerHello};
  ServerProcess server_{upstream_.base_url()};
  Caller caller_{server_.address()};
  std::vector<double> busy_;
};

TEST_F(Idle, TheFirstCallAfterwardsIsNotSlower) {
  MeasureBusy();
  ExpectNoSlower(seconds(1), support::InSoak() ? 30 : 4);
  ExpectNoSlower(seconds(3), support::InSoak() ? 20 : 2);
  // A kept connection to the upstream is too old by now, and another one is made.
  if (support::InSoak()) ExpectNoSlower(seconds(31), 4);
}

}  // namespace
}  // namespace sparkgate::soak
