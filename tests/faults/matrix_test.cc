// Every fault at every moment, for each RPC, plain and over TLS, through the real server: the
// caller is told what happened. The tables are in fault_table.cc and *_rows.cc; what was seen is
// printed as one table at the end.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <deque>
#include <map>
#include <ostream>
#include <tuple>

#include "tests/faults/sentence.h"
#include "tests/faults/stage.h"
#include "tests/support/answers.h"

namespace sparkgate::faults {
namespace {

using support::CallResult;
using support::Rpc;
using support::Thinned;

// Byte by byte takes its time.
constexpr size_t kMostBytesOneByOne = 2500;
// Calls that run at once.
constexpr size_t kAtOnce = Thinned(32, 12);

struct RowCase {
  size_t index = 0;
  bool tls = false;
  const Row& row() const { return AllRows()[index]; }
};

// For gtest's own lists.
std::ostream& operator<<(std::ostream& out, const RowCase& row_case) {
  return out << row_case.row().fault << ", " << row_case.row().moment;
}

// One call of a row.
struct Call {
  RowCase row_case;
  Rpc rpc;
  Split split;
  CallResult result;
};

// Sanitizers are slow, and look for what no combination of transport and split is special to: under
// them each row runs once, with the transports and the splits taking turns.
std::vector<RowCase> AllCases() {
  std::vector<RowCase> cases;
  for (size_t i = 0; i < AllRows().size(); ++i) {
    const Transport transport = AllRows()[i].transport;
    for (const bool tls : {false, true}) {
      if (transport == (tls ? Transport::kPlain : Transport::kTls)) continue;
      // In pairs, since neighbours are mostly the two RPCs of one fault.
      const bool other_turn = transport == Transport::kBoth && tls != (i / 2 % 2 == 1);
      if (!support::kSanitized || !other_turn) cases.push_back({i, tls});
    }
  }
  return cases;
}

std::vector<Split> AllSplitsOf(const RowCase& row_case) {
  const Row& row = row_case.row();
  const bool at_once = row.after >= After::kRubbish || row.bytes.empty();
  if (at_once || row.bytes.size() > 1 << 20) return {Split::kWhole};
  // Where the cuts are has nothing to do with TLS.
  if (!support::kSanitized && row_case.tls && row_case.index % 3 != 0) return {Split::kWhole};
  if (row.bytes.size() > kMostBytesOneByOne) return {Split::kWhole, Split::kThirds};
  return {Split::kWhole, Split::kThirds, Split::kBytes};
}

std::vector<Split> SplitsOf(const RowCase& row_case) {
  const std::vector<Split> all = AllSplitsOf(row_case);
  if (!support::kSanitized) return all;
  return {all[row_case.index % all.size()]};
}

class Matrix : public testing::TestWithParam<RowCase> {
 protected:
  // All calls of the tests that are to run, many at once: most of them wait for something.
  static void SetUpTestSuite() {
    const testing::TestSuite* const suite = testing::UnitTest::GetInstance()->current_test_suite();
    const std::vector<RowCase> cases = AllCases();
    for (size_t i = 0; i < cases.size(); ++i) {
      if (suite->GetTestInfo(static_cast<int>(i))->should_run()) AddCalls(cases[i]);
    }
    RunCalls();
    for (auto& [key, stage] : stages_) {
      EXPECT_TRUE(stage->AllLeft()) << "an upstream's connection was left open";
    }
    stages_.clear();
  }

  static void TearDownTestSuite() {
    PrintTable();
    calls_.clear();
  }

  static void AddCalls(const RowCase& row_case) {
    for (const Rpc rpc : support::kBothRpcs) {
      if ((row_case.row().rpcs & (rpc == Rpc::kChat ? kChat : kStream)) == 0) continue;
      for (const Split split : SplitsOf(row_case)) calls_.push_back({row_case, rpc, split, {}});
    }
  }

  static void RunCalls() {
    std::deque<std::pair<Call*, support::RunningCall>> running;
    const auto end_first = [&running] {
      running.front().first->result = running.front().second.Wait();
      running.pop_front();
    };
    for (Call& call : calls_) {
      running.emplace_back(&call, Start(call));
      if (running.size() == kAtOnce) end_first();
    }
    while (!running.empty()) end_first();
  }

  static support::RunningCall Start(const Call& call) {
    const Row& row = call.row_case.row();
    const std::string name =
        std::to_string(call.row_case.index) + "/" + std::to_string(static_cast<int>(call.split));
    support::CallOptions options;
    if (row.expected.messages >= 0) options.metadata = {{"x-sparkgate-coalesce", "off"}};
    return StageFor(call.row_case)
        .caller.Start(call.rpc, support::ChatRequestBody(name, row.request), options);
  }

