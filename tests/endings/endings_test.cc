// How an answer can end, and what the caller is told. The tables are in *_rows.cc.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <map>
#include <mutex>
#include <set>

#include "tests/endings/row.h"
#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/server_process.h"
#include "tests/support/tcp_info.h"

namespace sparkgate::endings {
namespace {

using support::CallResult;
using support::Connection;
using support::Rpc;

const std::vector<Row>& Rows() {
  static const auto* const rows = [] {
    auto* all = new std::vector<Row>;
    for (const auto& part : {StreamRows(), ChatRows(), HttpRows(), TimerRows()}) {
      all->insert(all->end(), part.begin(), part.end());
    }
    return all;
  }();
  return *rows;
}

enum class Split { kWhole, kThirds, kBytes };
constexpr Split kSplits[] = {Split::kWhole, Split::kThirds, Split::kBytes};
// Byte by byte takes its time.
constexpr size_t kMostBytesOneByOne = 2500;

std::vector<std::string> Pieces(const std::string& bytes, Split split) {
  const size_t step = split == Split::kWhole    ? bytes.size()
                      : split == Split::kThirds ? bytes.size() / 3 + 1
                                                : 1;
  std::vector<std::string> pieces;
  for (size_t at = 0; at < bytes.size(); at += step) pieces.push_back(bytes.substr(at, step));
  return pieces;
}

void End(Connection& connection, After after, int port) {
  switch (after) {
    case After::kKeep:
      return;
    case After::kClose:
      return connection.Close();
    case After::kCut:
      return connection.CloseWithoutNotify();
    case After::kReset:
      support::WaitUntilRead(connection.peer_port(), port);
      return connection.Reset();
  }
}

// An upstream that answers as the row says which the request's `user` names: "row/split".
class RowUpstream {
 public:
  explicit RowUpstream(bool tls) {
    const auto script = [this](Connection& connection) {
      while (const auto request = connection.ReadRequest()) {
        if (!Answer(connection, request->body)) return;
      }
    };
    upstream_ =
        tls ? std::make_unique<support::ScriptedUpstream>(script, support::Certificate::kRight)
            : std::make_unique<support::ScriptedUpstream>(script);
    port_ = upstream_->port();
  }

  std::string url() const { return upstream_->base_url() + "/inference/v1"; }

 private:
  // False when the connection is over.
  bool Answer(Connection& connection, const std::string& request) {
    const std::string name = support::CallNameOf(request);
    const Row& row = Rows().at(std::stoul(name));
    const auto split = static_cast<Split>(std::stoi(name.substr(name.find('/') + 1)));
    if (row.script) {
      row.script(connection);
      return false;
    }
    if (split == Split::kWhole) {
      connection.Send(row.bytes);
    } else {
      connection.SendSlowly(Pieces(row.bytes, split),
                            std::chrono::microseconds(split == Split::kBytes ? 1 : 3000));
    }
    End(connection, row.after, port_);
    return row.after == After::kKeep;
  }

  std::unique_ptr<support::ScriptedUpstream> upstream_;
  int port_ =
      0;  // the script may run before the pointer is set, never before a caller knows the URL
};

// Upstream, server and caller for one transport and one set of flags.
struct Stage {
  Stage(bool tls, Timers timers)
      : upstream(tls), server(Options(upstream, tls, timers)), caller(server.address()) {}

  static support::ServerProcess::Options Options(const RowUpstream& upstream, bool tls,
                                                 Timers timers) {
    support::ServerProcess::Options options;
    options.upstream_url = upstream.url();
    if (tls) options.ca_file = support::CaFile();
    options.flags = {"--max_event_bytes=" + std::to_string(kMaxEventBytes)};
    if (timers == Timers::kShort) {
      for (const char* flag : {"--first_content_timeout=400ms", "--content_gap_timeout=400ms",
                               "--idle_timeout=250ms"}) {
        options.flags.emplace_back(flag);
      }
    }
    return options;
  }

  RowUpstream upstream;
  support::ServerProcess server;
  support::Caller caller;
};

class Endings : public testing::TestWithParam<std::pair<size_t, bool>> {
 protected:
  static void TearDownTestSuite() {
    stages_.clear();
    std::printf("\n%-44s %-10s %-5s %s\n", "what the upstream did", "RPC", "",
                "what the caller saw");
    for (const std::string& line : seen_) std::printf("%s\n", line.c_str());
  }

  static Stage& StageFor(bool tls, Timers timers) {
    auto& stage = stages_[{tls, timers}];
    if (!stage) stage = std::make_unique<Stage>(tls, timers);
    return *stage;
  }

