// Plays replays (RowsToPlay) byte by byte through the real server: what callers see of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <memory>

#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/server_process.h"
#include "tests/support/tcp_info.h"
#include "tests/tolerance/replay.h"
#include "tests/tolerance/summary.h"

namespace sparkgate::tolerance {
namespace {

using support::Chunk;
using support::Connection;
using support::Rpc;
using After = Replay::After;

const std::vector<Replay>& Rows() {
  static const auto* const rows = new std::vector<Replay>(RowsToPlay());
  return *rows;
}

// How a response is cut: into HTTP chunks and into what is sent at once.
enum class Cut { kOneEventPerRead, kTwoEventsPerChunk, kAllInOneRead, kOneByteAtATime };
constexpr Cut kCuts[] = {Cut::kOneEventPerRead, Cut::kTwoEventsPerChunk, Cut::kAllInOneRead,
                         Cut::kOneByteAtATime};
constexpr size_t kMostBytesOneByOne = support::Thinned(4000, 1500);

// Each with its blank line; what has none is a piece of its own.
std::vector<std::string> SplitEvents(const std::string& events) {
  std::vector<std::string> pieces;
  for (size_t at = 0; at < events.size();) {
    const size_t end = events.find("\n\n", at);
    const size_t next = end == std::string::npos ? events.size() : end + 2;
    pieces.push_back(events.substr(at, next - at));
    at = next;
  }
  return pieces;
}

std::vector<std::string> ChunksOf(const std::string& events, Cut cut) {
  if (cut == Cut::kAllInOneRead) return {Chunk(events)};
  const std::vector<std::string> pieces = SplitEvents(events);
  const size_t together = cut == Cut::kTwoEventsPerChunk ? 2 : 1;
  std::vector<std::string> chunks;
  for (size_t i = 0; i < pieces.size(); i += together) {
    std::string chunk = pieces[i];
    if (together == 2 && i + 1 < pieces.size()) chunk += pieces[i + 1];
    chunks.push_back(Chunk(chunk));
  }
  return chunks;
}

std::vector<std::string> Bytes(const std::string& text) {
  std::vector<std::string> bytes;
  for (const char byte : text) bytes.emplace_back(1, byte);
  return bytes;
}

// What is sent, each by itself.
std::vector<std::string> Sends(const Replay& row, bool stream, Cut cut) {
  std::vector<std::string> sends;
  if (stream && !row.raw) {
    sends = {support::ChunkedHead(row.type, row.headers)};
    if (!row.events.empty()) {
      for (std::string& chunk : ChunksOf(row.events, cut)) sends.push_back(std::move(chunk));
    }
    if (row.after == After::kLastChunk) sends.push_back(support::LastChunk());
  } else {
    sends = {row.raw ? row.bytes : support::JsonResponse(row.chat)};
  }
  if (cut == Cut::kOneEventPerRead) return sends;
  std::string whole;
  for (const std::string& piece : sends) whole += piece;
  if (cut == Cut::kOneByteAtATime && whole.size() <= kMostBytesOneByOne) return Bytes(whole);
  return {whole};
}

// Answers as the row says which the request's `user` names: "row/cut".
class ReplayUpstream {
 public:
  ReplayUpstream()
      : upstream_([this](Connection& connection) {
          while (const auto request = connection.ReadRequest()) {
            if (!Answer(connection, request->body)) return;
          }
        }) {}

  std::string url() const { return upstream_.base_url() + "/v1"; }

 private:
  // False when the connection is over.
  bool Answer(Connection& connection, const std::string& request) {
    const std::string name = support::CallNameOf(request);
    const Replay& row = Rows().at(std::stoul(name));
    if (row.script) {
      row.script(connection);
      return false;
    }
    const Cut cut = kCuts[std::stoi(name.substr(name.find('/') + 1))];
    const bool stream = support::IsStream(request);
    const auto sends = Sends(row, stream, cut);
    const auto pause = std::chrono::microseconds(cut == Cut::kOneByteAtATime ? 1 : 1000);
    connection.SendSlowly(sends, pause);
    if (row.after != After::kReset || (!stream && !row.raw)) return row.after == After::kLastChunk;
    support::WaitUntilRead(connection.peer_port(), upstream_.port());
    connection.Reset();
    return false;
  }

