#ifndef SPARKGATE_SERVICE_RPC_SERVER_CREDENTIALS_H_
#define SPARKGATE_SERVICE_RPC_SERVER_CREDENTIALS_H_

#include <grpcpp/security/server_credentials.h>

#include <functional>
#include <memory>
#include <optional>

namespace sparkgate::rpc {

// A certificate and its key as PEM; nullopt: the last one still holds. The first call, when the
// server is built, must give one. gRPC asks again before each handshake, on the thread that hands
// the connection over, which waits for the answer.
using KeyPairSource =
    std::function<std::optional<grpc::SslServerCredentialsOptions::PemKeyCertPair>()>;

// TLS for callers, who are asked for no certificate. A new pair is for the handshakes from then on;
// connections that are open keep theirs. A session of an earlier pair is not resumed.
//
// Connections must be handed over by one thread (the acceptor's): gRPC 1.51 frees what it has made
// of the old pair while another thread that begins a handshake may be about to use it.
std::shared_ptr<grpc::ServerCredentials> MakeTlsCredentials(KeyPairSource source);

}  // namespace sparkgate::rpc

#endif  // SPARKGATE_SERVICE_RPC_SERVER_CREDENTIALS_H_
