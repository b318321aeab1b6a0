#ifndef SPARKGATE_TESTS_SUPPORT_TLS_FILES_H_
#define SPARKGATE_TESTS_SUPPORT_TLS_FILES_H_

#include <string>

#include "tests/support/test_certificates.h"

namespace sparkgate::support {

std::string ReadFile(const std::string& path);

// A certificate and its key under two names, in a folder of their own, and the ways in which people
// and programs replace them. The test's thread only.
class TlsFiles {
 public:
  // Of a certificate with this name.
  explicit TlsFiles(const std::string& common_name);
  // Removes the folder.
  ~TlsFiles();
  TlsFiles(const TlsFiles&) = delete;
  TlsFiles& operator=(const TlsFiles&) = delete;

  const std::string& folder() const { return folder_; }
  std::string certificate() const { return folder_ + "/tls.crt"; }
  std::string key() const { return folder_ + "/tls.key"; }

  // A pair beside the two, to replace them by.
  IdentityFiles Make(const std::string& common_name, IdentityOptions options = {}) const;

  // As `mv` does: another file under the name.
  static void Rename(const std::string& from, const std::string& to);
  // As `cp` does: the same file with other bytes, and none for a moment.
  static void Overwrite(const std::string& from, const std::string& to);
  // As Kubernetes does: each name is a link through `..data`, which is a link to a folder with
  // both, and is replaced whole.
  void SwapLink(const IdentityFiles& pair);

 private:
  std::string folder_;
};

}  // namespace sparkgate::support

#endif  // SPARKGATE_TESTS_SUPPORT_TLS_FILES_H_
