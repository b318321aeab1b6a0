// Leaving a transfer, pausing it, and living beside others.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "service/upstream/client_fixture.h"
#include "tests/support/gate.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/tcp_info.h"

namespace sparkgate::upstream {
namespace {

using std::chrono::milliseconds;
using support::Certificate;
using support::Chunk;
using support::Connection;
using support::Gate;
using support::JsonResponse;
using support::LastChunk;
using support::PeerClose;
using support::ScriptedUpstream;
using support::SseHead;
using support::SseResponse;

class Abort : public ClientTest, public testing::WithParamInterface<bool> {
 protected:
  void Serve(ScriptedUpstream::Script script) {
    upstream_ = GetParam()
                    ? std::make_unique<ScriptedUpstream>(std::move(script), Certificate::kRight)
                    : std::make_unique<ScriptedUpstream>(std::move(script));
    Connect(*upstream_);
    time_waits_before_ = support::TimeWaitsTowards(upstream_->port());
  }

  // No port of ours waits; those of an earlier server with the same port number may.
  void ExpectNoTimeWait() {
    EXPECT_LE(support::TimeWaitsTowards(upstream_->port()), time_waits_before_);
  }

  // The upstream has seen a reset, and no port of ours waits.
  void ExpectReset(int closes = 1) {
    ASSERT_TRUE(upstream_->WaitForCloses(closes));
    for (const PeerClose& close : upstream_->closes()) {
      EXPECT_EQ(close.kind, PeerClose::Kind::kReset);
    }
    ExpectNoTimeWait();
    EXPECT_EQ(pool_->counts().aborted, static_cast<uint64_t>(closes));
  }

