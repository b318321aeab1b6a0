// Pausing a transfer.
#include <gtest/gtest.h>

#include <atomic>
#include <string>

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
using support::Gate;
using support::JsonResponse;
using support::SseHead;

class Pause : public PlainAndTlsTest {};
INSTANTIATE_TEST_SUITE_P(PlainAndTls, Pause, testing::Bool(), PlainOrTls);

// What an upstream can send into a paused transfer ends with the kernel's buffers.
TEST_P(Pause, APauseHoldsTheUpstream) {
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
  auto transfer = client_->Start(Post("{}"), &sink);
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

TEST_P(Pause, PausingAtEveryPieceLosesNothing) {
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
  auto transfer = client_->Start(Post("{}"), &sink);
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

TEST_P(Pause, PauseBeforeTheAnswer) {
  Gate answer;
  Serve([&](Connection& connection) {
    connection.ReadRequest();
    answer.Await();
    connection.Send(JsonResponse("{}"));
    connection.WaitForPeerClose();
  });
  RecordingSink sink;
  auto transfer = client_->Start(Post("{}"), &sink);
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

TEST_P(Pause, PausedAtTheLastBytesTheEndWaits) {
  Serve([](Connection& connection) {
    connection.ReadRequest();
    connection.Send(JsonResponse("{}"));
    connection.WaitForPeerClose();
  });
  RecordingSink sink;
  auto transfer = client_->Start(Post("{}"), &sink);
  sink.on_body = [&] { transfer->Pause(); };
  ASSERT_TRUE(RunUntil([&] { return sink.received == 2; }));
  RunFor(milliseconds(20));
  EXPECT_FALSE(sink.end.has_value());
  transfer->Resume();
  ASSERT_TRUE(RunUntil([&] { return sink.end.has_value(); }));
  EXPECT_EQ(sink.end->how, How::kComplete);
}

TEST_P(Pause, AResetDuringAPauseCostsNothingAndIsNoticedAfterIt) {
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
  auto transfer = client_->Start(Post("{}"), &sink);
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

}  // namespace
}  // namespace sparkgate::upstream
