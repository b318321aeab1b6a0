#ifndef SPARKGATE_TESTS_SUPPORT_TEST_CERTIFICATES_H_
#define SPARKGATE_TESTS_SUPPORT_TEST_CERTIFICATES_H_

#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace sparkgate::support {

enum class Certificate {
  kRight,      // for localhost and 127.0.0.1
  kWrongHost,  // for another name
  kExpired,
  kUnknownCa,  // signed by an authority that CaFile() does not name
};

struct SslContextDeleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslContext = std::unique_ptr<SSL_CTX, SslContextDeleter>;

// A server's context with a certificate made for this process. Aborts if OpenSSL fails. Any thread.
SslContext MakeServerContext(Certificate kind);

// The PEM file of the throw-away authority, made at the first call; removed when the process ends.
const std::string& CaFile();

// PEM files of a server's certificate for localhost and of its private key, by the same authority.
// Made at each call, in `folder`; the caller's to remove.
struct IdentityFiles {
  std::string certificate;
  std::string key;
};
struct IdentityOptions {
  std::string common_name = "scripted upstream";
  long from_days = -1;  // of its validity, from now
  long to_days = 30;
  bool weak = false;  // a key so short that OpenSSL refuses it
};
IdentityFiles WriteIdentity(const std::string& folder, const std::string& name,
                            const IdentityOptions& options = {});

}  // namespace sparkgate::support

#endif  // SPARKGATE_TESTS_SUPPORT_TEST_CERTIFICATES_H_
