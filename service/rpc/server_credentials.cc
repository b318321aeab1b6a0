#include "service/rpc/server_credentials.h"

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/support/log.h>

#include <string>
#include <utility>

namespace sparkgate::rpc {
namespace {

// gRPC's C++ layer has no credentials that ask for their certificate; its C layer has. The C object
// is counted: a server holds it as long as this one does, and the source with it, because gRPC's
// server holds this object, and no connection is handed over once that is gone.
class TlsCredentials final : public grpc::ServerCredentials {
 public:
  explicit TlsCredentials(KeyPairSource source)
      : source_(std::move(source)),
        credentials_(grpc_ssl_server_credentials_create_with_options(
            grpc_ssl_server_credentials_create_options_using_config_fetcher(
                GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE, &Fetch, this))) {}
  ~TlsCredentials() override { grpc_server_credentials_release(credentials_); }

  // Callers are not authenticated, and nobody here sets a processor.
  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {
    GPR_ASSERT(false);
  }

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  // gRPC takes `config` over. Contrary to its header, 1.51 must be given authorities for callers'
  // certificates: an assertion fails otherwise, if it was built with them. Any certificate that can
  // be parsed will do, because callers are not asked for theirs.
  static grpc_ssl_certificate_config_reload_status Fetch(
      void* self, grpc_ssl_server_certificate_config** config) {
    const auto pair = static_cast<TlsCredentials*>(self)->source_();
    if (!pair) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    const grpc_ssl_pem_key_cert_pair pem = {pair->private_key.c_str(), pair->cert_chain.c_str()};
    *config = grpc_ssl_server_certificate_config_create(pem.cert_chain, &pem, 1);
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }

  const KeyPairSource source_;
  grpc_server_credentials* const credentials_;
};

}  // namespace

std::shared_ptr<grpc::ServerCredentials> MakeTlsCredentials(KeyPairSource source) {
  return std::make_shared<TlsCredentials>(std::move(source));
}

}  // namespace sparkgate::rpc
