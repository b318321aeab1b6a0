// A thousand callers that leave in the same moment: afterwards everything is as it was before.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "tests/cancel/delays.h"
#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/eventually.h"
#include "tests/support/gate.h"
#include "tests/support/http_text.h"
#include "tests/support/in_soak.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/server_process.h"
#include "tests/support/tcp_info.h"
#include "tests/support/thread_count.h"

namespace sparkgate::cancel {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using support::Caller;
using support::CallOptions;
using support::CallResult;
using support::Connection;
using support::PeerClose;
using support::ProcessCounts;
using support::Rpc;
using support::RunningCall;
using support::ScriptedUpstream;
using support::ServerProcess;

// Its pools start a thread when all that they have are busy, and end it later.
constexpr int kThreadsThatGrpcMayAdd = 6;

// Where the calls are when their callers leave.
enum class Where { kBeforeHeaders, kMidStream, kPaused, kLinger };

struct Storm {
  std::string name;
  Where where;
  Rpc rpc = Rpc::kStreamChat;
  int connections = 8;
};

void PrintTo(const Storm& storm, std::ostream* out) { *out << storm.name; }

std::string Event(const std::string& text) {
  return support::Chunk(support::SseEvent(support::ContentChunk(text)));
}

// A closed socket leaves the server's table a moment before or after its peer is told. Fewer than
// before are well: a sanitizer opens some for a moment, and the count before may hold them.
ProcessCounts AwaitDescriptors(ServerProcess* server, int at_most) {
  ProcessCounts counts;
  support::Eventually([&] { return (counts = server->counts()).descriptors <= at_most; });
  return counts;
}

class CancelStorm : public testing::TestWithParam<Storm> {
 protected:
  CancelStorm() {
    ServerProcess::Options options;
    options.upstream_url = upstream_.base_url();
    options.allow_core = true;  // descriptors are counted
    options.flags = {"--outbox_bytes=32768"};
    server_ = std::make_unique<ServerProcess>(options);
    support::ChannelOptions channel;
    channel.bdp_probe = false;
    for (int i = 0; i < GetParam().connections; ++i) {
      callers_.push_back(std::make_unique<Caller>(server_->address(), channel));
      EXPECT_TRUE(callers_.back()->Connect());
    }
  }

  void Play(Connection& connection) {
    const auto request = connection.ReadRequest();
    if (!request) return;
    const Where where = GetParam().where;
    if (where != Where::kBeforeHeaders) connection.Send(support::SseHead() + Event("Hello"));
    if (where == Where::kPaused) Flood(connection);
    if (where == Where::kLinger) {
      // The end mark, and not the end of the body.
      connection.Send(
          support::Chunk(support::SseEvent(support::FinishChunk()) + support::SseEvent("[DONE]")));
      ++marks_sent_;
    }
    connection.WaitForPeerClose();
  }

  static void Flood(Connection& connection) {
    connection.SetSendBuffer(64 * 1024);
    const std::string event = Event(std::string(4000, 'x'));
    while (connection.Send(event)) {
    }
  }

  // Brings all calls to where they are to be left.
  std::vector<RunningCall> Begin(int count) {
    CallOptions options;
    if (GetParam().where >= Where::kPaused) options.read_first = 1;
    std::vector<RunningCall> calls;
    for (int i = 0; i < count; ++i) {
      const std::string name = std::to_string(started_++);
      Caller& caller = *callers_[static_cast<size_t>(i) % callers_.size()];
      calls.push_back(
          caller.Start(GetParam().rpc, support::ChatRequestBody("call/" + name), options));
    }
    EXPECT_TRUE(upstream_.WaitForRequests(started_));
    if (GetParam().where != Where::kBeforeHeaders) {
      for (RunningCall& call : calls) {
        EXPECT_TRUE(call.AwaitMessages(1)) << call.Describe();
      }
    }
    if (GetParam().where == Where::kPaused) {
      EXPECT_TRUE(support::WaitForBlockedSenders(upstream_.port(), count));
    }
    if (GetParam().where == Where::kLinger) AwaitMarks();
    return calls;
  }

  void AwaitMarks() {
    support::Eventually([this] { return marks_sent_ >= started_; });
    EXPECT_EQ(marks_sent_, started_);
  }

  // One storm, until no upstream connection is open.
  void Blow(int count, Delays* delays) {
    const size_t closed_before = upstream_.closes().size();
    std::vector<RunningCall> calls = Begin(count);
    std::map<std::string, steady_clock::time_point> left;
    const int first = started_ - count;
    for (int i = 0; i < count; ++i) {
      left["call/" + std::to_string(first + i)] = steady_clock::now();
      calls[static_cast<size_t>(i)].Cancel();
    }
    ASSERT_TRUE(upstream_.WaitForCloses(started_)) << "a connection was left open";
    ASSERT_TRUE(upstream_.WaitForNoneOpen());
    for (RunningCall& call : calls) ExpectGone(call.Wait());
    const auto closes = upstream_.closes();
    const auto requests = upstream_.requests();
    std::map<int, std::string> names;
    for (const auto& request : requests) {
      names[request.connection] = support::CallNameOf(request.body);
    }
    int not_reset = 0;
    for (size_t i = closed_before; i < closes.size(); ++i) {
      not_reset += WasReset(closes[i]) ? 0 : 1;
      delays->Add(left[names[closes[i].connection]], closes[i].when);
    }
    EXPECT_EQ(not_reset, 0);
  }