  int time_waits_before_ = 0;
  std::unique_ptr<ScriptedUpstream> upstream_;
};
INSTANTIATE_TEST_SUITE_P(PlainAndTls, Abort, testing::Bool(),
                         [](const auto& info) { return info.param ? "Tls" : "Plain"; });

TEST_P(Abort, BeforeTheFirstByte) {
  Serve([](Connection& connection) {
    connection.ReadRequest();
    connection.WaitForPeerClose();
  });
  RecordingSink sink;
  auto transfer = pool_->Start(Post("{}"), &sink);
  EXPECT_FALSE(transfer->MayHaveBeenSeen()) << "it has no connection yet";
  ASSERT_TRUE(RunUntil([&] { return !upstream_->requests().empty(); }));
  EXPECT_TRUE(transfer->MayHaveBeenSeen());
  transfer.reset();
  ExpectReset();
  EXPECT_FALSE(sink.end.has_value());
}

TEST_P(Abort, BetweenTwoPieces) {
  Serve([](Connection& connection) {
    connection.ReadRequest();
    connection.Send(SseHead() + Chunk("data: 1\n\n"));
    connection.WaitForPeerClose();
  });
  RecordingSink sink;
  auto transfer = pool_->Start(Post("{}"), &sink);
  ASSERT_TRUE(RunUntil([&] { return sink.received > 0; }));
  transfer.reset();
  ExpectReset();
}

TEST_P(Abort, InsideOnHead) {
  Serve([](Connection& connection) {
    connection.ReadRequest();
    connection.Send(SseHead() + Chunk("data: 1\n\n"));
    connection.WaitForPeerClose();
  });
  RecordingSink sink;
  auto transfer = pool_->Start(Post("{}"), &sink);
  sink.on_head = [&] { transfer.reset(); };
  ASSERT_TRUE(RunUntil([&] { return transfer == nullptr; }));
  ExpectReset();
  EXPECT_EQ(sink.received, 0u);
}

TEST_P(Abort, InsideOnBody) {
  Serve([](Connection& connection) {
    connection.ReadRequest();
    connection.Send(SseHead() + Chunk("data: 1\n\n") + Chunk("data: 2\n\n"));
    connection.WaitForPeerClose();
  });
  RecordingSink sink;
  auto transfer = pool_->Start(Post("{}"), &sink);
  sink.on_body = [&] { transfer.reset(); };
  ASSERT_TRUE(RunUntil([&] { return transfer == nullptr; }));
  ExpectReset();
  EXPECT_EQ(sink.body, "data: 1\n\n");
}

TEST_P(Abort, Paused) {
  Serve([](Connection& connection) {
    connection.ReadRequest();
    connection.Send(SseHead() + Chunk("data: 1\n\n") + Chunk("data: 2\n\n"));
    connection.WaitForPeerClose();
  });
  RecordingSink sink;
  auto transfer = pool_->Start(Post("{}"), &sink);
  sink.on_body = [&] { transfer->Pause(); };
  ASSERT_TRUE(RunUntil([&] { return sink.received > 0; }));
  RunFor(milliseconds(5));
  EXPECT_EQ(sink.body, "data: 1\n\n");
  transfer.reset();
  ExpectReset();
}

TEST_P(Abort, WhileTheBodyIsWritten) {
  std::atomic<bool> head_came{false};
  Serve([&](Connection& connection) {
    connection.ReadHead();
    head_came = true;
    connection.WaitForPeerClose();
  });
  RecordingSink sink;
  auto transfer = pool_->Start(Post(std::string(20'000'000, 'x')), &sink);
  ASSERT_TRUE(RunUntil([&] { return head_came.load(); }));
  transfer.reset();
  ExpectReset();
}

TEST_P(Abort, InTheTurnOfTheStart) {
  Serve([](Connection& connection) { connection.ReadRequest(); });
  RecordingSink sink;
  pool_->Start(Post("{}"), &sink).reset();
  RunFor(milliseconds(5));
  EXPECT_FALSE(sink.end.has_value());
  EXPECT_EQ(pool_->counts().started, 1u);
}

TEST_P(Abort, OneTransferInsideACallOfAnother) {
  Serve([](Connection& connection) {
    connection.ReadRequest();
    connection.Send(SseHead() + Chunk("data: 1\n\n"));
    connection.WaitForPeerClose();
  });
  RecordingSink first;
  RecordingSink second;
  auto a = pool_->Start(Post("{}"), &first);
  auto b = pool_->Start(Post("{}"), &second);
  const auto both = [&] {
    a.reset();
    b.reset();
  };
  first.on_body = both;
  second.on_body = both;
  ASSERT_TRUE(RunUntil([&] { return a == nullptr; }));
  ASSERT_TRUE(upstream_->WaitForConnections(2));
  ASSERT_TRUE(upstream_->WaitForNoneOpen());
  ExpectNoTimeWait();
  EXPECT_EQ(first.received + second.received, 9u);
}

// The next request of a call (or of another one) may be started wherever a sink runs.
TEST_P(Abort, StartingInsideEachCall) {
  Serve([](Connection& connection) {
    while (connection.ReadRequest()) connection.Send(SseResponse({"1"}));
  });
  RecordingSink first;
  RecordingSink others[3];
  std::unique_ptr<Transfer> transfers[3];
  auto transfer = pool_->Start(Post("{}"), &first);
  const auto start = [&](int i) {
    if (transfers[i] == nullptr) transfers[i] = pool_->Start(Post("{}"), &others[i]);
  };
  first.on_head = [&] { start(0); };
  first.on_body = [&] { start(1); };
  first.on_end = [&] { start(2); };
  EXPECT_TRUE(RunUntil([&] {
    return first.end.has_value() && others[0].end.has_value() && others[1].end.has_value() &&
           others[2].end.has_value();
  }));
  for (const RecordingSink& other : others) EXPECT_EQ(other.end->how, How::kComplete);
}

TEST_P(Abort, TheClientEndsBeforeItsTransfers) {
  Serve([](Connection& connection) {
    connection.ReadRequest();
    connection.WaitForPeerClose();
  });
  RecordingSink sink;
  auto transfer = pool_->Start(Post("{}"), &sink);
  ASSERT_TRUE(RunUntil([&] { return !upstream_->requests().empty(); }));
  pool_.reset();
  EXPECT_TRUE(upstream_->WaitForCloses(1));
  transfer->Pause();
  transfer->Resume();
  transfer.reset();
  EXPECT_FALSE(sink.end.has_value());
}

// --- Pausing -------------------------------------------------------------------------------------

// What an upstream can send into a paused transfer ends with the kernel's buffers.
TEST_P(Abort, APauseHoldsTheUpstream) {
  std::atomic<size_t> sent{0};
  const std::string piece(16 * 1024, 'x');
  constexpr size_t kTotal = 64u << 20;
  Serve([&](Connection& connection) {
    connection.SetSendBuffer(64 * 1024);
    connection.ReadRequest();
    connection.Send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kTotal) + "\r\n\r\n");
    while (sent < kTotal && connection.Send(piece)) sent += piece.size();
  });
  RecordingSink sink;
  sink.keep = false;
  auto transfer = pool_->Start(Post("{}"), &sink);
  sink.on_body = [&] { transfer->Pause(); };
  ASSERT_TRUE(RunUntil([&] { return sink.received > 0; }));
  // The upstream stands still when it sent nothing for a while.
  size_t before;
  do {
    before = sent;
    RunFor(milliseconds(50));
  } while (sent != before);
  EXPECT_LT(sent, 1u << 20);
  EXPECT_LE(sink.received, 4096u);
  sink.on_body = nullptr;
  transfer->Resume();
  ASSERT_TRUE(RunUntil([&] { return sink.end.has_value(); }));
  EXPECT_EQ(sink.received, kTotal);
  EXPECT_EQ(sink.end->how, How::kComplete);
}

