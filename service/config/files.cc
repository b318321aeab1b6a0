#include "service/config/files.h"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"

namespace sparkgate::config {
namespace {

struct Deleter {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Bio = std::unique_ptr<BIO, Deleter>;
using Certificate = std::unique_ptr<X509, Deleter>;
using Key = std::unique_ptr<EVP_PKEY, Deleter>;

absl::Status Wrong(const std::string& what) { return absl::InvalidArgumentError(what); }

// Of `text` itself, which must outlive it.
Bio Open(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// OpenSSL would ask the terminal otherwise.
int NoPassphrase(char*, int, int, void*) { return -1; }

Certificate NextCertificate(BIO* file) {
  return Certificate(PEM_read_bio_X509(file, nullptr, NoPassphrase, nullptr));
}

}  // namespace

absl::StatusOr<int> OpenRegularFile(const std::string& path) {
  // Without O_NONBLOCK opening a pipe waits for somebody who writes to it.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return Wrong(std::strerror(errno));
  struct stat info = {};
  if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) return fd;
  close(fd);
  return Wrong(S_ISDIR(info.st_mode) ? "Is a directory" : "is not a regular file");
}

absl::StatusOr<std::string> ReadRegularFile(const std::string& path, size_t most_bytes) {
  const absl::StatusOr<int> fd = OpenRegularFile(path);
  if (!fd.ok()) return fd.status();
  struct stat info = {};
  fstat(*fd, &info);
  // Room for a file that grows meanwhile; plain descriptors, since a stream's buffer would keep a
  // second copy of a secret somewhere.
  const size_t expected = static_cast<size_t>(std::max<off_t>(info.st_size, 0));
  std::string text(std::min(expected, most_bytes) + 1, '\0');
  size_t size = 0;
  ssize_t got = 0;
  while (size <= most_bytes) {
    if (size == text.size()) text.resize(std::min(2 * size, most_bytes + 1));
    got = read(*fd, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    size += static_cast<size_t>(got);
  }
  const int error = errno;
  close(*fd);
  if (got < 0) return Wrong(std::strerror(error));
  if (size > most_bytes) return Wrong(absl::StrCat("has more than ", most_bytes, " bytes"));
  text.resize(size);
  return text;
}

absl::Status CheckCertificates(std::string_view pem) {
  const Bio file = Open(pem);
  ERR_clear_error();
  int count = 0;
  while (NextCertificate(file.get())) ++count;
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!at_end) return Wrong(absl::StrCat("certificate ", count + 1, " in it cannot be parsed"));
  if (count == 0) return Wrong("holds no certificate");
  return absl::OkStatus();
}

absl::Status CheckPrivateKey(std::string_view key_pem, std::string_view certificates) {
  const Key key(PEM_read_bio_PrivateKey(Open(key_pem).get(), nullptr, NoPassphrase, nullptr));
  ERR_clear_error();
  if (!key) return Wrong("holds no private key that can be read without a passphrase");
  const Certificate leaf = NextCertificate(Open(certificates).get());
  const bool match = leaf && X509_check_private_key(leaf.get(), key.get()) == 1;
  ERR_clear_error();
  if (!match) return Wrong("is not the key of the first certificate");
  return absl::OkStatus();
}

absl::Time ExpiryOf(std::string_view certificates) {
  const Certificate leaf = NextCertificate(Open(certificates).get());
  tm utc = {};
  if (!leaf || ASN1_TIME_to_tm(X509_get0_notAfter(leaf.get()), &utc) != 1) {
    return absl::InfinitePast();
  }
  return absl::FromTM(utc, absl::UTCTimeZone());
}

}  // namespace sparkgate::config
