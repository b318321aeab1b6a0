#include "tests/support/test_certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace sparkgate::support {
namespace {

constexpr long kDay = 24 * 60 * 60;

void Require(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "test certificates: %s failed\n", what);
  std::abort();
}

struct KeyDeleter {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct X509Deleter {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Key = std::unique_ptr<EVP_PKEY, KeyDeleter>;
using X509Ptr = std::unique_ptr<X509, X509Deleter>;

struct Identity {
  Key key;
  X509Ptr certificate;
};

void AddExtension(X509* certificate, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  Require(extension != nullptr, "X509V3_EXT_conf_nid");
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

X509Ptr Unsigned(EVP_PKEY* key, const char* name, long serial, long from_days, long to_days) {
  X509Ptr certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), from_days * kDay);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), to_days * kDay);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  return certificate;
}

Identity MakeCa(const char* name, long serial) {
  Identity ca;
  ca.key.reset(EVP_EC_gen("P-256"));
  Require(ca.key != nullptr, "EVP_EC_gen");
  ca.certificate = Unsigned(ca.key.get(), name, serial, -1, 30);
  X509* certificate = ca.certificate.get();
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  AddExtension(certificate, NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
  Require(X509_sign(certificate, ca.key.get(), EVP_sha256()) > 0, "X509_sign");
  return ca;
}

Identity MakeServer(const Identity& ca, const IdentityOptions& options, long serial,
                    const char* alternative_names = "DNS:localhost,IP:127.0.0.1") {
  Identity server;
  server.key.reset(options.weak ? EVP_RSA_gen(1024) : EVP_EC_gen("P-256"));
  Require(server.key != nullptr, "making a key");
  server.certificate = Unsigned(server.key.get(), options.common_name.c_str(), serial,
                                options.from_days, options.to_days);
  X509* certificate = server.certificate.get();
  X509_set_issuer_name(certificate, X509_get_subject_name(ca.certificate.get()));
  AddExtension(certificate, NID_subject_alt_name, alternative_names);
  Require(X509_sign(certificate, ca.key.get(), EVP_sha256()) > 0, "X509_sign");
  return server;
}

Identity MakeServer(const Identity& ca, Certificate kind) {
  IdentityOptions options;
  if (kind == Certificate::kExpired) options.from_days = -20;
  if (kind == Certificate::kExpired) options.to_days = -10;
  const long serial = 100 + static_cast<long>(kind);
  if (kind != Certificate::kWrongHost) return MakeServer(ca, options, serial);
  return MakeServer(ca, options, serial, "DNS:elsewhere.invalid");
}

// The authorities of this process, and the file that names the known one.
struct Authorities {
  Authorities() : known(MakeCa("test authority", 1)), unknown(MakeCa("stranger", 2)) {
    const char* dir = std::getenv("TEST_TMPDIR");
    ca_file = std::string(dir == nullptr ? "/tmp" : dir) + "/sparkgate-ca-XXXXXX";
    const int fd = mkstemp(ca_file.data());
    Require(fd >= 0, "mkstemp");
    FILE* file = fdopen(fd, "w");
    Require(PEM_write_X509(file, known.certificate.get()) == 1, "PEM_write_X509");
    std::fclose(file);
  }
  ~Authorities() { unlink(ca_file.c_str()); }

  Identity known;
  Identity unknown;
  std::string ca_file;
};

const Authorities& Shared() {
  static const Authorities authorities;
  return authorities;
}

}  // namespace

const std::string& CaFile() { return Shared().ca_file; }

IdentityFiles WriteIdentity(const std::string& folder, const std::string& name,
                            const IdentityOptions& options) {
  static std::atomic<long> serial{1000};
  const Identity server = MakeServer(Shared().known, options, ++serial);
  const IdentityFiles files = {folder + "/" + name + ".crt", folder + "/" + name + ".key"};
  FILE* const certificate = std::fopen(files.certificate.c_str(), "w");
  FILE* const key = std::fopen(files.key.c_str(), "w");
  Require(certificate != nullptr && key != nullptr, "fopen");
  Require(PEM_write_X509(certificate, server.certificate.get()) == 1, "PEM_write_X509");
  Require(PEM_write_PrivateKey(key, server.key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1,
          "PEM_write_PrivateKey");
  std::fclose(certificate);
  std::fclose(key);
  return files;
}

SslContext MakeServerContext(Certificate kind) {
  const Authorities& authorities = Shared();
  const bool stranger = kind == Certificate::kUnknownCa;
  const Identity server = MakeServer(stranger ? authorities.unknown : authorities.known, kind);
  SslContext context(SSL_CTX_new(TLS_server_method()));
  Require(context != nullptr, "SSL_CTX_new");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  Require(SSL_CTX_use_certificate(context.get(), server.certificate.get()) == 1, "certificate");
  Require(SSL_CTX_use_PrivateKey(context.get(), server.key.get()) == 1, "private key");
  return context;
}

}  // namespace sparkgate::support