TEST_P(Abort, PausingAtEveryPieceLosesNothing) {
  std::string whole;
  for (int i = 0; i < 3000; ++i) whole += "data: " + std::to_string(i) + "\n\n";
  Serve([&](Connection& connection) {
    connection.ReadRequest();
    connection.Send(SseHead());
    for (size_t i = 0; i < whole.size(); i += 997) connection.SendChunk(whole.substr(i, 997));
    connection.SendLastChunk();
    connection.WaitForPeerClose();
  });
  RecordingSink sink;
  auto transfer = pool_->Start(Post("{}"), &sink);
  bool paused = false;
  sink.on_body = [&] {
    EXPECT_FALSE(paused);
    transfer->Pause();
    paused = true;
    loop_.Post([&] {
      paused = false;
      transfer->Resume();
    });
  };
  sink.on_end = [&] { EXPECT_FALSE(paused); };
  ASSERT_TRUE(RunUntil([&] { return sink.end.has_value(); }));
  EXPECT_TRUE(sink.body == whole);
  EXPECT_EQ(sink.end->how, How::kComplete);
}

TEST_P(Abort, PauseBeforeTheAnswer) {
  Gate answer;
  Serve([&](Connection& connection) {
    connection.ReadRequest();
    answer.Await();
    connection.Send(JsonResponse("{}"));
    connection.WaitForPeerClose();
  });
  RecordingSink sink;
  auto transfer = pool_->Start(Post("{}"), &sink);
  transfer->Pause();  // there is not even a connection
  ASSERT_TRUE(RunUntil([&] { return !upstream_->requests().empty(); }));
  answer.Open();
  RunFor(milliseconds(30));
  EXPECT_EQ(sink.received, 0u);
  EXPECT_FALSE(sink.end.has_value());
  transfer->Resume();
  ASSERT_TRUE(RunUntil([&] { return sink.end.has_value(); }));
  EXPECT_EQ(sink.body, "{}");
}

TEST_P(Abort, PausedAtTheLastBytesTheEndWaits) {
  Serve([](Connection& connection) {
    connection.ReadRequest();
    connection.Send(JsonResponse("{}"));
    connection.WaitForPeerClose();
  });
  RecordingSink sink;
  auto transfer = pool_->Start(Post("{}"), &sink);
  sink.on_body = [&] { transfer->Pause(); };
  ASSERT_TRUE(RunUntil([&] { return sink.received == 2; }));
  RunFor(milliseconds(20));
  EXPECT_FALSE(sink.end.has_value());
  transfer->Resume();
  ASSERT_TRUE(RunUntil([&] { return sink.end.has_value(); }));
  EXPECT_EQ(sink.end->how, How::kComplete);
}

TEST_P(Abort, AResetDuringAPauseCostsNothingAndIsNoticedAfterIt) {
  Gate paused;
  Gate reset;
  Serve([&](Connection& connection) {
    connection.ReadRequest();
    connection.Send(SseHead() + Chunk("data: 1\n\n"));
    paused.Await();
    connection.Reset();
    reset.Open();
  });
  RecordingSink sink;
  auto transfer = pool_->Start(Post("{}"), &sink);
  sink.on_body = [&] { transfer->Pause(); };
  ASSERT_TRUE(RunUntil([&] { return sink.received > 0; }));
  paused.Open();
  ASSERT_TRUE(reset.Await());
  const uint64_t turns = loop_.counts().turns;
  RunFor(milliseconds(200));
  EXPECT_LE(loop_.counts().turns - turns, 8u) << "the loop spins";
  EXPECT_FALSE(sink.end.has_value());
  transfer->Resume();
  ASSERT_TRUE(RunUntil([&] { return sink.end.has_value(); }));
  EXPECT_EQ(sink.end->how, How::kCut);
}

// --- Beside others -------------------------------------------------------------------------------

