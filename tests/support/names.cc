// A library for LD_PRELOAD: names that a test makes up and moves. $SPARKGATE_TEST_NAMES is a file
// with lines `name address address …`, read at each look-up; all other names are the system's.
#include <dlfcn.h>
#include <netdb.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace {

std::vector<std::string> AddressesOf(const std::string& name) {
  const char* const path = std::getenv("SPARKGATE_TEST_NAMES");
  std::vector<std::string> addresses;
  if (path == nullptr) return addresses;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string word;
    if (!(words >> word) || word != name) continue;
    while (words >> word) addresses.push_back(word);
  }
  return addresses;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) int getaddrinfo(const char* node,
                                                                  const char* service,
                                                                  const addrinfo* hints,
                                                                  addrinfo** result) {
  using Function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "getaddrinfo"));
  const std::vector<std::string> addresses =
      node == nullptr ? std::vector<std::string>() : AddressesOf(node);
  if (addresses.empty()) return real(node, service, hints, result);
  // freeaddrinfo frees entry by entry, so lists may be joined.
  addrinfo** end = result;
  *result = nullptr;
  for (const std::string& address : addresses) {
    const int error = real(address.c_str(), service, hints, end);
    if (error != 0) return error;
    while (*end != nullptr) end = &(*end)->ai_next;
  }
  return 0;
}
