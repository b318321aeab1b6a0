// All ways in which a transfer can end, against a scripted upstream.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "service/upstream/client_fixture.h"
#include "tests/support/gate.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/tls_files.h"

namespace sparkgate::upstream {
namespace {

using std::chrono::milliseconds;
using support::Certificate;
using support::Chunk;
using support::Connection;
using support::Gate;
using support::JsonResponse;
using support::LastChunk;
using support::ScriptedUpstream;
using support::SseHead;

class Endings : public ClientTest, public testing::WithParamInterface<bool> {
 protected:
  void Serve(ScriptedUpstream::Script script) {
    upstream_ = GetParam()
                    ? std::make_unique<ScriptedUpstream>(std::move(script), Certificate::kRight)
                    : std::make_unique<ScriptedUpstream>(std::move(script));
    Connect(*upstream_);
  }

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

  std::unique_ptr<ScriptedUpstream> upstream_;
};
INSTANTIATE_TEST_SUITE_P(PlainAndTls, Endings, testing::Bool(),
                         [](const auto& info) { return info.param ? "Tls" : "Plain"; });

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

// --- No connection -------------------------------------------------------------------------------

TEST_F(ClientTest, ConnectionRefused) {
  ClientOptions options;
  options.base_url = "http://127.0.0.1:" + std::to_string(support::UnusedPort());
  Connect(options);
  const RecordingSink sink = Fetch(Post("{}"));
  EXPECT_EQ(sink.end->how, How::kNotConnected);
  EXPECT_FALSE(sink.head.has_value());
}

TEST_F(ClientTest, ConnectTimeOver) {
  support::BlackHole hole;
  ClientOptions options;
  options.base_url = "http://127.0.0.1:" + std::to_string(hole.port());
  options.connect_timeout = milliseconds(60);
  Connect(options);
  const RecordingSink sink = Fetch(Post("{}"));
  EXPECT_EQ(sink.end->how, How::kNotConnected);
}

TEST_F(ClientTest, HandshakeTimeOver) {
  ScriptedUpstream upstream([](Connection& connection) { connection.WaitForPeerClose(); });
  ClientOptions options;
  options.base_url = "https://127.0.0.1:" + std::to_string(upstream.port());
  options.connect_timeout = milliseconds(60);
  Connect(options);
  EXPECT_EQ(Fetch(Post("{}")).end->how, How::kNotConnected);
}

TEST_F(ClientTest, PeerWithoutTls) {
  ScriptedUpstream upstream([](Connection& connection) {
    connection.ReadBytes(1);
    connection.Send("HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  ClientOptions options;
  options.base_url = "https://127.0.0.1:" + std::to_string(upstream.port());
  Connect(options);
  EXPECT_EQ(Fetch(Post("{}")).end->how, How::kNotConnected);
}

TEST_F(ClientTest, NameWithoutAnAddress) {
  const Resolver resolver("nowhere.invalid", 80, std::chrono::seconds(30), std::chrono::seconds(2),
                          [](const std::string&) { return std::vector<std::string>(); });
  ClientOptions options;
  options.base_url = "http://nowhere.invalid";
  Connect(options, &resolver);
  EXPECT_EQ(Fetch(Post("{}")).end->how, How::kNotConnected);
}

TEST_F(ClientTest, TheResolversAddressesAreUsed) {
  ScriptedUpstream upstream([](Connection& connection) {
    while (connection.ReadRequest()) connection.Send(JsonResponse("{}"));
  });
  const Resolver resolver("upstream.invalid", upstream.port(), std::chrono::seconds(30),
                          std::chrono::seconds(2),
                          [](const std::string&) { return std::vector<std::string>{"127.0.0.1"}; });
  ClientOptions options;
  options.base_url = upstream.base_url("upstream.invalid");
  Connect(options, &resolver);
  EXPECT_EQ(Fetch(Post("{}")).end->how, How::kComplete);
  EXPECT_EQ(Fetch(Post("{}")).end->how, How::kComplete);
  EXPECT_EQ(upstream.connections_accepted(), 1);
  EXPECT_EQ(upstream.requests()[0].Header("host"),
            "upstream.invalid:" + std::to_string(upstream.port()));
}

// A listener whose queue is full: attempts to connect stay without an answer.
class Unanswering {
 public:
  Unanswering(const char* address, int port) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<uint16_t>(port));
    inet_pton(AF_INET, address, &at.sin_addr);
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    EXPECT_EQ(listen(listener_, 0), 0);
    for (int& filler : fillers_) {
      filler = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      connect(filler, reinterpret_cast<sockaddr*>(&at), sizeof at);
    }
  }
  ~Unanswering() {
    close(listener_);
    for (const int filler : fillers_) close(filler);
  }

 private:
  int listener_;
  int fillers_[4];
};

TEST_F(ClientTest, AnAddressThatDoesNotAnswerCostsLessThanASecondOnce) {
  ScriptedUpstream upstream([](Connection& connection) {
    if (connection.ReadRequest()) {
      connection.Send(JsonResponse("{}", 200, "Connection: close\r\n"));
    }
  });
  const Unanswering silent("127.0.0.2", upstream.port());
  for (const bool silent_first : {true, false}) {
    const Resolver resolver("upstream.invalid", upstream.port(), std::chrono::seconds(30),
                            std::chrono::seconds(2), [&](const std::string&) {
                              std::vector<std::string> found = {"127.0.0.1", "127.0.0.2"};
                              if (silent_first) std::swap(found[0], found[1]);
                              return found;
                            });
    ClientOptions options;
    options.base_url = upstream.base_url("upstream.invalid");
    Connect(options, &resolver);
    int slow = 0;
    for (int i = 0; i < 6; ++i) {
      const auto begun = std::chrono::steady_clock::now();
      EXPECT_EQ(Fetch(Post("{}")).end->how, How::kComplete);
      const auto took = std::chrono::steady_clock::now() - begun;
      EXPECT_LT(took, std::chrono::milliseconds(2000));
      slow += took > std::chrono::milliseconds(500);
    }
    EXPECT_LE(slow, 1);
  }
}

TEST_F(ClientTest, AllAddressesAreTriedBeforeACallFails) {
  const int port = support::UnusedPort();
  const Resolver resolver("upstream.invalid", port, std::chrono::seconds(30),
                          std::chrono::seconds(2), [](const std::string&) {
                            return std::vector<std::string>{"127.0.0.1", "127.0.0.2", "127.0.0.3"};
                          });
  ClientOptions options;
  options.base_url = "http://upstream.invalid:" + std::to_string(port);
  Connect(options, &resolver);
  EXPECT_EQ(Fetch(Post("{}")).end->how, How::kNotConnected);
  EXPECT_EQ(pool_->counts().connections, 3u);
}

TEST_F(ClientTest, AfterANameHasMovedKeptConnectionsToItsOldPlaceTakeNoCalls) {
  ScriptedUpstream upstream([](Connection& connection) {
    while (connection.ReadRequest()) connection.Send(JsonResponse("{}"));
  });
  std::atomic<bool> moved{false};
  support::Gate seen;
  const Resolver resolver(
      "upstream.invalid", upstream.port(), std::chrono::milliseconds(10), std::chrono::seconds(2),
      [&](const std::string&) {
        if (moved.load()) seen.Open();
        return std::vector<std::string>{moved.load() ? "127.0.0.2" : "127.0.0.1"};
      });
  ClientOptions options;
  options.base_url = upstream.base_url("upstream.invalid");
  Connect(options, &resolver);
  EXPECT_EQ(Fetch(Post("{}")).end->how, How::kComplete);
  EXPECT_EQ(Fetch(Post("{}")).end->how, How::kComplete);
  EXPECT_EQ(upstream.connections_accepted(), 1);
  moved.store(true);
  ASSERT_TRUE(seen.Await());
  RunUntil([&] { return !resolver.Has("127.0.0.1"); });
  // Nobody listens there: that the call fails shows where it went.
  EXPECT_EQ(Fetch(Post("{}")).end->how, How::kNotConnected);
  EXPECT_EQ(upstream.requests().size(), 2u);
}

// The environment's proxies decide nothing; the configured one everything.
TEST_F(ClientTest, Proxies) {
  ScriptedUpstream upstream([](Connection& connection) {
    while (connection.ReadRequest()) connection.Send(JsonResponse("{}"));
  });
  const std::string nobody = "http://127.0.0.1:" + std::to_string(support::UnusedPort());
  setenv("http_proxy", nobody.c_str(), 1);
  setenv("all_proxy", nobody.c_str(), 1);
  Connect(upstream);
  EXPECT_EQ(Fetch(Post("{}")).end->how, How::kComplete);
  unsetenv("http_proxy");
  unsetenv("all_proxy");

  ClientOptions options;
  options.base_url = "http://upstream.invalid/v1";
  options.proxy = upstream.base_url();
  Connect(options);
  EXPECT_EQ(Fetch(Post("{}")).end->how, How::kComplete);
  EXPECT_EQ(upstream.requests().back().target, "http://upstream.invalid/v1/chat/completions");
}

// --- Certificates --------------------------------------------------------------------------------

class Certificates : public ClientTest, public testing::WithParamInterface<Certificate> {};
INSTANTIATE_TEST_SUITE_P(Bad, Certificates,
                         testing::Values(Certificate::kWrongHost, Certificate::kExpired,
                                         Certificate::kUnknownCa));

TEST_P(Certificates, AreRefused) {
  ScriptedUpstream upstream([](Connection& connection) { connection.ReadRequest(); }, GetParam());
  Connect(upstream);
  const RecordingSink sink = Fetch(Post("{}"));
  EXPECT_EQ(sink.end->how, How::kCertificateRefused) << sink.end->detail;
  EXPECT_TRUE(upstream.requests().empty());
}

TEST_F(ClientTest, AMissingCaFileTrustsNobody) {
  ScriptedUpstream upstream([](Connection& connection) { connection.ReadRequest(); },
                            Certificate::kRight);
  ClientOptions options = OptionsFor(upstream);
  options.ca_file = "/nonexistent/ca.pem";
  Connect(options);
  EXPECT_EQ(Fetch(Post("{}")).end->how, How::kCertificateRefused);
}

TEST_F(ClientTest, TheCaFileIsReadForEachConnection) {
  ScriptedUpstream upstream(
      [](Connection& connection) {
        if (connection.ReadRequest()) connection.Send(JsonResponse("{}"));
      },
      Certificate::kRight);
  const support::TlsFiles files("stranger");
  const std::string ca_file = files.folder() + "/ca.pem";
  ClientOptions options = OptionsFor(upstream);
  options.ca_file = ca_file;
  support::TlsFiles::Overwrite(support::CaFile(), ca_file);
  Connect(options);
  EXPECT_EQ(Fetch(Post("{}")).end->how, How::kComplete);
  support::TlsFiles::Overwrite(files.certificate(), ca_file);
  EXPECT_EQ(Fetch(Post("{}")).end->how, How::kCertificateRefused);
  support::TlsFiles::Overwrite(support::CaFile(), ca_file);
  EXPECT_EQ(Fetch(Post("{}")).end->how, How::kComplete);
}

// --- Requests that must not be sent --------------------------------------------------------------

TEST_F(ClientTest, AControlByteInAHeaderSendsNothing) {
  ScriptedUpstream upstream([](Connection& connection) { connection.ReadRequest(); });
  Connect(upstream);
  for (const auto& header : HeaderList{{"x-a", "1\r\nx-b: 2"},
                                       {"x-a", "1\n"},
                                       {"x-a", std::string("a\0b", 3)},
                                       {"x-a", "\x7f"},
                                       {"x a", "1"},
                                       {"", "1"},
                                       {"x:a", "1"}}) {
    Request request = Post("{}");
    request.headers = {header};
    const RecordingSink sink = Fetch(std::move(request));
    EXPECT_EQ(sink.end->how, How::kProtocol);
    EXPECT_EQ(sink.end->attempts, 0);
    EXPECT_EQ(sink.end->detail.find("x-b"), std::string::npos) << "values stay out of the detail";
  }
  EXPECT_EQ(upstream.connections_accepted(), 0);
}

TEST_F(ClientTest, APathThatIsNoneSendsNothing) {
  ScriptedUpstream upstream([](Connection& connection) { connection.ReadRequest(); });
  Connect(upstream);
  for (const char* path : {"", "chat", "/a b", "/a\r\n"}) {
    EXPECT_EQ(Fetch(Post("{}", path)).end->how, How::kProtocol) << path;
  }
  EXPECT_EQ(upstream.connections_accepted(), 0);
}

}  // namespace
}  // namespace sparkgate::upstream
