#include "tests/support/secrets.h"

#include <gtest/gtest.h>

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

}  // namespace sparkgate::support
