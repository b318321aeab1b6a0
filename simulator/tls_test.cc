#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "simulator/certificate.h"
#include "simulator/testing/test_client.h"
#include "simulator/testing/test_server.h"

namespace sparkgate::simulator {
namespace {

// A client that trusts one authority and expects a name.
class TlsClient {
 public:
  TlsClient(uint16_t port, const std::string& ca_pem, const char* host)
      : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free),
        ssl_(nullptr, SSL_free),
        socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    BIO* const bio = BIO_new_mem_buf(ca_pem.data(), static_cast<int>(ca_pem.size()));
    X509* const ca = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), ca);
    X509_free(ca);
    BIO_free(bio);
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), socket_);
    SSL_set1_host(ssl_.get(), host);
    connected_ = SSL_connect(ssl_.get()) == 1;
    ERR_clear_error();
  }
  ~TlsClient() { Close(); }

  bool connected() const { return connected_; }
  void Send(const std::string& bytes) {
    EXPECT_EQ(SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())),
              static_cast<int>(bytes.size()));
  }
  // Reads until `text`, or to the end of the connection. The last result of SSL_get_error.
  int Read(const std::string& text) {
    char buffer[4096];
    while (received_.find(text) == std::string::npos || text.empty()) {
      const int n = SSL_read(ssl_.get(), buffer, sizeof(buffer));
      if (n <= 0) return SSL_get_error(ssl_.get(), n);
      received_.append(buffer, static_cast<size_t>(n));
    }
    return SSL_ERROR_NONE;
  }
  void Close() {
    if (socket_ >= 0) close(socket_);
    socket_ = -1;
  }
  const std::string& received() const { return received_; }

 private:
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
  std::unique_ptr<SSL, void (*)(SSL*)> ssl_;
  int socket_;
  bool connected_ = false;
  std::string received_;
};

class TlsTest : public testing::Test {
 protected:
  TlsTest() : certificate_(MakeCertificate().value()), server_(WithTls()) {}

  Options WithTls() {
    Options options = TestOptions();
    options.tls = true;
    options.tls_certificate_pem = certificate_.certificate_pem;
    options.tls_key_pem = certificate_.key_pem;
    return options;
  }

  const Certificate certificate_;
  TestServer server_;
};

TEST_F(TlsTest, StreamsToAClientThatTrustsTheAuthority) {
  TlsClient client(server_.port(), certificate_.ca_pem, "localhost");
  ASSERT_TRUE(client.connected());
  client.Send(ChatPost(ChatBody("sim/echo", true), "Connection: close\r\n"));
  EXPECT_EQ(client.Read(""), SSL_ERROR_ZERO_RETURN);
  EXPECT_NE(client.received().find("data: [DONE]\n\n"), std::string::npos);
}

TEST_F(TlsTest, ACutHasNoCloseOfTls) {
  TlsClient client(server_.port(), certificate_.ca_pem, "localhost");
  ASSERT_TRUE(client.connected());
  client.Send(ChatPost(ChatBody("sim/cut", true)));
  EXPECT_NE(client.Read(""), SSL_ERROR_ZERO_RETURN);
  EXPECT_EQ(client.received().find("[DONE]"), std::string::npos);
  EXPECT_NE(client.received().find("content"), std::string::npos);
}

TEST_F(TlsTest, NobodyElseIsTrusted) {
  const Certificate other = MakeCertificate().value();
  EXPECT_FALSE(TlsClient(server_.port(), other.ca_pem, "localhost").connected());
  EXPECT_FALSE(TlsClient(server_.port(), certificate_.ca_pem, "example.org").connected());
  EXPECT_TRUE(TlsClient(server_.port(), certificate_.ca_pem, "localhost").connected());
}

TEST_F(TlsTest, AbortsAreSeenThroughTls) {
  TlsClient client(server_.port(), certificate_.ca_pem, "localhost");
  ASSERT_TRUE(client.connected());
  client.Send(ChatPost(ChatBody("sim/story?interval=1h", true)));
  ASSERT_EQ(client.Read("content"), SSL_ERROR_NONE);
  client.Close();
  EXPECT_TRUE(server_.Await([](const nlohmann::json& status) { return status["aborted"] == 1; }));
}

}  // namespace
}  // namespace sparkgate::simulator
