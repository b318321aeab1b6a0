// What one caller's costly requests add to the time of another's calls.
//
// The cores are shared, with this test and with whoever else uses the machine. So the same calls go
// at the same moments to a second server, which nobody loads: it waits for the cores as the first
// one does, and what the first one's calls take longer is its own.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/scripts.h"
#include "tests/support/server_process.h"

namespace sparkgate::limits {
namespace {

using std::chrono::duration;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using support::RunningCall;

constexpr char kChat[] = "/sparkgate.v1.ChatService/Chat";
constexpr char kExplain[] = "/sparkgate.v1.DebugService/ExplainChat";

// --- The one who waits ---

struct Times {
  double p50 = 0;  // ms
  double p99 = 0;
};

Times TimesOf(std::vector<double> took) {
  std::sort(took.begin(), took.end());
  return {took[took.size() / 2], took[took.size() * 99 / 100]};
}

// Of one server's calls.
struct Waited {
  Times small;
  Times large;  // requests of 300 KB
  Times huge;   // requests of 2 MB
};

// One server's caller, who waits.
class SteadyCaller {
 public:
  explicit SteadyCaller(const std::string& address) : caller_(address) {
    EXPECT_TRUE(caller_.StartRaw(kChat, Large()).Wait().ok());
  }

  void Begin(steady_clock::time_point due, int turn) {
    small_.emplace_back(due, caller_.StartRaw(kChat, Small()));
    if (turn % 4 == 0) large_.emplace_back(due, caller_.StartRaw(kChat, Large()));
    if (turn % 20 == 0) huge_.emplace_back(due, caller_.StartRaw(kChat, Huge()));
  }
  Waited Wait() { return {Wait(&small_), Wait(&large_), Wait(&huge_)}; }

 private:
  using Calls = std::vector<std::pair<steady_clock::time_point, RunningCall>>;

  static std::string Small() {
    return support::SerializeRequest(support::ChatRequestBody("small"));
  }
  static const std::string& Large() {
    static const auto* const kRequest = new std::string(WithText(300'000));
    return *kRequest;
  }
  static const std::string& Huge() {
    static const auto* const kRequest = new std::string(WithText(2'000'000));
    return *kRequest;
  }
  static std::string WithText(size_t bytes) {
    return support::SerializeRequest(support::ChatRequestBody(
        "large", ",\"metadata\":{\"k\":\"" + std::string(bytes, 'x') + "\"}"));
  }

  static Times Wait(Calls* calls) {
    std::vector<double> took;
    for (auto& [due, call] : *calls) {
      const support::CallResult result = call.Wait();
      EXPECT_TRUE(result.ok()) << result.Describe();
      took.push_back(duration<double, std::milli>(result.ended - due).count());
    }
    return TimesOf(std::move(took));
  }

  support::Caller caller_;
  Calls small_;
  Calls large_;
  Calls huge_;
};

// Calls at fixed times, whether the earlier ones have ended or not: every 10 ms a small one, every
// 40 ms one of 300 KB too, every 200 ms one of 2 MB, to both servers.
std::pair<Waited, Waited> CallBoth(const std::string& one, const std::string& other) {
  constexpr int kSmall = 600;
  SteadyCaller first(one);
  SteadyCaller second(other);
  const auto begun = steady_clock::now();
  for (int i = 0; i < kSmall; ++i) {
    const auto due = begun + i * milliseconds(10);
    std::this_thread::sleep_until(due);
    first.Begin(due, i);
    second.Begin(due, i);
  }
  const Waited waited = first.Wait();
  return {waited, second.Wait()};
}

void Print(const char* what, const Waited& waited) {
  std::printf(
      "%-36s p50 and p99 in ms: small %5.1f %5.1f; of 300 KB %5.1f %5.1f; of 2 MB %5.1f %5.1f\n",
      what, waited.small.p50, waited.small.p99, waited.large.p50, waited.large.p99, waited.huge.p50,
      waited.huge.p99);
}

// --- Together ---

class Fairness : public testing::Test {
 protected:
  // `arguments`: of costly_client.cc, behind the address.
  void ExpectFair(const char* what, const std::vector<std::string>& arguments) {
    Print("beside nobody", CallBoth(loaded_.address(), other_.address()).first);
    std::vector<std::string> argv = {"tests/limits/costly_client", loaded_.address()};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    support::ChildProcess client(argv);
    ASSERT_TRUE(client.AwaitLine(" ").has_value()) << client.errors();
    const auto [loaded, other] = CallBoth(loaded_.address(), other_.address());
    const std::string ended = client.output();
    Print(what, loaded);
    Print("at the same time, the other server", other);
    std::printf("  %td costly calls ended\n", std::count(ended.begin(), ended.end(), '\n'));
    EXPECT_LE(loaded.small.p99 - other.small.p99, kMostAdded);
    EXPECT_LE(loaded.large.p99 - other.large.p99, kMostAdded);
    EXPECT_LE(loaded.huge.p99 - other.huge.p99, kMostAdded);
  }

  static constexpr double kMostAdded = 100;  // ms: fifty, and as much for the machine's noise
  support::ScriptedUpstream upstream_{support::AnswerHello};
  support::ServerProcess loaded_{upstream_.base_url(), {"--debug_service"}};
  support::ServerProcess other_{upstream_.base_url()};
};

TEST_F(Fairness, BesideEightOf31MiB) { ExpectFair("8 calls of 31 MiB", {kChat, "jnt", "8", "0"}); }

// 4.7 MB/s.
TEST_F(Fairness, BesideManyOf250KB) {
  ExpectFair("19 calls/s of 250 KB", {kChat, "es", "1000", "53"});
}

// As many bytes, of requests that are decoded on the queue's thread.
TEST_F(Fairness, BesideManyOf60KB) {
  ExpectFair("76 calls/s of 62 KB", {kChat, "q", "1000", "13"});
}

TEST_F(Fairness, BesideExplainOf31MiB) {
  ExpectFair("8 ExplainChat of 31 MiB", {kExplain, "n", "8", "0"});
}

}  // namespace
}  // namespace sparkgate::limits
