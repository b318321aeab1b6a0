#ifndef SPARKGATE_TESTS_SUPPORT_TLS_CLIENT_H_
#define SPARKGATE_TESTS_SUPPORT_TLS_CLIENT_H_

#include <openssl/ssl.h>

#include <memory>
#include <string>

// A TLS client that is none of gRPC's: OpenSSL itself.
namespace sparkgate::support {

struct SslSessionDeleter {
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using SslSession = std::unique_ptr<SSL_SESSION, SslSessionDeleter>;

struct Handshake {
  std::string peer;  // the common name of the server's certificate; "" if the handshake failed
  bool resumed = false;
  SslSession session;  // to offer it the next time; null if the server gave none
};

// Connects to 127.0.0.1, offers HTTP/2 and TLS 1.2 or later, checks the server against CaFile(),
// reads what it says first, and closes. Any thread.
Handshake ShakeHands(int port, SSL_SESSION* offered = nullptr);

// Its peer.
std::string PeerName(int port);

}  // namespace sparkgate::support

#endif  // SPARKGATE_TESTS_SUPPORT_TLS_CLIENT_H_
