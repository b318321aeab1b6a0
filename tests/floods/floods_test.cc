// What gRPC does and does not survive from a peer that means harm: each row against a server
// process of its own, beside a caller who must be served all the while.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/floods/flood.h"
#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/eventually.h"
#include "tests/support/gate.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/scripts.h"
#include "tests/support/server_process.h"

namespace sparkgate::floods {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using support::Caller;
using support::ChatRequestBody;
using support::ProcessCounts;
using support::ScriptedUpstream;
using support::ServerProcess;

constexpr long kLittle = Memory().at_most_mib;

std::vector<Flood> AllFloods() {
  // The others do not come further than gRPC, which no sanitizer looks into.
  std::vector<Flood> all = MessageFloods();
  std::vector<std::vector<Flood>> more = {StreamFloods()};
  if (!support::kSanitized)
    more = {StreamFloods(), FrameFloods(), HeaderFloods(), ConnectionFloods(), CostlyFloods()};
  for (const auto& rows : more) all.insert(all.end(), rows.begin(), rows.end());
  return all;
}

// The table, printed behind the last row.
class Table : public testing::Environment {
 public:
  static void Add(const std::string& line) { Lines().push_back(line); }
  void TearDown() override {
    std::printf("%-52s %-14s %-48s %9s %6s %9s\n", "flood", "known as", "what became of it",
                "memory", "CPU", "others");
    for (const std::string& line : Lines()) std::printf("%s\n", line.c_str());
  }

 private:
  static std::vector<std::string>& Lines() {
    static auto* const lines = new std::vector<std::string>;
    return *lines;
  }
};
[[maybe_unused]] const auto* const kTable = testing::AddGlobalTestEnvironment(new Table);

// Lowers the kernel's record of the most memory that was resident to what is resident now.
void ForgetPeak(pid_t pid) { std::ofstream("/proc/" + std::to_string(pid) + "/clear_refs") << "5"; }

long PeakKib(pid_t pid) {
  constexpr char kName[] = "VmHWM:";
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind(kName, 0) == 0) return std::atol(line.c_str() + sizeof kName);
  }
  return 0;
}

// Another caller, on a connection of its own, who calls for as long as a flood lasts.
class Bystander {
 public:
  explicit Bystander(Caller* caller) : caller_(caller), thread_([this] { Run(); }) {}
  ~Bystander() { Stop(); }

  // Ends with a call that began after the flood.
  void Stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  // After Stop.
  int failed() const { return failed_; }
  milliseconds longest() const { return longest_; }

 private:
  void Run() {
    bool last = false;
    while (!last) {
      last = stop_;
      const support::CallResult result = caller_->Chat(ChatRequestBody("bystander"));
      failed_ += result.ok() ? 0 : 1;
      longest_ = std::max(longest_, result.elapsed());
      std::this_thread::sleep_for(milliseconds(2));
    }
  }

  Caller* const caller_;
  std::atomic<bool> stop_{false};
  int failed_ = 0;
  milliseconds longest_{0};
  std::thread thread_;
};

// What a flood did.
struct Effect {
  std::string seen;
  long resident_mib = 0;  // before
  long peak_mib = 0;
  double cpu_seconds = 0;
  int others_failed = 0;
  milliseconds others_longest{0};

  long memory_mib() const { return peak_mib - resident_mib; }
};

class FloodTest : public testing::TestWithParam<Flood> {
 protected:
  FloodTest()
      : upstream_(support::AnswerHello),
        server_(ServerOptions(upstream_)),
        caller_(server_.address()) {}

  static ServerProcess::Options ServerOptions(const ScriptedUpstream& upstream) {
    ServerProcess::Options options;
    options.upstream_url = upstream.base_url();
    options.allow_core = true;  // its descriptors are counted
    options.flags = {"--request_timeout=2s", "--debug_service"};
    return options;
  }

  void CallSome() {
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(caller_.Chat(ChatRequestBody("some")).ok());
  }

  Effect Play(const Flood& flood) {
    const Target target{server_.port(), support::SerializeRequest(ChatRequestBody("flood"))};
    const pid_t pid = server_.process().pid();
    ForgetPeak(pid);
    const ProcessCounts before = server_.counts();
    Effect effect;
    Bystander bystander(&caller_);
    effect.seen = flood.play(target);
    bystander.Stop();
    effect.peak_mib = PeakKib(pid) / 1024;
    effect.resident_mib = before.resident_kib / 1024;
    effect.cpu_seconds = server_.counts().cpu_seconds - before.cpu_seconds;
    effect.others_failed = bystander.failed();
    effect.others_longest = bystander.longest();
    return effect;
  }

  // Those of callers' connections among them.
  int Descriptors() { return server_.counts().descriptors - upstream_.connections_open(); }

  bool AwaitDescriptors(int at_most) {
    return support::Eventually([&] { return Descriptors() <= at_most; });
  }

  void Check(const Flood& flood, const Effect& effect) {
    EXPECT_EQ(effect.seen, flood.seen);
    EXPECT_EQ(effect.others_failed, 0);
    if (support::kSanitized) return;
    EXPECT_GE(effect.memory_mib(), flood.memory.at_least_mib);
    EXPECT_LE(effect.memory_mib(), flood.memory.at_most_mib);
    EXPECT_LE(effect.cpu_seconds, flood.at_most_cpu_seconds);
  }

  // What is not given back adds up each time. A peak may grow without that, once: when the
  // first one was low by chance, or was still being freed.
  void CheckAgain(const Flood& flood, long peak_mib) {
    bool grows = true;
    for (int time = 0; time < 3 && grows; ++time) {
      CallSome();
      const long again = Play(flood).peak_mib;
      grows = again > peak_mib + kLittle;
      peak_mib = std::max(peak_mib, again);
    }
    EXPECT_EQ(grows, !flood.memory.given_back) << peak_mib << " MiB by now";
  }

  ScriptedUpstream upstream_;
  ServerProcess server_;
  Caller caller_;
};

TEST_P(FloodTest, EndsAsTheTableSays) {
  const Flood& flood = GetParam();
  CallSome();
  const int descriptors = Descriptors();
  const Effect effect = Play(flood);
  char line[240];
  std::snprintf(line, sizeof line, "%-52s %-14s %-48s %5ld MiB %4.1f s %6ld ms", flood.name.c_str(),
                flood.known_as.c_str(), effect.seen.c_str(), effect.memory_mib(),
                effect.cpu_seconds, static_cast<long>(effect.others_longest.count()));
  Table::Add(line);
  ASSERT_TRUE(server_.process().running()) << server_.process().errors();
  Check(flood, effect);
  EXPECT_TRUE(AwaitDescriptors(descriptors)) << "before: " << descriptors;
  if (flood.memory.at_most_mib > kLittle && !support::kSanitized)
    CheckAgain(flood, effect.peak_mib);
  server_.Stop();
  EXPECT_EQ(server_.process().errors().find("drain_grace is over"), std::string::npos)
      << "a call was left: " << server_.process().errors();
}

std::string RowName(const testing::TestParamInfo<Flood>& row) {
  std::string name;
  for (const char c : row.param.name) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) name += c;
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Rows, FloodTest, testing::ValuesIn(AllFloods()), RowName);

}  // namespace
}  // namespace sparkgate::floods