void Firehose(Connection& connection, size_t total) {
  connection.ReadRequest();
  connection.Send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(total) + "\r\n\r\n");
  const std::string piece(256 * 1024, 'x');
  for (size_t sent = 0; sent < total && connection.Send(piece); sent += piece.size()) {
  }
  connection.WaitForPeerClose();
}

TEST_P(Abort, NoTransferHoldsATurn) {
  constexpr size_t kTotal = 32u << 20;
  Serve([](Connection& connection) { Firehose(connection, kTotal); });
  RecordingSink sink;
  sink.keep = false;
  Fetch(Post("{}"), &sink);
  EXPECT_EQ(sink.received, kTotal);
  EXPECT_EQ(sink.end->how, How::kComplete);
  EXPECT_LE(pool_->counts().most_bytes_in_a_turn, 256u * 1024);
}

TEST_F(ClientTest, AShareOfATurnCanBeSmaller) {
  constexpr size_t kTotal = 4u << 20;
  ScriptedUpstream upstream([](Connection& connection) { Firehose(connection, kTotal); });
  ClientOptions options = OptionsFor(upstream);
  options.max_bytes_per_turn = 16 * 1024;
  Connect(options);
  RecordingSink sink;
  sink.keep = false;
  Fetch(Post("{}"), &sink);
  EXPECT_EQ(sink.received, kTotal);
  EXPECT_LE(pool_->counts().most_bytes_in_a_turn, 16u * 1024);
}

TEST_P(Abort, AFirehoseDoesNotStarveAnother) {
  Serve([](Connection& connection) {
    if (connection.index() == 0) return Firehose(connection, size_t{1} << 40);
    while (connection.ReadRequest()) connection.Send(JsonResponse("{}"));
  });
  RecordingSink hose;
  hose.keep = false;
  auto transfer = pool_->Start(Post("{}"), &hose);
  ASSERT_TRUE(RunUntil([&] { return hose.received > 1'000'000; }));
  const size_t before = hose.received;
  for (int i = 0; i < 50; ++i) EXPECT_EQ(Fetch(Post("{}")).end->how, How::kComplete);
  EXPECT_GT(hose.received, before) << "and is not starved either";
  transfer.reset();
  EXPECT_LE(pool_->counts().most_bytes_in_a_turn, 256u * 1024);
}

// A thousand transfers, each left at a moment of its own.
TEST_P(Abort, AThousandLeftAtRandom) {
  const int count = 1000;
  Serve([](Connection& connection) {
    while (connection.ReadRequest()) {
      connection.Send(SseHead());
      for (int i = 0; i < 6; ++i) {
        if (!connection.SendSlowly({Chunk("data: " + std::string(100, 'x') + "\n\n")},
                                   std::chrono::microseconds(300))) {
          return;
        }
      }
      connection.SendLastChunk();
    }
  });
  struct Call {
    RecordingSink sink;
    std::unique_ptr<Transfer> transfer;
    std::unique_ptr<event_loop::Timer> leave;
    bool over = false;
  };
  std::mt19937 random(7);
  std::vector<std::unique_ptr<Call>> calls;
  int over = 0;
  std::optional<event_loop::Timer> next;
  next.emplace(&loop_, [&] {
    for (int i = 0; i < 5 && static_cast<int>(calls.size()) < count; ++i) {
      calls.push_back(std::make_unique<Call>());
      Call* call = calls.back().get();
      const auto end = [call, &over] {
        if (std::exchange(call->over, true)) return;
        ++over;
        call->leave.reset();
        call->transfer.reset();
      };
      call->transfer = pool_->Start(Post(std::string(1024, 'p')), &call->sink);
      call->leave = std::make_unique<event_loop::Timer>(&loop_, end);
      call->leave->ArmIn(std::chrono::microseconds(random() % 8000));
      call->sink.on_end = end;
      const auto kind = random() % 4;
      const size_t bytes = random() % 500;
      Transfer* transfer = call->transfer.get();
      call->sink.on_body = [call, end, kind, bytes, transfer] {
        if (call->over) return;
        if (kind == 0 && call->sink.received > bytes) end();
        if (kind == 1) transfer->Pause();
        if (kind == 2 && call->sink.received > bytes) {
          transfer->Linger(bytes % 2 == 0);
          end();
        }
      };
    }
    if (static_cast<int>(calls.size()) < count) next->ArmIn(milliseconds(1));
  });
  next->ArmIn(milliseconds(0));
  EXPECT_TRUE(RunUntil([&] { return over == count; }));
  pool_.reset();
  EXPECT_TRUE(upstream_->WaitForNoneOpen());
}

}  // namespace
}  // namespace sparkgate::upstream
