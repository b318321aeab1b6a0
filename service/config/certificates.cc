#include "service/config/certificates.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <ctime>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "service/config/secrets.h"

namespace sparkgate::config {
namespace {

// A chain takes a few KiB; a file that is far from it is another file.
constexpr size_t kMostBytes = 1 << 20;

// Subjects are the issuer's to choose, and may be long.
constexpr size_t kMostNameBytes = 200;

struct Deleter {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(BIGNUM* number) const { BN_free(number); }
};
using Bio = std::unique_ptr<BIO, Deleter>;
using Certificate = std::unique_ptr<X509, Deleter>;
using Key = std::unique_ptr<EVP_PKEY, Deleter>;
using SslContext = std::unique_ptr<SSL_CTX, Deleter>;
using Number = std::unique_ptr<BIGNUM, Deleter>;

absl::Status Wrong(const std::string& what) { return absl::InvalidArgumentError(what); }

Bio Reader(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string WrittenTo(const Bio& bio) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, size > 0 ? size : 0);
}

// OpenSSL would ask the terminal otherwise.
int NoPassphrase(char*, int, int, void*) { return -1; }

Certificate NextCertificate(BIO* file) {
  return Certificate(PEM_read_bio_X509(file, nullptr, NoPassphrase, nullptr));
}

absl::Status CheckCertificates(BIO* file) {
  ERR_clear_error();
  int count = 0;
  while (NextCertificate(file)) ++count;
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!at_end) return Wrong(absl::StrCat("certificate ", count + 1, " in it cannot be parsed"));
  if (count == 0) return Wrong("holds no certificate");
  return absl::OkStatus();
}

// gRPC takes text that ends at the first NUL. A file that is being written may hold some.
absl::StatusOr<std::string> ReadPem(const std::string& path) {
  absl::StatusOr<std::string> text = ReadRegularFile(path, kMostBytes);
  if (text.ok() && text->find('\0') != std::string::npos) return Wrong("holds a NUL byte");
  return text;
}

absl::Status CheckAsServers(X509* certificate) {
  const SslContext context(SSL_CTX_new(TLS_server_method()));
  if (context && SSL_CTX_use_certificate(context.get(), certificate) == 1) return absl::OkStatus();
  const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return Wrong(absl::StrCat("is refused by OpenSSL: ", reason == nullptr ? "unknown" : reason));
}

absl::Time TimeOf(const ASN1_TIME* time) {
  std::tm fields = {};
  if (ASN1_TIME_to_tm(time, &fields) != 1) return absl::InfinitePast();
  return absl::FromTimeT(timegm(&fields));
}

// Control and non-ASCII characters come escaped.
std::string SubjectOf(const X509* certificate) {
  const Bio out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  return WrittenTo(out).substr(0, kMostNameBytes);
}

std::string SerialOf(X509* certificate) {
  const Number number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr));
  const Bio out(BIO_new(BIO_s_mem()));
  if (number) BN_print(out.get(), number.get());
  return absl::AsciiStrToLower(WrittenTo(out));
}

std::string NameOf(X509* certificate) {
  const std::string subject = SubjectOf(certificate);
  return absl::StrCat(subject, subject.empty() ? "" : ", ", "serial ", SerialOf(certificate));
}

}  // namespace

absl::Status CheckCertificates(const std::string& path) {
  const absl::StatusOr<int> fd = OpenRegularFile(path);
  if (!fd.ok()) return fd.status();
  return CheckCertificates(Bio(BIO_new_fd(*fd, BIO_CLOSE)).get());
}

absl::StatusOr<CertificateChain> ReadCertificateChain(const std::string& path) {
  absl::StatusOr<std::string> pem = ReadPem(path);
  if (!pem.ok()) return pem.status();
  const absl::Status parsed = CheckCertificates(Reader(*pem).get());
  if (!parsed.ok()) return parsed;
  const Certificate own = NextCertificate(Reader(*pem).get());
  const absl::Status usable = CheckAsServers(own.get());
  if (!usable.ok()) return usable;
  return CertificateChain{path, *std::move(pem), NameOf(own.get()),
                          TimeOf(X509_get0_notBefore(own.get())),
                          TimeOf(X509_get0_notAfter(own.get()))};
}

absl::StatusOr<std::string> ReadPrivateKey(const std::string& path, const CertificateChain& chain) {
  absl::StatusOr<std::string> pem = ReadPem(path);
  if (!pem.ok()) return pem.status();
  const Key key(PEM_read_bio_PrivateKey(Reader(*pem).get(), nullptr, NoPassphrase, nullptr));
  ERR_clear_error();
  if (!key) return Wrong("holds no private key that can be read without a passphrase");
  const Certificate own = NextCertificate(Reader(chain.pem).get());
  const bool match = own && X509_check_private_key(own.get(), key.get()) == 1;
  ERR_clear_error();
  if (!match) return Wrong("is not the key of the first certificate in " + chain.path);
  return pem;
}

std::string ValidityProblem(const CertificateChain& chain, absl::Time now) {
  if (now > chain.not_after) return "expired at " + TimeText(chain.not_after);
  if (now < chain.not_before) return "is not valid before " + TimeText(chain.not_before);
  return "";
}

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

}  // namespace sparkgate::config