  support::ScriptedUpstream upstream_;
};

struct Stage {
  explicit Stage(Timers timers) : server(upstream.url(), Flags(timers)), caller(server.address()) {}

  static std::vector<std::string> Flags(Timers timers) {
    const std::string short_time = std::to_string(kShortTimerMs) + "ms";
    switch (timers) {
      case Timers::kUsual:
        return {};
      case Timers::kShortFirstContent:
        return {"--first_content_timeout=" + short_time};
      case Timers::kShortGap:
        return {"--content_gap_timeout=" + short_time};
      case Timers::kShortIdle:
        return {"--idle_timeout=" + short_time};
      case Timers::kShortEndGrace:
        return {"--end_grace=" + short_time};
    }
    return {};
  }

  ReplayUpstream upstream;
  support::ServerProcess server;
  support::Caller caller;
};

class Replays : public testing::TestWithParam<size_t> {
 protected:
  static void TearDownTestSuite() { stages_.clear(); }

  static Stage& StageFor(Timers timers) {
    auto& stage = stages_[timers];
    if (!stage) stage = std::make_unique<Stage>(timers);
    return *stage;
  }

 private:
  static std::map<Timers, std::unique_ptr<Stage>> stages_;
};

std::map<Timers, std::unique_ptr<Stage>> Replays::stages_;

struct Started {
  Rpc rpc;
  size_t cut;
  support::RunningCall call;
};

bool Plays(const Replay& row, Rpc rpc) {
  if (rpc == Rpc::kStreamChat) return !row.only_chat;
  return !row.only_stream || !row.chat.empty();
}

TEST_P(Replays, TheCallerSees) {
  const Replay& row = Rows()[GetParam()];
  Stage& stage = StageFor(row.timers);
  std::vector<Started> calls;
  for (const Rpc rpc : support::kBothRpcs) {
    if (!Plays(row, rpc)) continue;
    for (size_t cut = 0; cut < std::size(kCuts); ++cut) {
      if (row.script && cut != 0) continue;
      const std::string name = std::to_string(GetParam()) + "/" + std::to_string(cut);
      calls.push_back(
          {rpc, cut, stage.caller.Start(rpc, support::ChatRequestBody(name, row.request))});
    }
  }
  ASSERT_FALSE(calls.empty());
  for (Started& started : calls) {
    const support::CallResult result = started.call.Wait();
    SCOPED_TRACE(row.name + ", " + std::string(RpcName(started.rpc)) + ", cut " +
                 std::to_string(started.cut) + "\n" + result.Describe() + "\n" + result.AllJson());
    EXPECT_EQ(Summary(result), row.seen);
    if (started.rpc == Rpc::kStreamChat) ExpectContract(result);
    EXPECT_NE(result.message.find(row.says), std::string::npos) << row.says;
    EXPECT_LT(result.message.size(), 1024u);
    for (const std::string& piece : row.never_says) {
      EXPECT_EQ(result.message.find(piece), std::string::npos) << piece;
      EXPECT_EQ(result.Info("upstream_code").find(piece), std::string::npos) << piece;
      for (const auto& violation : result.violations) {
        EXPECT_EQ((violation.field + violation.description).find(piece), std::string::npos)
            << piece;
      }
    }
    // Nothing waits for an upstream that leaves its socket open.
    EXPECT_LT(result.elapsed(), std::chrono::milliseconds(4500));
    EXPECT_EQ(result.error_infos, result.ok() ? 0 : 1);
    if (result.may_have_run() == "true") {
      EXPECT_EQ(result.pushback(), "-1");
    }
  }
}

std::vector<size_t> AllRows() {
  std::vector<size_t> indices(Rows().size());
  for (size_t i = 0; i < indices.size(); ++i) indices[i] = i;
  return indices;
}

std::string NameOf(const testing::TestParamInfo<size_t>& info) {
  std::string name = "Row" + std::to_string(info.param) + "_" + Rows()[info.param].name;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Table, Replays, testing::ValuesIn(AllRows()), NameOf);

}  // namespace
}  // namespace sparkgate::tolerance
