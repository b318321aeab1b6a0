// All ways in which a transfer can end, against a scripted upstream.
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "service/upstream/testing/curl_client_fixture.h"
#include "tests/support/gate.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/tls_files.h"

namespace sparkgate::upstream {
namespace {

using support::Chunk;
using support::Connection;
using support::Gate;
using support::JsonResponse;
using support::LastChunk;
using support::ScriptedUpstream;
using support::SseHead;

class Endings : public PlainAndTlsTest {
 protected:
  // The request is read, the bytes are sent, and the script says how the connection ends.
  RecordingSink FetchFrom(std::string bytes, std::function<void(Connection&)> close) {
    ScriptedUpstream::Script script = [bytes, close](Connection& connection) {
      if (!connection.ReadRequest()) return;
      connection.Send(bytes);
      close(connection);
    };
    Serve(std::move(script));
    return Fetch(Post("{}"));
  }
};
INSTANTIATE_TEST_SUITE_P(PlainAndTls, Endings, testing::Bool(), PlainOrTls);

void Fin(Connection& connection) { connection.Close(); }
void TlsCut(Connection& connection) { connection.CloseWithoutNotify(); }
void StayOpen(Connection& connection) { connection.WaitForPeerClose(); }

TEST_P(Endings, ContentLengthReached) {
  EXPECT_EQ(FetchFrom(JsonResponse("{}"), StayOpen).end->how, How::kComplete);
}

TEST_P(Endings, ContentLengthCut) {
  const RecordingSink sink = FetchFrom("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", Fin);
  EXPECT_EQ(sink.end->how, How::kCut);
  EXPECT_EQ(sink.body, "abc");
  EXPECT_NE(sink.end->detail, "");
}

TEST_P(Endings, LastChunk) {
  EXPECT_EQ(FetchFrom(SseHead() + Chunk("abc") + LastChunk(), StayOpen).end->how, How::kComplete);
}

TEST_P(Endings, ChunksWithoutTheLast) {
  const RecordingSink sink = FetchFrom(SseHead() + Chunk("abc"), Fin);
  EXPECT_EQ(sink.end->how, How::kCut);
  EXPECT_EQ(sink.body, "abc");
}

TEST_P(Endings, ChunkCutInside) {
  const RecordingSink sink = FetchFrom(SseHead() + "10\r\nabc", TlsCut);
  EXPECT_EQ(sink.end->how, How::kCut);
  EXPECT_EQ(sink.body, "abc");
}

TEST_P(Endings, ResetInsideTheBody) {
  Gate arrived;
  Serve([&](Connection& connection) {
    connection.ReadRequest();
    connection.Send(SseHead() + Chunk("abc"));
    arrived.Await();
    connection.Reset();
  });
  RecordingSink sink;
  sink.on_body = [&] { arrived.Open(); };
  Fetch(Post("{}"), &sink);
  EXPECT_EQ(sink.end->how, How::kCut);
  EXPECT_EQ(sink.body, "abc");
}

TEST_P(Endings, CloseDelimited) {
  const RecordingSink sink = FetchFrom("HTTP/1.1 200 OK\r\n\r\nabc", Fin);
  EXPECT_EQ(sink.end->how, How::kClosed);
  EXPECT_EQ(sink.body, "abc");
}

// libcurl 7.88 does not tell a TLS cut from a close; so neither is complete.
TEST_P(Endings, CloseDelimitedAndCut) {
  const How how = FetchFrom("HTTP/1.1 200 OK\r\n\r\nabc", TlsCut).end->how;
  EXPECT_TRUE(how == How::kClosed || how == How::kCut) << Name(how);
}

TEST_P(Endings, Http10) {
  const RecordingSink sink = FetchFrom("HTTP/1.0 200 OK\r\n\r\ndata: [DO", Fin);
  EXPECT_EQ(sink.end->how, How::kClosed);
  EXPECT_EQ(sink.status(), 200);
  EXPECT_EQ(sink.body, "data: [DO");
}

// A length that libcurl cannot hold counts for it as none, and so it must for us.
TEST_P(Endings, ContentLengthBeyondAllNumbers) {
  const RecordingSink sink =
      FetchFrom("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nabc", Fin);
  EXPECT_NE(sink.end->how, How::kComplete);
}

// libcurl calls it a success, and would even with a length among the headers that came.
TEST_P(Endings, ResponseCutInsideItsHead) {
  for (const char* head :
       {"HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Ty",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r",
        "HTTP/1.1 204 No Content\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"}) {
    const RecordingSink sink = FetchFrom(head, Fin);
    EXPECT_EQ(sink.end->how, How::kCut) << head;
    EXPECT_FALSE(sink.head.has_value());
    EXPECT_NE(sink.end->detail, "");
  }
}

TEST_P(Endings, ClosedWithoutAnAnswer) {
  const RecordingSink sink = FetchFrom("", Fin);
  EXPECT_EQ(sink.end->how, How::kLost);
  EXPECT_EQ(sink.end->attempts, 1);
  EXPECT_EQ(upstream_->requests().size(), 1u);
}

TEST_P(Endings, ResetWithoutAnAnswer) {
  const RecordingSink sink = FetchFrom("", [](Connection& connection) { connection.Reset(); });
  EXPECT_EQ(sink.end->how, How::kLost);
  EXPECT_EQ(upstream_->requests().size(), 1u);
}

TEST_P(Endings, ClosedAfterAnInterimResponse) {
  const RecordingSink sink = FetchFrom("HTTP/1.1 102 Processing\r\n\r\n", Fin);
  EXPECT_EQ(sink.end->how, How::kCut);
  EXPECT_FALSE(sink.head.has_value());
}

TEST_P(Endings, NotHttp) {
  EXPECT_EQ(FetchFrom("SSH-2.0-OpenSSH_9.2\r\n", StayOpen).end->how, How::kProtocol);
}

TEST_P(Endings, BadChunkLength) {
  const RecordingSink sink = FetchFrom(SseHead() + Chunk("abc") + "xyz\r\n", StayOpen);
  EXPECT_EQ(sink.end->how, How::kProtocol);
}

TEST_P(Endings, AnotherTransferEncoding) {
  const RecordingSink sink = FetchFrom(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n" + Chunk("abc"), StayOpen);
  EXPECT_EQ(sink.end->how, How::kProtocol);
  EXPECT_FALSE(sink.head.has_value());
}

TEST_P(Endings, HeadersOverTheLimit) {
  std::string headers;
  for (int i = 0; i < 70; ++i) headers += "X-Long: " + std::string(1000, 'x') + "\r\n";
  const RecordingSink sink = FetchFrom(support::Head(200, headers), StayOpen);
  EXPECT_EQ(sink.end->how, How::kProtocol);
  EXPECT_FALSE(sink.head.has_value());
  EXPECT_TRUE(upstream_->WaitForCloses(1));
}

TEST_P(Endings, OneHeaderLineOverAllLimits) {
  const RecordingSink sink =
      FetchFrom(support::Head(200, "X-Long: " + std::string(150'000, 'x') + "\r\n"), StayOpen);
  EXPECT_EQ(sink.end->how, How::kProtocol);
}

TEST_P(Endings, HeadersWithinTheLimit) {
  std::string headers = "Content-Length: 2\r\n";
  for (int i = 0; i < 60; ++i) headers += "X-Long: " + std::string(1000, 'x') + "\r\n";
  const RecordingSink sink = FetchFrom(support::Head(200, headers) + "{}", StayOpen);
  EXPECT_EQ(sink.end->how, How::kComplete);
  EXPECT_EQ(sink.head->headers.size(), 61u);
}

TEST_P(Endings, InterimResponsesAreLeftOut) {
  const RecordingSink sink = FetchFrom(
      "HTTP/1.1 100 Continue\r\nX-A: 1\r\n\r\nHTTP/1.1 103 Early Hints\r\nX-B: 2\r\n\r\n" +
          JsonResponse("{}"),
      StayOpen);
  EXPECT_EQ(sink.end->how, How::kComplete);
  EXPECT_EQ(sink.status(), 200);
  EXPECT_EQ(sink.Header("x-a"), "");
  EXPECT_EQ(sink.Header("x-b"), "");
}

TEST_P(Endings, SwitchingProtocolsIsAnAnswer) {
  const RecordingSink sink =
      FetchFrom("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", Fin);
  EXPECT_EQ(sink.status(), 101);
}

TEST_P(Endings, TrailersAreLeftOut) {
  const RecordingSink sink =
      FetchFrom(SseHead() + Chunk("abc") + LastChunk("X-Trailer: t\r\n"), StayOpen);
  EXPECT_EQ(sink.end->how, How::kComplete);
  EXPECT_EQ(sink.Header("x-trailer"), "");
  EXPECT_EQ(sink.body, "abc");
}

TEST_P(Endings, EveryStatusIsHandedOn) {
  for (int status : {204, 301, 404, 429, 500, 599}) {
    const std::string body = status == 204 ? "" : "no";
    const RecordingSink sink =
        FetchFrom(JsonResponse(body, status, "Location: /elsewhere\r\n"), StayOpen);
    EXPECT_EQ(sink.status(), status);
    EXPECT_EQ(sink.body, body);
    EXPECT_EQ(sink.end->how, How::kComplete) << status;
  }
}

TEST_P(Endings, NothingIsDecoded) {
  const RecordingSink sink =
      FetchFrom(JsonResponse("\x1f\x8b rubbish", 200, "Content-Encoding: gzip\r\n"), StayOpen);
  EXPECT_EQ(sink.end->how, How::kComplete);
  EXPECT_EQ(sink.Header("content-encoding"), "gzip");
  EXPECT_EQ(sink.body, "\x1f\x8b rubbish");
}

TEST_P(Endings, AnEarlyRefusalOfALargeBodyIsDelivered) {
  Serve([](Connection& connection) {
    connection.ReadHead();
    connection.Send(JsonResponse("too large", 413, "Connection: close\r\n"));
    connection.ReadBytes(5'000'000);
  });
  const RecordingSink sink = Fetch(Post(std::string(5'000'000, 'x')));
  EXPECT_EQ(sink.status(), 413);
  EXPECT_EQ(sink.body, "too large");
}

// The same stream, split in two at every byte, and byte by byte.
TEST_F(ClientTest, EverySplitGivesTheSame) {
  const std::string whole =
      SseHead() + Chunk("data: a\n\n") + Chunk("data: [DONE]\n\n") + LastChunk("X-Trailer: t\r\n");
  ScriptedUpstream upstream([&](Connection& connection) {
    for (size_t split = 1; connection.ReadRequest() && split < whole.size(); ++split) {
      connection.SendSlowly({whole.substr(0, split), whole.substr(split)},
                            std::chrono::microseconds(100));
    }
    std::vector<std::string> bytes;
    for (char c : whole) bytes.emplace_back(1, c);
    connection.SendSlowly(bytes, std::chrono::microseconds(50));
    connection.WaitForPeerClose();
  });
  Connect(upstream);
  for (size_t i = 0; i < whole.size(); ++i) {
    const RecordingSink sink = Fetch(Post("{}"));
    ASSERT_EQ(sink.body, "data: a\n\ndata: [DONE]\n\n") << i;
    ASSERT_EQ(sink.end->how, How::kComplete) << i;
    ASSERT_EQ(sink.head->headers.size(), 2u) << i;
  }
  EXPECT_EQ(upstream.connections_accepted(), 1);
}

}  // namespace
}  // namespace sparkgate::upstream