  static Stage& StageFor(const RowCase& row_case) {
    const Row* const unread = row_case.row().unread ? &row_case.row() : nullptr;
    auto& stage = stages_[{row_case.tls, row_case.row().timers, unread}];
    if (!stage) stage = std::make_unique<Stage>(row_case.tls, row_case.row().timers, unread);
    return *stage;
  }

  static void PrintTable() {
    std::printf("\n%-38s | %-27s | %-10s | %-5s | what the caller saw\n", "what the upstream did",
                "when", "RPC", "");
    for (const Call& call : calls_) {
      if (call.split != Split::kWhole) continue;
      std::printf("%-38s | %-27s | %-10s | %-5s | %s\n", call.row_case.row().fault.c_str(),
                  call.row_case.row().moment.c_str(), std::string(RpcName(call.rpc)).c_str(),
                  call.row_case.tls ? "TLS" : "plain", call.result.Describe().c_str());
    }
  }

  static std::map<std::tuple<bool, Timers, const Row*>, std::unique_ptr<Stage>> stages_;
  static std::deque<Call> calls_;
};

std::map<std::tuple<bool, Timers, const Row*>, std::unique_ptr<Stage>> Matrix::stages_;
std::deque<Call> Matrix::calls_;

void Check(const Expected& expected, const CallResult& result) {
  EXPECT_EQ(result.name, expected.code);
  EXPECT_EQ(result.reason, expected.reason);
  EXPECT_EQ(result.may_have_run(), expected.may_have_run);
  // What may be sent again says when, twice: for people's code, and for stock retry policies.
  const bool again = expected.retry_info && expected.pushback.empty() && result.retry_delay_ms;
  EXPECT_EQ(result.pushback(), again ? std::to_string(*result.retry_delay_ms) : expected.pushback);
  if (!result.ok() && result.error_infos > 0) {
    EXPECT_EQ(result.Info("request_id"), result.Trailer("x-request-id"));
    EXPECT_FALSE(result.Info("request_id").empty());
    EXPECT_EQ(result.Info("upstream_request_id"), result.Trailer("x-upstream-request-id"));
  }
  EXPECT_EQ(result.Text(), expected.text);
  EXPECT_EQ(result.retry_delay_ms.has_value(), expected.retry_info);
  EXPECT_NE(result.message.find(expected.says), std::string::npos);
  if (expected.messages >= 0) {
    EXPECT_EQ(static_cast<int>(result.messages.size()), expected.messages);
  }
  if (!result.ok()) {
    EXPECT_EQ(result.Info("attempts"), "1");
  }
  if (!result.ok() && expected.finished >= 0) {
    EXPECT_EQ(result.Info("finished_choices"), std::to_string(expected.finished));
  }
  if (expected.http_status != 0) {
    EXPECT_EQ(result.Info("http_status"), std::to_string(expected.http_status));
  }
  if (!expected.upstream_code.empty()) {
    EXPECT_EQ(result.Info("upstream_code"), expected.upstream_code);
  }
}

// What of the right outcomes this is.
const Expected& Nearest(const Expected& expected, const CallResult& result) {
  for (const Expected& other : expected.or_else) {
    if (result.reason == other.reason) return other;
  }
  return expected;
}

TEST_P(Matrix, TheCallerIsTold) {
  const RowCase& row_case = GetParam();
  const Row& row = row_case.row();
  int checked = 0;
  for (const Call& call : calls_) {
    if (call.row_case.index != row_case.index || call.row_case.tls != row_case.tls) continue;
    const CallResult& result = call.result;
    SCOPED_TRACE(row.fault + ", " + row.moment + ", " + std::string(RpcName(call.rpc)) +
                 (row_case.tls ? ", TLS" : ", plain") + ", split " +
                 std::to_string(static_cast<int>(call.split)) + "\n" + result.Describe() + "\n" +
                 result.AllJson());
    Check(Nearest(row.expected, result), result);
    ExpectForm(result);
    ++checked;
  }
  EXPECT_GT(checked, 0);
}

std::string NameOfCase(const testing::TestParamInfo<RowCase>& info) {
  const Row& row = info.param.row();
  std::string name = std::to_string(info.param.index) + "_" + row.fault + "_" + row.moment +
                     (info.param.tls ? "_TLS" : "_plain");
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Table, Matrix, testing::ValuesIn(AllCases()), NameOfCase);

}  // namespace
}  // namespace sparkgate::faults
