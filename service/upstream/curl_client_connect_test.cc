// Connections that cannot be made, certificates, and requests that must not be sent.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
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

using std::chrono::milliseconds;
using support::Certificate;
using support::Connection;
using support::Gate;
using support::JsonResponse;
using support::ScriptedUpstream;

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

TEST_F(ClientTest, AnAddressThatDoesNotAnswerCostsLessThanASecondOnce) {
  ScriptedUpstream upstream([](Connection& connection) {
    if (connection.ReadRequest()) {
      connection.Send(JsonResponse("{}", 200, "Connection: close\r\n"));
    }
  });
  const support::BlackHole silent("127.0.0.2", upstream.port());
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
  EXPECT_EQ(client_->counts().connections, 3u);
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

// How three requests end, each on a connection of its own: with the authority of the upstream's
// certificate in the file, with another one there, and with the right one again.
class CaFile : public ClientTest {
 protected:
  std::vector<How> Replace(std::chrono::seconds cache_time) {
    ScriptedUpstream upstream(
        [](Connection& connection) {
          if (connection.ReadRequest()) connection.Send(JsonResponse("{}"));
        },
        Certificate::kRight);
    const support::TlsFiles files("stranger");
    ClientOptions options = OptionsFor(upstream);
    options.ca_file = files.folder() + "/ca.pem";
    options.ca_cache_time = cache_time;
    Connect(options);
    std::vector<How> ends;
    for (const auto& authority : {support::CaFile(), files.certificate(), support::CaFile()}) {
      support::TlsFiles::Overwrite(authority, options.ca_file);
      ends.push_back(Fetch(Post("{}")).end->how);
    }
    return ends;
  }
};

TEST_F(CaFile, IsReadAgain) {
  EXPECT_EQ(Replace(std::chrono::seconds(0)),
            (std::vector<How>{How::kComplete, How::kCertificateRefused, How::kComplete}));
}

TEST_F(CaFile, IsNotReadForEachConnection) {
  EXPECT_EQ(Replace(std::chrono::hours(1)),
            (std::vector<How>{How::kComplete, How::kComplete, How::kComplete}));
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
