// Leaving a transfer, and living beside others.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "service/upstream/testing/curl_client_fixture.h"
#include "tests/support/gate.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/tcp_info.h"

namespace sparkgate::upstream {
namespace {

using std::chrono::milliseconds;
using support::Chunk;
using support::Connection;
using support::JsonResponse;
using support::PeerClose;
using support::ScriptedUpstream;
using support::SseHead;
using support::SseResponse;

class Abort : public PlainAndTlsTest {
 protected:
  void Serve(ScriptedUpstream::Script script) {
    PlainAndTlsTest::Serve(std::move(script));
    time_waits_.emplace(upstream_->port());
  }

  // A stream that begins and does not go on.
  void ServeAndWait(const std::string& chunks) {
    Serve([chunks](Connection& connection) {
      connection.ReadRequest();
      connection.Send(SseHead() + chunks);
      connection.WaitForPeerClose();
    });
  }

  // No port of ours waits.
  void ExpectNoTimeWait() { EXPECT_EQ(time_waits_->New(), 0); }

  // The upstream has seen a reset, and no port of ours waits.
  void ExpectReset(int closes = 1) {
    ASSERT_TRUE(upstream_->WaitForCloses(closes));
    for (const PeerClose& close : upstream_->closes()) {
      EXPECT_EQ(close.kind, PeerClose::Kind::kReset);
    }
    ExpectNoTimeWait();
    EXPECT_EQ(client_->counts().aborted, static_cast<uint64_t>(closes));
  }

  std::optional<support::TimeWaits> time_waits_;
};
INSTANTIATE_TEST_SUITE_P(PlainAndTls, Abort, testing::Bool(), PlainOrTls);

TEST_P(Abort, BeforeTheFirstByte) {
  Serve([](Connection& connection) {
    connection.ReadRequest();
    connection.WaitForPeerClose();
  });
  RecordingSink sink;
  auto transfer = client_->Start(Post("{}"), &sink);
  EXPECT_FALSE(transfer->MayHaveBeenSeen()) << "it has no connection yet";
  ASSERT_TRUE(RunUntil([&] { return !upstream_->requests().empty(); }));
  EXPECT_TRUE(transfer->MayHaveBeenSeen());
  transfer.reset();
  ExpectReset();
  EXPECT_FALSE(sink.end.has_value());
}

TEST_P(Abort, BetweenTwoPieces) {
  ServeAndWait(Chunk("data: 1\n\n"));
  RecordingSink sink;
  auto transfer = client_->Start(Post("{}"), &sink);
  ASSERT_TRUE(RunUntil([&] { return sink.received > 0; }));
  transfer.reset();
  ExpectReset();
}

TEST_P(Abort, InsideOnHead) {
  ServeAndWait(Chunk("data: 1\n\n"));
  RecordingSink sink;
  auto transfer = client_->Start(Post("{}"), &sink);
  sink.on_head = [&] { transfer.reset(); };
  ASSERT_TRUE(RunUntil([&] { return transfer == nullptr; }));
  ExpectReset();
  EXPECT_EQ(sink.received, 0u);
}

TEST_P(Abort, InsideOnBody) {
  ServeAndWait(Chunk("data: 1\n\n") + Chunk("data: 2\n\n"));
  RecordingSink sink;
  auto transfer = client_->Start(Post("{}"), &sink);
  sink.on_body = [&] { transfer.reset(); };
  ASSERT_TRUE(RunUntil([&] { return transfer == nullptr; }));
  ExpectReset();
  EXPECT_EQ(sink.body, "data: 1\n\n");
}

TEST_P(Abort, Paused) {
  ServeAndWait(Chunk("data: 1\n\n") + Chunk("data: 2\n\n"));
  RecordingSink sink;
  auto transfer = client_->Start(Post("{}"), &sink);
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
  auto transfer = client_->Start(Post(std::string(20'000'000, 'x')), &sink);
  ASSERT_TRUE(RunUntil([&] { return head_came.load(); }));
  transfer.reset();
  ExpectReset();
}

TEST_P(Abort, InTheTurnOfTheStart) {
  Serve([](Connection& connection) { connection.ReadRequest(); });
  RecordingSink sink;
  client_->Start(Post("{}"), &sink).reset();
  RunFor(milliseconds(5));
  EXPECT_FALSE(sink.end.has_value());
  EXPECT_EQ(client_->counts().started, 1u);
}

TEST_P(Abort, OneTransferInsideACallOfAnother) {
  ServeAndWait(Chunk("data: 1\n\n"));
  RecordingSink first;
  RecordingSink second;
  auto a = client_->Start(Post("{}"), &first);
  auto b = client_->Start(Post("{}"), &second);
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
  auto transfer = client_->Start(Post("{}"), &first);
  const auto start = [&](int i) {
    if (transfers[i] == nullptr) transfers[i] = client_->Start(Post("{}"), &others[i]);
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
  auto transfer = client_->Start(Post("{}"), &sink);
  ASSERT_TRUE(RunUntil([&] { return !upstream_->requests().empty(); }));
  client_.reset();
  EXPECT_TRUE(upstream_->WaitForCloses(1));
  transfer->Pause();
  transfer->Resume();
  transfer.reset();
  EXPECT_FALSE(sink.end.has_value());
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
  EXPECT_LE(client_->counts().most_bytes_in_a_turn, 256u * 1024);
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
  EXPECT_LE(client_->counts().most_bytes_in_a_turn, 16u * 1024);
}

TEST_P(Abort, AFirehoseDoesNotStarveAnother) {
  Serve([](Connection& connection) {
    if (connection.index() == 0) return Firehose(connection, size_t{1} << 40);
    while (connection.ReadRequest()) connection.Send(JsonResponse("{}"));
  });
  RecordingSink hose;
  hose.keep = false;
  auto transfer = client_->Start(Post("{}"), &hose);
  ASSERT_TRUE(RunUntil([&] { return hose.received > 1'000'000; }));
  const size_t before = hose.received;
  for (int i = 0; i < 50; ++i) EXPECT_EQ(Fetch(Post("{}")).end->how, How::kComplete);
  EXPECT_GT(hose.received, before) << "and is not starved either";
  transfer.reset();
  EXPECT_LE(client_->counts().most_bytes_in_a_turn, 256u * 1024);
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
      call->transfer = client_->Start(Post(std::string(1024, 'p')), &call->sink);
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
  client_.reset();
  EXPECT_TRUE(upstream_->WaitForNoneOpen());
}

}  // namespace
}  // namespace sparkgate::upstream
