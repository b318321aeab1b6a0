#include "tests/support/secrets.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <mutex>
#include <vector>

namespace sparkgate::support {
namespace {

std::mutex* Mutex() {
  static auto* const mutex = new std::mutex;
  return mutex;
}

std::vector<std::string>* Secrets() {
  static auto* const secrets = new std::vector<std::string>{kMadeUpKey, kCanary};
  return secrets;
}

}  // namespace

void NameSecret(std::string secret) {
  std::lock_guard<std::mutex> lock(*Mutex());
  if (std::find(Secrets()->begin(), Secrets()->end(), secret) != Secrets()->end()) return;
  Secrets()->push_back(std::move(secret));
}

void ExpectNoSecret(std::string_view where, std::string_view text) {
  std::lock_guard<std::mutex> lock(*Mutex());
  for (const std::string& secret : *Secrets()) {
    const size_t at = text.find(secret);
    if (at == std::string_view::npos) continue;
    const size_t from = at > 120 ? at - 120 : 0;
    ADD_FAILURE() << "A secret in " << where << ": \xe2\x80\xa6" << text.substr(from, 300)
                  << "\xe2\x80\xa6";
  }
}

std::string WriteSecretFile(const std::string& name, const std::string& text) {
  const std::string path = testing::TempDir() + std::to_string(getpid()) + "_" + name;
  std::ofstream(path, std::ios::binary) << text;
  chmod(path.c_str(), 0600);
  return path;
}

}  // namespace sparkgate::support
