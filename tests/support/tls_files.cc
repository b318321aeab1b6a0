#include "tests/support/tls_files.h"

#include <stdlib.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace sparkgate::support {

namespace fs = std::filesystem;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TlsFiles::TlsFiles(const std::string& common_name) {
  const char* const parent = std::getenv("TEST_TMPDIR");
  folder_ = std::string(parent != nullptr ? parent : "/tmp") + "/tls-XXXXXX";
  if (mkdtemp(folder_.data()) == nullptr) {
    std::perror("mkdtemp");
    std::abort();
  }
  const IdentityFiles pair = Make(common_name);
  Rename(pair.certificate, certificate());
  Rename(pair.key, key());
}

TlsFiles::~TlsFiles() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

IdentityFiles TlsFiles::Make(const std::string& common_name, IdentityOptions options) const {
  options.common_name = common_name;
  return WriteIdentity(folder_, common_name, options);
}

void TlsFiles::Rename(const std::string& from, const std::string& to) { fs::rename(from, to); }

void TlsFiles::Overwrite(const std::string& from, const std::string& to) {
  const std::string text = ReadFile(from);
  std::ofstream(to, std::ios::binary | std::ios::trunc) << text;
}

void TlsFiles::SwapLink(const IdentityFiles& pair) {
  const fs::path folder = folder_;
  const fs::path data = folder / "..data";
  const fs::path old_data = fs::is_symlink(data) ? fs::read_symlink(data) : fs::path();
  std::string made = folder_ + "/..2026_XXXXXX";
  const fs::path fresh = mkdtemp(made.data());
  Rename(pair.certificate, fresh / "tls.crt");
  Rename(pair.key, fresh / "tls.key");
  fs::create_directory_symlink(fresh.filename(), folder / "..data_tmp");
  Rename(folder / "..data_tmp", data);
  for (const char* name : {"tls.crt", "tls.key"}) {
    if (fs::is_symlink(folder / name)) continue;
    fs::create_symlink(fs::path("..data") / name, folder / "link_tmp");
    Rename(folder / "link_tmp", folder / name);
  }
  if (!old_data.empty()) fs::remove_all(folder / old_data);
}

}  // namespace sparkgate::support
