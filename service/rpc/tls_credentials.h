#ifndef SPARKGATE_SERVICE_RPC_TLS_CREDENTIALS_H_
#define SPARKGATE_SERVICE_RPC_TLS_CREDENTIALS_H_

#include <grpcpp/security/server_credentials.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace sparkgate::rpc {

struct CertificatePair {
  std::string certificates;  // PEM
  std::string key;           // PEM
};

// Credentials of a server whose certificate changes while it runs. `next` is asked at each
// handshake, which it holds up: nothing as long as the pair is the one that it gave last. By
// gRPC's threads, one at a time. Connections that exist keep what they have.
std::shared_ptr<grpc::ServerCredentials> MakeTlsCredentials(
    std::function<std::optional<CertificatePair>()> next);

}  // namespace sparkgate::rpc

#endif  // SPARKGATE_SERVICE_RPC_TLS_CREDENTIALS_H_
