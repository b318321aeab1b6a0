#include "simulator/certificate.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace sparkgate::simulator {
namespace {

template <typename T, void (*kFree)(T*)>
struct Deleter {
  void operator()(T* object) const { kFree(object); }
};
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY, EVP_PKEY_free>>;
using Cert = std::unique_ptr<X509, Deleter<X509, X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION, X509_EXTENSION_free>>;

constexpr long kDay = 24 * 60 * 60;

bool Extend(X509* certificate, X509* issuer, int id, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, id, value));
  return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// Clients remember issuer and number: two certificates must not share them.
bool SetRandomSerial(X509* certificate) {
  uint64_t serial = 0;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial)) != 1) return false;
  return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1) == 1;
}

// X.509 extensions: OpenSSL's number and text of each.
using Extensions = std::vector<std::pair<int, const char*>>;

// A certificate for `key`, signed by `issuer` (null: by itself) with `issuer_key`.
Cert MakeSigned(EVP_PKEY* key, const char* name, X509* issuer, EVP_PKEY* issuer_key,
                const Extensions& extensions) {
  Cert certificate(X509_new());
  X509* const x509 = certificate.get();
  if (x509 == nullptr || X509_set_version(x509, 2) != 1 || !SetRandomSerial(x509)) return nullptr;
  if (issuer == nullptr) issuer = x509;
  X509_gmtime_adj(X509_getm_notBefore(x509), -kDay);
  X509_gmtime_adj(X509_getm_notAfter(x509), 30 * kDay);
  if (X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC,
                                 reinterpret_cast<const unsigned char*>(name), -1, -1, 0) != 1 ||
      X509_set_pubkey(x509, key) != 1 ||
      X509_set_issuer_name(x509, X509_get_subject_name(issuer)) != 1) {
    return nullptr;
  }
  for (const auto& [id, value] : extensions) {
    if (!Extend(x509, issuer, id, value)) return nullptr;
  }
  if (X509_sign(x509, issuer_key, EVP_sha256()) == 0) return nullptr;
  return certificate;
}

template <typename WritePem>
std::string Pem(WritePem write) {
  const std::unique_ptr<BIO, Deleter<BIO, BIO_free_all>> bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || write(bio.get()) != 1) return "";
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

}  // namespace

std::optional<Certificate> MakeCertificate() {
  const Key authority_key(EVP_EC_gen("P-256")), key(EVP_EC_gen("P-256"));
  if (authority_key == nullptr || key == nullptr) return std::nullopt;
  const Cert authority = MakeSigned(authority_key.get(), "sparkgate-sim throw-away authority",
                                    nullptr, authority_key.get(),
                                    {{NID_basic_constraints, "critical,CA:TRUE"},
                                     {NID_key_usage, "critical,keyCertSign,cRLSign"},
                                     {NID_subject_key_identifier, "hash"}});
  if (authority == nullptr) return std::nullopt;
  const Cert leaf = MakeSigned(key.get(), "localhost", authority.get(), authority_key.get(),
                               {{NID_basic_constraints, "critical,CA:FALSE"},
                                {NID_key_usage, "critical,digitalSignature"},
                                {NID_ext_key_usage, "serverAuth"},
                                {NID_subject_key_identifier, "hash"},
                                {NID_authority_key_identifier, "keyid"},
                                {NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1"}});
  if (leaf == nullptr) return std::nullopt;
  Certificate result;
  result.ca_pem = Pem([&](BIO* bio) { return PEM_write_bio_X509(bio, authority.get()); });
  result.certificate_pem = Pem([&](BIO* bio) { return PEM_write_bio_X509(bio, leaf.get()); });
  result.key_pem = Pem([&](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  return result;
}

}  // namespace sparkgate::simulator