  static void Note(const Row& row, const CallResult& result, bool tls) {
    char line[160];
    std::snprintf(line, sizeof(line), "%-44s %-10s %-5s ", row.name.c_str(),
                  std::string(RpcName(result.rpc)).c_str(), tls ? "TLS" : "plain");
    seen_.insert(line + result.Describe() +
                 (result.Text().empty() ? "" : " | " + result.Text().substr(0, 40)));
  }

 private:
  static std::map<std::pair<bool, Timers>, std::unique_ptr<Stage>> stages_;
  static std::set<std::string> seen_;
};

std::map<std::pair<bool, Timers>, std::unique_ptr<Stage>> Endings::stages_;
std::set<std::string> Endings::seen_;

void Check(const Expected& expected, const CallResult& result) {
  EXPECT_EQ(result.name, expected.code);
  EXPECT_EQ(result.reason, expected.reason);
  EXPECT_EQ(result.may_have_run(), expected.may_have_run);
  EXPECT_EQ(result.pushback(), expected.pushback);
  EXPECT_EQ(result.Text(), expected.text);
  EXPECT_EQ(result.retry_delay_ms.has_value(), expected.retry_info);
  EXPECT_EQ(result.error_infos, expected.reason.empty() ? 0 : 1);
  if (expected.http_status != 0) {
    EXPECT_EQ(result.Info("http_status"), std::to_string(expected.http_status));
  }
  if (!expected.upstream_code.empty()) {
    EXPECT_EQ(result.Info("upstream_code"), expected.upstream_code);
  }
}

// What holds for every status, whatever its cause.
void CheckForm(const CallResult& result) {
  EXPECT_LT(result.message.size(), 1024u);
  EXPECT_LT(result.details_bytes + result.message.size(), 4096u);
  if (result.ok()) {
    EXPECT_EQ(result.message, "");
    return;
  }
  EXPECT_FALSE(result.message.empty());
  EXPECT_EQ(result.domain, "sparkgate");
  EXPECT_EQ(result.Info("attempts"), "1");
  EXPECT_EQ(result.Info("messages_sent"), std::to_string(result.messages.size()));
  EXPECT_FALSE(result.Info("finished_choices").empty());
  EXPECT_NE(result.Trailer("x-request-id") + result.InitialMetadata("x-request-id"), "");
  if (result.name == "UNAVAILABLE") {
    EXPECT_EQ(result.may_have_run(), "false");
  }
}

TEST_P(Endings, TheCallerIsTold) {
  const auto [index, tls] = GetParam();
  const Row& row = Rows()[index];
  Stage& stage = StageFor(tls, row.timers);
  struct Started {
    Rpc rpc;
    Split split;
    support::RunningCall call;
  };
  std::vector<Started> calls;
  for (const Rpc rpc : support::kBothRpcs) {
    if ((row.rpcs & (rpc == Rpc::kChat ? kChat : kStream)) == 0) continue;
    for (const Split split : kSplits) {
      if (split == Split::kBytes && row.bytes.size() > kMostBytesOneByOne) continue;
      if (row.script && split != Split::kWhole) continue;
      const std::string name =
          std::to_string(index) + "/" + std::to_string(static_cast<int>(split));
      calls.push_back(
          {rpc, split, stage.caller.Start(rpc, support::ChatRequestBody(name, row.request))});
    }
  }
  ASSERT_FALSE(calls.empty());
  for (Started& started : calls) {
    const CallResult result = started.call.Wait();
    SCOPED_TRACE(row.name + ", " + std::string(RpcName(started.rpc)) + (tls ? ", TLS" : ", plain") +
                 ", split " + std::to_string(static_cast<int>(started.split)) + "\n" +
                 result.Describe() + "\n" + result.AllJson());
    Check(row.expected, result);
    CheckForm(result);
    // The longest that anything is waited for once the answer is here.
    EXPECT_LT(result.elapsed(), std::chrono::milliseconds(4500));
    Note(row, result, tls);
  }
}

std::vector<std::pair<size_t, bool>> AllRows() {
  std::vector<std::pair<size_t, bool>> parameters;
  for (const bool tls : {false, true}) {
    for (size_t i = 0; i < Rows().size(); ++i) {
      const Transport transport = Rows()[i].transport;
      if (transport == (tls ? Transport::kPlain : Transport::kTls)) continue;
      parameters.emplace_back(i, tls);
    }
  }
  return parameters;
}

std::string NameOf(const testing::TestParamInfo<std::pair<size_t, bool>>& info) {
  const auto [index, tls] = info.param;
  std::string name = (tls ? "Tls" : "Plain") + std::to_string(index) + "_" + Rows()[index].name;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Table, Endings, testing::ValuesIn(AllRows()), NameOf);

}  // namespace
}  // namespace sparkgate::endings
