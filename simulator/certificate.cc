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

Cert Describe(EVP_PKEY* key, const char* name) {
  Cert certificate(X509_new());
  if (certificate == nullptr || X509_set_version(certificate.get(), 2) != 1 ||
      !SetRandomSerial(certificate.get())) {
    return nullptr;
  }
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kDay);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 30 * kDay);
  X509_NAME* const subject = X509_get_subject_name(certificate.get());
  if (X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                 reinterpret_cast<const unsigned char*>(name), -1, -1, 0) != 1 ||
      X509_set_pubkey(certificate.get(), key) != 1) {
    return nullptr;
  }
  return certificate;
}

Cert MakeAuthority(EVP_PKEY* key) {
  Cert authority = Describe(key, "sparkgate-sim throw-away authority");
  X509* const x509 = authority.get();
  if (x509 == nullptr || X509_set_issuer_name(x509, X509_get_subject_name(x509)) != 1 ||
      !Extend(x509, x509, NID_basic_constraints, "critical,CA:TRUE") ||
      !Extend(x509, x509, NID_key_usage, "critical,keyCertSign,cRLSign") ||
      !Extend(x509, x509, NID_subject_key_identifier, "hash") ||
      X509_sign(x509, key, EVP_sha256()) == 0) {
    return nullptr;
  }
  return authority;
}

Cert MakeLeaf(EVP_PKEY* key, X509* authority, EVP_PKEY* authority_key) {
  Cert leaf = Describe(key, "localhost");
  X509* const x509 = leaf.get();
  if (x509 == nullptr || X509_set_issuer_name(x509, X509_get_subject_name(authority)) != 1 ||
      !Extend(x509, authority, NID_basic_constraints, "critical,CA:FALSE") ||
      !Extend(x509, authority, NID_key_usage, "critical,digitalSignature") ||
      !Extend(x509, authority, NID_ext_key_usage, "serverAuth") ||
      !Extend(x509, authority, NID_subject_key_identifier, "hash") ||
      !Extend(x509, authority, NID_authority_key_identifier, "keyid") ||
      !Extend(x509, authority, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1") ||
      X509_sign(x509, authority_key, EVP_sha256()) == 0) {
    return nullptr;
  }
  return leaf;
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
  const Cert authority = MakeAuthority(authority_key.get());
  if (authority == nullptr) return std::nullopt;
  const Cert leaf = MakeLeaf(key.get(), authority.get(), authority_key.get());
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
