#include "service/rpc/tls_credentials.h"

#include <grpc/grpc_security.h>

#include <mutex>
#include <utility>

namespace sparkgate::rpc {
namespace {

// grpc::SslServerCredentials knows no callback, the C library's credentials do.
class TlsCredentials final : public grpc::ServerCredentials {
 public:
  explicit TlsCredentials(std::function<std::optional<CertificatePair>()> next)
      : next_(std::move(next)),
        credentials_(grpc_ssl_server_credentials_create_with_options(
            grpc_ssl_server_credentials_create_options_using_config_fetcher(
                GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE, Fetch, this))) {}
  ~TlsCredentials() override { grpc_server_credentials_release(credentials_); }

  // Nothing here asks who a caller is.
  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  static grpc_ssl_certificate_config_reload_status Fetch(
      void* self, grpc_ssl_server_certificate_config** config) {
    return static_cast<TlsCredentials*>(self)->Fetch(config);
  }

  grpc_ssl_certificate_config_reload_status Fetch(grpc_ssl_server_certificate_config** config) {
    std::lock_guard<std::mutex> lock(mutex_);
    const std::optional<CertificatePair> pair = next_();
    if (!pair) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    const grpc_ssl_pem_key_cert_pair pem{pair->key.c_str(), pair->certificates.c_str()};
    // gRPC 1.51 aborts without certificates to check callers by. No caller is asked for his, so
    // that it does not matter which they are.
    *config = grpc_ssl_server_certificate_config_create(pem.cert_chain, &pem, 1);
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }

  std::mutex mutex_;
  const std::function<std::optional<CertificatePair>()> next_;  // guarded by mutex_
  grpc_server_credentials* const credentials_;
};

}  // namespace

std::shared_ptr<grpc::ServerCredentials> MakeTlsCredentials(
    std::function<std::optional<CertificatePair>()> next) {
  return std::make_shared<TlsCredentials>(std::move(next));
}

}  // namespace sparkgate::rpc
