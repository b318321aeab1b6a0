#ifndef SPARKGATE_SERVICE_UPSTREAM_CURL_OPTIONS_H_
#define SPARKGATE_SERVICE_UPSTREAM_CURL_OPTIONS_H_

#include <curl/curl.h>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "base/header_list.h"

namespace sparkgate::upstream {

// --- What the upstream is and what it may take ---------------------------------------------------

struct ClientOptions {
  std::string base_url;  // https://host[:port][/prefix]; as ParseUpstreamUrl takes it
  std::string api_key;   // "": none. Never logged
  // The header that holds it, in lower case: as a bearer token in this one, as it is in any other.
  std::string auth_header = "authorization";
  std::string ca_file;                     // PEM; "": the system's
  std::chrono::seconds ca_cache_time{10};  // after which it is read again
  HeaderList fixed_headers;  // for every request, before the request's own. Values are never logged
  std::string proxy;         // "": none, whatever the environment says
  // The value of Proxy-Authorization, for the proxy alone; "": none. Never logged.
  std::string proxy_authorization;
  std::string user_agent = "sparkgate";
  std::chrono::milliseconds connect_timeout{5000};
  std::chrono::milliseconds linger_time{250};
  size_t linger_bytes = 1024;
  size_t max_header_bytes = 64 * 1024;
  size_t max_bytes_per_turn = 256 * 1024;  // then the transfer waits for the next turn
  // Over plain HTTP, bodies up to this are written together with the head. libcurl can below 64
  // KiB.
  size_t one_piece_bytes = 60 * 1024;
  // Connections that are kept for the next request, and how long if none comes at all. Looked at
  // once a second: a burst may leave more for a moment.
  size_t kept_connections = 64;
  std::chrono::milliseconds kept_time{60'000};
};

// libcurl's receive buffer, and so the largest piece that it hands out.
constexpr long kReceiveBytes = 4096;

// What every request of a client has in common. The rest (URL, method, headers, body, callbacks) is
// set for each.
void ApplyCommonOptions(CURL* easy, const ClientOptions& options);

// --- libcurl's objects and calls -----------------------------------------------------------------

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
using EasyHandle = std::unique_ptr<CURL, EasyDeleter>;

struct MultiDeleter {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
using MultiHandle = std::unique_ptr<CURLM, MultiDeleter>;

// A list of strings that libcurl reads while a transfer runs.
class HeaderSlist {
 public:
  void Append(const std::string& line) {
    curl_slist* const longer = curl_slist_append(list_.get(), line.c_str());
    if (longer == nullptr) std::abort();  // out of memory
    (void)list_.release();                // `longer` begins with it
    list_.reset(longer);
  }
  curl_slist* get() const { return list_.get(); }

 private:
  struct Deleter {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };
  std::unique_ptr<curl_slist, Deleter> list_;
};

// A refused option is a mistake in this program or no memory: nothing sensible can follow.
inline void RequireEasy(CURLcode code, int option) {
  if (code == CURLE_OK) return;
  std::fprintf(stderr, "libcurl refused option %d: %s\n", option, curl_easy_strerror(code));
  std::abort();
}

inline void RequireMulti(CURLMcode code, const char* what) {
  if (code == CURLM_OK) return;
  std::fprintf(stderr, "libcurl failed in %s: %s\n", what, curl_multi_strerror(code));
  std::abort();
}

// curl_easy_setopt reads its last argument as the option's own type whatever was passed: `1` for a
// long is a bug on 64 bits. These three take exactly what libcurl reads.
inline void SetNumber(CURL* easy, CURLoption option, long value) {
  RequireEasy(curl_easy_setopt(easy, option, value), option);
}
inline void SetLarge(CURL* easy, CURLoption option, curl_off_t value) {
  RequireEasy(curl_easy_setopt(easy, option, value), option);
}
// Texts (copied), objects (kept) and callbacks.
template <typename Pointee>
void SetPointer(CURL* easy, CURLoption option, Pointee* value) {
  RequireEasy(curl_easy_setopt(easy, option, value), option);
}

inline long InfoNumber(CURL* easy, CURLINFO info) {
  long value = 0;
  curl_easy_getinfo(easy, info, &value);
  return value;
}
inline curl_off_t InfoLarge(CURL* easy, CURLINFO info) {
  curl_off_t value = 0;
  curl_easy_getinfo(easy, info, &value);
  return value;
}

}  // namespace sparkgate::upstream

#endif  // SPARKGATE_SERVICE_UPSTREAM_CURL_OPTIONS_H_
