// After the answer's own end mark: what is kept, and what is closed.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "service/upstream/testing/curl_client_fixture.h"
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
using support::SseEvent;
using support::SseHead;

class Linger : public ClientTest, public testing::WithParamInterface<bool> {
 protected:
  // On the first request the stream up to its end mark, then `rest`, which may wait for rest_.
  // All later requests are answered on whatever connection they come.
  void Serve(std::function<void(Connection&)> rest, std::string in_one_piece_with_the_mark = "") {
    ScriptedUpstream::Script script = [=](Connection& connection) {
      while (connection.ReadRequest()) {
        if (upstream_->requests().size() > 1) {
          connection.Send(JsonResponse("{}"));
          continue;
        }
        connection.Send(SseHead() + Chunk(SseEvent("[DONE]")) + in_one_piece_with_the_mark);
        rest(connection);
      }
    };
    upstream_ = GetParam()
                    ? std::make_unique<ScriptedUpstream>(std::move(script), Certificate::kRight)
                    : std::make_unique<ScriptedUpstream>(std::move(script));
    ClientOptions options = OptionsFor(*upstream_);
    options.linger_time = linger_time_;
    Connect(options);
  }

  // A stream whose sink is content with the first piece.
  void StreamUntilMark(bool dirty = false) {
    RecordingSink sink;
    std::unique_ptr<Transfer> transfer = client_->Start(Post("{}"), &sink);
    sink.on_body = [&] {
      transfer->Linger(dirty);
      transfer.reset();
    };
    ASSERT_TRUE(RunUntil([&] { return transfer == nullptr; }));
    EXPECT_EQ(sink.body, SseEvent("[DONE]"));
    EXPECT_FALSE(sink.end.has_value());
    rest_.Open();
  }

  void ExpectKept() {
    EXPECT_EQ(Fetch(Post("{}")).end->how, How::kComplete);
    EXPECT_EQ(upstream_->connections_accepted(), 1);
    EXPECT_EQ(client_->counts().reused, 1u);
  }
  void ExpectClosed() {
    EXPECT_TRUE(RunUntil([&] { return !upstream_->closes().empty(); }));
    EXPECT_EQ(upstream_->closes()[0].kind, PeerClose::Kind::kReset);
    EXPECT_EQ(Fetch(Post("{}")).end->how, How::kComplete);
    EXPECT_EQ(upstream_->connections_accepted(), 2);
    EXPECT_EQ(client_->counts().aborted, 0u);
  }

  milliseconds linger_time_{5000};
  Gate rest_;
  std::unique_ptr<ScriptedUpstream> upstream_;
};
INSTANTIATE_TEST_SUITE_P(PlainAndTls, Linger, testing::Bool(),
                         [](const auto& info) { return info.param ? "Tls" : "Plain"; });

TEST_P(Linger, EndOfFramingInTheSamePiece) {
  Serve([](Connection&) {}, LastChunk());
  StreamUntilMark();
  ExpectKept();
}

TEST_P(Linger, EndOfFramingLater) {
  Gate sent;
  Serve([&](Connection& connection) {
    rest_.Await();
    connection.SendSlowly({"0\r", "\n\r\n"});
    sent.Open();
  });
  StreamUntilMark();
  ASSERT_TRUE(sent.Await());
  RunFor(milliseconds(20));
  ExpectKept();
}

TEST_P(Linger, LineEndsAndTrailersMayFollow) {
  Gate sent;
  Serve([&](Connection& connection) {
    rest_.Await();
    connection.Send(Chunk("\r\n\n") + LastChunk("X-Checksum: 1\r\n"));
    sent.Open();
  });
  StreamUntilMark();
  ASSERT_TRUE(sent.Await());
  RunFor(milliseconds(20));
  ExpectKept();
}

TEST_P(Linger, TimeOver) {
  linger_time_ = milliseconds(20);
  Serve([](Connection& connection) { connection.WaitForPeerClose(); });
  StreamUntilMark();
  ExpectClosed();
}

TEST_P(Linger, TooManyBytes) {
  Serve([&](Connection& connection) {
    rest_.Await();
    for (int i = 0; i < 3; ++i) connection.SendChunk(std::string(400, '\n'));
    connection.WaitForPeerClose();
  });
  StreamUntilMark();
  ExpectClosed();
}

TEST_P(Linger, TooLongTrailers) {
  Serve([&](Connection& connection) {
    rest_.Await();
    connection.Send(LastChunk("X-Long: " + std::string(1100, 'x') + "\r\n"));
    connection.WaitForPeerClose();
  });
  StreamUntilMark();
  ExpectClosed();
}

TEST_P(Linger, TextInTheSamePiece) {
  Serve([](Connection& connection) { connection.WaitForPeerClose(); },
        Chunk("data: more\n\n") + LastChunk());
  StreamUntilMark();
  ExpectClosed();
}

TEST_P(Linger, TextLater) {
  Serve([&](Connection& connection) {
    rest_.Await();
    connection.Send(Chunk("data: more\n\n") + LastChunk());
    connection.WaitForPeerClose();
  });
  StreamUntilMark();
  ExpectClosed();
}

TEST_P(Linger, DirtyIsClosedAtOnce) {
  Serve([](Connection& connection) { connection.WaitForPeerClose(); });
  StreamUntilMark(/*dirty=*/true);
  ExpectClosed();
}

TEST_P(Linger, DirtyWithTheFramingsEndIsClosedToo) {
  Serve([](Connection& connection) { connection.WaitForPeerClose(); }, LastChunk());
  StreamUntilMark(/*dirty=*/true);
  ExpectClosed();
}

TEST_P(Linger, APausedTransferLingersToo) {
  Gate sent;
  Serve([&](Connection& connection) {
    rest_.Await();
    connection.SendLastChunk();
    sent.Open();
  });
  RecordingSink sink;
  std::unique_ptr<Transfer> transfer = client_->Start(Post("{}"), &sink);
  sink.on_body = [&] { transfer->Pause(); };
  ASSERT_TRUE(RunUntil([&] { return sink.received > 0; }));
  transfer->Linger(false);
  transfer.reset();
  rest_.Open();
  ASSERT_TRUE(sent.Await());
  RunFor(milliseconds(20));
  ExpectKept();
}

TEST_P(Linger, TheClientMayEndWhileItLingers) {
  Serve([](Connection& connection) { connection.WaitForPeerClose(); });
  StreamUntilMark();
  client_.reset();
  EXPECT_TRUE(upstream_->WaitForCloses(1));
}

TEST_P(Linger, AfterTheEndItIsNothing) {
  Serve([](Connection&) {}, LastChunk());
  RecordingSink sink;
  std::unique_ptr<Transfer> transfer = client_->Start(Post("{}"), &sink);
  sink.on_end = [&] {
    transfer->Pause();
    transfer->Resume();
    transfer->Linger(true);
    transfer.reset();
  };
  ASSERT_TRUE(RunUntil([&] { return transfer == nullptr; }));
  ExpectKept();
}

}  // namespace
}  // namespace sparkgate::upstream
