#include "tests/support/scripted_upstream.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "tests/support/gate.h"
#include "tests/support/http_text.h"
#include "tests/support/tcp_info.h"

namespace sparkgate::support {
namespace {

sockaddr_in Address(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// A blocking client that knows nothing of HTTP.
class RawClient {
 public:
  explicit RawClient(int port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    const sockaddr_in address = Address(port);
    const timeval patience{20, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    EXPECT_EQ(connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }
  ~RawClient() { Close(); }

  void Send(const std::string& bytes) { send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  void Reset() {
    const linger now{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    Close();
  }
  // All up to the end; *error: errno of the end, 0 for a FIN.
  std::string ReadAll(int* error) {
    std::string all;
    char bytes[4096];
    ssize_t count;
    while ((count = recv(fd_, bytes, sizeof(bytes), 0)) > 0) {
      all.append(bytes, static_cast<size_t>(count));
    }
    *error = count == 0 ? 0 : errno;
    return all;
  }
  int fd() const { return fd_; }

 private:
  int fd_;
};

constexpr char kRequest[] = "POST /a/b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";

TEST(ScriptedUpstream, ReadsOneRequestAtATimeAndRecordsIt) {
  ScriptedUpstream upstream([](Connection& connection) {
    while (connection.ReadRequest()) connection.Send(JsonResponse("{}"));
  });
  RawClient client(upstream.port());
  client.Send(std::string(kRequest) + kRequest);
  ASSERT_TRUE(upstream.WaitForRequests(2));
  shutdown(client.fd(), SHUT_WR);
  int error = -1;
  EXPECT_EQ(client.ReadAll(&error), JsonResponse("{}") + JsonResponse("{}"));
  EXPECT_EQ(error, 0);
  ASSERT_TRUE(upstream.WaitForCloses(1));
  EXPECT_EQ(upstream.closes()[0].kind, PeerClose::Kind::kFin);
  ASSERT_TRUE(upstream.WaitForNoneOpen());
  const ReceivedRequest request = upstream.requests()[1];
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/a/b");
  EXPECT_EQ(request.Header("host"), "x");
  EXPECT_EQ(request.body, "hello");
}

TEST(ScriptedUpstream, TellsAResetFromAFin) {
  ScriptedUpstream upstream([](Connection& connection) {
    connection.ReadRequest();
    connection.WaitForPeerClose();
  });
  RawClient first(upstream.port());
  first.Send(kRequest);
  ASSERT_TRUE(upstream.WaitForRequests(1));
  first.Reset();
  ASSERT_TRUE(upstream.WaitForCloses(1));
  EXPECT_EQ(upstream.closes()[0].kind, PeerClose::Kind::kReset);
  RawClient second(upstream.port());
  second.Close();
  ASSERT_TRUE(upstream.WaitForCloses(2));
  EXPECT_EQ(upstream.closes()[1].kind, PeerClose::Kind::kFin);
}

TEST(ScriptedUpstream, ClosesAsTheScriptSays) {
  ScriptedUpstream upstream([](Connection& connection) {
    const auto request = connection.ReadRequest();
    if (!request) return;
    connection.Send("x");
    if (connection.index() == 1) connection.Reset();
    connection.Close();
  });
  int error = -1;
  RawClient first(upstream.port());
  first.Send(kRequest);
  EXPECT_EQ(first.ReadAll(&error), "x");
  EXPECT_EQ(error, 0);
  RawClient second(upstream.port());
  second.Send(kRequest);
  second.ReadAll(&error);
  EXPECT_EQ(error, ECONNRESET);
}

TEST(ScriptedUpstream, WhatADeafConnectionGetsStaysUnacknowledged) {
  constexpr size_t kBody = 32 * 1024;
  Gate deaf;
  Gate written;
  ScriptedUpstream upstream([&](Connection& connection) {
    connection.ReadHead();
    if (connection.StopReceiving(kBody)) deaf.Open();
    written.Await();
    connection.HalfClose();
    connection.WaitForPeerClose();
  });
  RawClient client(upstream.port());
  client.Send("POST / HTTP/1.1\r\nContent-Length: 32768\r\n\r\n" + std::string(kBody, 'x'));
  ASSERT_TRUE(deaf.Await());
  client.Send(std::string(Connection::kDroppedForSure, 'l'));
  ASSERT_TRUE(WaitForUnacknowledged(0, upstream.port(), Connection::kDroppedForSure));
  written.Open();
  int error = -1;
  EXPECT_EQ(client.ReadAll(&error), "");
  EXPECT_EQ(error, 0);
  EXPECT_TRUE(WaitForUnacknowledged(0, upstream.port(), Connection::kDroppedForSure));
}

TEST(ScriptedUpstream, EndsScriptsThatStillWait) {
  Gate reading;
  auto upstream = std::make_unique<ScriptedUpstream>([&](Connection& connection) {
    reading.Open();
    connection.ReadRequest();
  });
  RawClient client(upstream->port());
  ASSERT_TRUE(reading.Await());
  upstream.reset();
  int error = -1;
  EXPECT_EQ(client.ReadAll(&error), "");
}

TEST(ScriptedUpstream, RefusesAfterStopListening) {
  ScriptedUpstream upstream([](Connection&) {});
  upstream.StopListening();
  const sockaddr_in address = Address(upstream.port());
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  EXPECT_NE(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(errno, ECONNREFUSED);
  close(fd);
}

TEST(BlackHole, NeverAnswers) {
  BlackHole hole;
  const sockaddr_in address = Address(hole.port());
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  EXPECT_NE(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(errno, EINPROGRESS);
  pollfd ready{fd, POLLOUT, 0};
  EXPECT_EQ(poll(&ready, 1, 50), 0);
  close(fd);
}

// A TLS client that trusts CaFile() and checks the name.
int VerifyResult(int port) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_load_verify_file(context, CaFile().c_str());
  RawClient client(port);
  SSL* ssl = SSL_new(context);
  SSL_set1_host(ssl, "localhost");
  SSL_set_fd(ssl, client.fd());
  SSL_set_verify(ssl, SSL_VERIFY_NONE, nullptr);
  SSL_connect(ssl);
  const long result = SSL_get_verify_result(ssl);
  SSL_free(ssl);
  SSL_CTX_free(context);
  return static_cast<int>(result);
}

int VerifyResultOf(Certificate certificate) {
  ScriptedUpstream upstream([](Connection& connection) { connection.ReadRequest(); }, certificate);
  return VerifyResult(upstream.port());
}

TEST(TestCertificates, AreWhatTheirNamesSay) {
  EXPECT_EQ(VerifyResultOf(Certificate::kRight), X509_V_OK);
  EXPECT_EQ(VerifyResultOf(Certificate::kWrongHost), X509_V_ERR_HOSTNAME_MISMATCH);
  EXPECT_EQ(VerifyResultOf(Certificate::kExpired), X509_V_ERR_CERT_HAS_EXPIRED);
  EXPECT_EQ(VerifyResultOf(Certificate::kUnknownCa), X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
}

}  // namespace
}  // namespace sparkgate::support