  static void ExpectGone(const CallResult& result) {
    // In linger the call was over before its caller left.
    const bool over = GetParam().where == Where::kLinger && result.ok();
    EXPECT_TRUE(over || result.name == "CANCELLED") << result.Describe();
  }

  // An upstream that was sending has been told already when it looks, and cannot say how.
  static bool WasReset(const PeerClose& close) {
    return GetParam().where == Where::kPaused || close.kind == PeerClose::Kind::kReset;
  }

  int OwnThreads() { return support::ThreadsNamed(server_->process().pid(), "sparkgate"); }

  std::atomic<int> marks_sent_{0};
  ScriptedUpstream upstream_{[this](Connection& connection) { Play(connection); }};
  const support::TimeWaits time_waits_{upstream_.port()};
  std::unique_ptr<ServerProcess> server_;
  std::vector<std::unique_ptr<Caller>> callers_;
  int started_ = 0;
};

// The allocator keeps what was freed, so memory stays near the height that the storm had. That is
// what is bounded: for each call its own and gRPC's buffers, and where readers are paused the
// outbox and the window twice over.
long MostKept(Where where, int calls) { return calls * (where == Where::kPaused ? 256L : 96L); }

TEST_P(CancelStorm, LeavesNothingBehind) {
  const int count = support::Thinned(1000, 100);
  Delays warm;
  Delays delays;
  Blow(1, &warm);
  const ProcessCounts before = server_->counts();
  const int own_threads = OwnThreads();
  Blow(count, &warm);
  const ProcessCounts first = AwaitDescriptors(server_.get(), before.descriptors);
  Blow(count, &delays);
  const ProcessCounts second = AwaitDescriptors(server_.get(), before.descriptors);

  // What lingers is closed by its own clock, perhaps before its caller has left.
  const bool lingers = GetParam().where == Where::kLinger;
  if (!lingers) delays.Report("storm_" + GetParam().name);
  std::printf("  resident before %ld, after one %ld, after two %ld KiB; threads %d, then %d\n",
              before.resident_kib, first.resident_kib, second.resident_kib, before.threads,
              second.threads);
  EXPECT_LE(second.descriptors, before.descriptors);
  EXPECT_EQ(OwnThreads(), own_threads);
  EXPECT_LE(second.threads, before.threads + kThreadsThatGrpcMayAdd);
  EXPECT_EQ(time_waits_.New(), 0);
  EXPECT_EQ(upstream_.connections_open(), 0);
  if (!support::kSanitized) {
    EXPECT_LT(second.resident_kib - before.resident_kib, MostKept(GetParam().where, count));
  }
  if (support::InSoak() && !lingers) {
    // The thousand are ended one after the other by a machine that also plays both other parts, and
    // an upstream whose sends are blocked has to be woken to notice.
    EXPECT_LT(delays.At(0.99), GetParam().where == Where::kPaused ? 400 : 250);
  }
  EXPECT_EQ(server_->process().errors().find("\"level\":\"error\""), std::string::npos)
      << server_->process().errors();
}

// While the connections are still being made: the upstream neither takes nor refuses them.
TEST(CancelStormWhileConnecting, LeavesNoSocketBehind) {
  const int count = support::Thinned(1000, 100);
  support::BlackHole hole;
  ServerProcess::Options options;
  options.upstream_url = "http://127.0.0.1:" + std::to_string(hole.port());
  options.allow_core = true;
  options.flags = {"--connect_timeout=60s"};
  ServerProcess server(options);
  Caller caller(server.address());
  ASSERT_TRUE(caller.Connect());
  const int before = server.counts().descriptors;
  std::vector<RunningCall> calls;
  for (int i = 0; i < count; ++i) {
    calls.push_back(caller.Start(support::kBothRpcs[i % 2], support::ChatRequestBody("a")));
  }
  support::Eventually([&] { return server.counts().descriptors >= before + count; });
  for (RunningCall& call : calls) call.Cancel();
  for (RunningCall& call : calls) EXPECT_EQ(call.Wait().name, "CANCELLED");
  EXPECT_LE(AwaitDescriptors(&server, before).descriptors, before);
}

INSTANTIATE_TEST_SUITE_P(
    Where, CancelStorm,
    testing::Values(Storm{"chat_before_headers", Where::kBeforeHeaders, Rpc::kChat},
                    Storm{"before_headers", Where::kBeforeHeaders},
                    Storm{"mid_stream", Where::kMidStream}, Storm{"paused", Where::kPaused},
                    Storm{"linger", Where::kLinger},
                    Storm{"one_connection", Where::kMidStream, Rpc::kStreamChat, 1}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace sparkgate::cancel
