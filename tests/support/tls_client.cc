#include "tests/support/tls_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "tests/support/gate.h"
#include "tests/support/test_certificates.h"

namespace sparkgate::support {
namespace {

struct SslDeleter {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
struct X509Deleter {
  void operator()(X509* certificate) const { X509_free(certificate); }
};

int Connect(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience = {kPatience.count() / 1000, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

SslContext ClientContext() {
  SslContext context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_load_verify_locations(context.get(), CaFile().c_str(), nullptr);
  constexpr unsigned char kHttp2[] = {2, 'h', '2'};
  SSL_CTX_set_alpn_protos(context.get(), kHttp2, sizeof kHttp2);
  return context;
}

std::string CommonName(SSL* ssl) {
  const std::unique_ptr<X509, X509Deleter> certificate(SSL_get1_peer_certificate(ssl));
  if (!certificate) return "";
  char name[256] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name,
                            sizeof name);
  return name;
}

}  // namespace

Handshake ShakeHands(int port, SSL_SESSION* offered) {
  Handshake handshake;
  const int fd = Connect(port);
  if (fd < 0) return handshake;
  const SslContext context = ClientContext();
  const std::unique_ptr<SSL, SslDeleter> ssl(SSL_new(context.get()));
  SSL_set_fd(ssl.get(), fd);
  if (offered != nullptr) SSL_set_session(ssl.get(), offered);
  // A server's tickets come behind the handshake, before its first bytes.
  char settings[64];
  if (SSL_connect(ssl.get()) == 1 && SSL_read(ssl.get(), settings, sizeof settings) > 0) {
    handshake.peer = CommonName(ssl.get());
    handshake.resumed = SSL_session_reused(ssl.get()) == 1;
    handshake.session.reset(SSL_get1_session(ssl.get()));
    SSL_shutdown(ssl.get());  // otherwise OpenSSL would not offer the session again
  }
  close(fd);
  return handshake;
}

std::string PeerName(int port) { return ShakeHands(port).peer; }

}  // namespace sparkgate::support
