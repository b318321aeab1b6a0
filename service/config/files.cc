#include "service/config/files.h"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

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

absl::StatusOr<Bio> Open(const std::string& path) {
  const absl::StatusOr<int> fd = OpenRegularFile(path);
  if (!fd.ok()) return fd.status();
  return Bio(BIO_new_fd(*fd, BIO_CLOSE));
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

absl::Status CheckCertificates(const std::string& path) {
  const absl::StatusOr<Bio> file = Open(path);
  if (!file.ok()) return file.status();
  ERR_clear_error();
  int count = 0;
  while (NextCertificate(file->get())) ++count;
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!at_end) return Wrong(absl::StrCat("certificate ", count + 1, " in it cannot be parsed"));
  if (count == 0) return Wrong("holds no certificate");
  return absl::OkStatus();
}

absl::Status CheckPrivateKey(const std::string& path, const std::string& certificate_path) {
  const absl::StatusOr<Bio> file = Open(path);
  if (!file.ok()) return file.status();
  const Key key(PEM_read_bio_PrivateKey(file->get(), nullptr, NoPassphrase, nullptr));
  ERR_clear_error();
  if (!key) return Wrong("holds no private key that can be read without a passphrase");
  const absl::StatusOr<Bio> chain = Open(certificate_path);
  if (!chain.ok()) return chain.status();
  const Certificate leaf = NextCertificate(chain->get());
  const bool match = leaf && X509_check_private_key(leaf.get(), key.get()) == 1;
  ERR_clear_error();
  if (!match) return Wrong("is not the key of the first certificate in " + certificate_path);
  return absl::OkStatus();
}

}  // namespace sparkgate::config
