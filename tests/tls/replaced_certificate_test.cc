// A certificate that is replaced while the server runs: connections that are made from then on get
// it, and no call notices.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/eventually.h"
#include "tests/support/gate.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/server_process.h"
#include "tests/support/test_certificates.h"

namespace sparkgate::tls {
namespace {

using std::chrono::seconds;
using support::Caller;
using support::ChatRequestBody;
using support::Connection;
using support::RunningCall;
using support::ScriptedUpstream;
using support::ServerProcess;

std::string Read(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void Replace(const std::string& from, const std::string& to) {
  std::ofstream(to + ".new") << Read(from);
  ASSERT_EQ(rename((to + ".new").c_str(), to.c_str()), 0);
}

// What a connection that is made now is shown, as PEM; "" if there is no handshake.
std::string ShownCertificate(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  const support::SslContext context(SSL_CTX_new(TLS_client_method()));
  SSL* const ssl = SSL_new(context.get());
  constexpr unsigned char kHttp2[] = {2, 'h', '2'};
  SSL_set_alpn_protos(ssl, kHttp2, sizeof kHttp2);
  SSL_set_fd(ssl, fd);
  std::string pem;
  if (SSL_connect(ssl) == 1) {
    X509* const certificate = SSL_get1_peer_certificate(ssl);
    BIO* const text = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(text, certificate);
    char* data = nullptr;
    const long size = BIO_get_mem_data(text, &data);
    pem.assign(data, size);
    BIO_free(text);
    X509_free(certificate);
  }
  SSL_free(ssl);
  close(fd);
  return pem;
}

class ReplacedCertificate : public testing::Test {
 protected:
  ReplacedCertificate() {
    EXPECT_NE(mkdtemp(folder_), nullptr);
    one_ = support::WriteIdentity(folder_, "one");
    two_ = support::WriteIdentity(folder_, "two");
    certificate_ = std::string(folder_) + "/cur.pem";
    key_ = std::string(folder_) + "/cur.key";
    Replace(one_.certificate, certificate_);
    Replace(one_.key, key_);
    ServerProcess::Options options;
    options.upstream_url = upstream_.base_url();
    options.flags = {"--tls_cert_file=" + certificate_, "--tls_key_file=" + key_};
    server_ = std::make_unique<ServerProcess>(options);
    trusting_.ca = Read(support::CaFile());
  }
  ~ReplacedCertificate() override {
    server_.reset();
    for (const std::string& path : {one_.certificate, one_.key, two_.certificate, two_.key,
                                    certificate_, key_, std::string(folder_)}) {
      remove(path.c_str());
    }
  }

  bool IsShown(const support::IdentityFiles& identity) {
    return ShownCertificate(server_->port()) == Read(identity.certificate);
  }

  char folder_[64] = "/tmp/sparkgate-certificate-XXXXXX";
  support::IdentityFiles one_, two_;
  std::string certificate_, key_;
  support::Gate go_on_;
  ScriptedUpstream upstream_{[this](Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      if (!support::IsStream(request->body)) {
        connection.Send(support::AnswerTo(request->body, "Hello"));
        continue;
      }
      connection.Send(support::SseHead());
      connection.Send(support::Chunk(support::SseEvent(support::ContentChunk("before"))));
      go_on_.Await();
      connection.Send(support::Chunk(support::SseEvent(support::ContentChunk(" and after")) +
                                     support::SseEvent(support::FinishChunk()) +
                                     support::SseEvent("[DONE]")) +
                      support::LastChunk());
    }
  }};
  std::unique_ptr<ServerProcess> server_;
  support::ChannelOptions trusting_;
};

TEST_F(ReplacedCertificate, IsShownFromThenOnAndNoCallIsLost) {
  Caller early(server_->address(), trusting_);
  RunningCall stream = early.Start(support::Rpc::kStreamChat, ChatRequestBody("early"));
  ASSERT_TRUE(stream.AwaitMessages(1));
  EXPECT_TRUE(IsShown(one_));

  // One after the other, as everybody does it: in between the two do not fit together.
  Replace(two_.key, key_);
  EXPECT_TRUE(IsShown(one_));
  EXPECT_TRUE(Caller(server_->address(), trusting_).Chat(ChatRequestBody("between")).ok());
  Replace(two_.certificate, certificate_);
  EXPECT_TRUE(support::Eventually([&] { return IsShown(two_); }, seconds(10)));

  EXPECT_TRUE(early.Chat(ChatRequestBody("on the old connection")).ok());
  EXPECT_TRUE(Caller(server_->address(), trusting_).Chat(ChatRequestBody("on a new one")).ok());
  go_on_.Open();
  const support::CallResult result = stream.Wait();
  EXPECT_TRUE(result.ok()) << result.Describe();
}

TEST_F(ReplacedCertificate, RubbishIsNotUsed) {
  EXPECT_TRUE(IsShown(one_));
  std::ofstream(certificate_, std::ios::trunc) << "rubbish";
  ASSERT_TRUE(support::Eventually(
      [&] {
        EXPECT_TRUE(IsShown(one_));
        return server_->process().errors().find("holds no certificate") != std::string::npos;
      },
      seconds(10)));
  Replace(two_.key, key_);
  Replace(two_.certificate, certificate_);
  EXPECT_TRUE(support::Eventually([&] { return IsShown(two_); }, seconds(10)));
}

}  // namespace
}  // namespace sparkgate::tls
