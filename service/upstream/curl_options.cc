#include "service/upstream/curl_options.h"

#include <unistd.h>

#include <string>

namespace sparkgate::upstream {
namespace {

struct NumberOption {
  CURLoption option;
  long value;
};

// No TIMEOUT_MS and no LOW_SPEED: the timers are the call's, so that CURLE_OPERATION_TIMEDOUT can
// only mean the connection. No ACCEPT_ENCODING: libcurl must decode nothing. Redirects, cookies and
// netrc are off by default.
constexpr NumberOption kNumbers[] = {
    {CURLOPT_NOSIGNAL, 1},
    {CURLOPT_QUICK_EXIT, 1},  // never wait for a look-up when a transfer is removed
    {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
    {CURLOPT_FOLLOWLOCATION, 0},
    {CURLOPT_SSL_VERIFYPEER, 1},
    {CURLOPT_SSL_VERIFYHOST, 2},
    {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},  // and later
    {CURLOPT_SSL_SESSIONID_CACHE, 0},               // each connection checks the certificate anew
    {CURLOPT_BUFFERSIZE, kReceiveBytes},
    {CURLOPT_UPLOAD_BUFFERSIZE, 16 * 1024},  // the least there is; held as long as the transfer
    {CURLOPT_MAXAGE_CONN, 30},               // servers close idle connections after 5 to 75 s
    {CURLOPT_MAXLIFETIME_CONN, 600},         // so that a change of the name's addresses reaches us
    {CURLOPT_TCP_KEEPALIVE, 1},
    {CURLOPT_TCP_KEEPIDLE, 30},
    {CURLOPT_TCP_KEEPINTVL, 30},
    {CURLOPT_SUPPRESS_CONNECT_HEADERS, 1},     // a proxy's answer is no response
    {CURLOPT_HEADEROPT, CURLHEADER_SEPARATE},  // CONNECT has none of the upstream's headers
};

// The file that libcurl was built to trust; "" if there was none when this was first asked.
const std::string& SystemCaFile() {
  static const std::string file = [] {
    const char* const path = curl_version_info(CURLVERSION_NOW)->cainfo;
    return path != nullptr && access(path, R_OK) == 0 ? std::string(path) : std::string();
  }();
  return file;
}

// These and no others: by default libcurl also trusts those of a folder of the system's. Without
// one it keeps what it has read of the file, for all connections. Read for each of them, the
// system's authorities would take 0.8 MiB, and hold the loop up for some milliseconds, each time.
// Not for long, so that the file may be replaced.
void SetAuthorities(CURL* easy, const ClientOptions& options) {
  const std::string& file = options.ca_file.empty() ? SystemCaFile() : options.ca_file;
  if (file.empty()) return;
  SetPointer(easy, CURLOPT_CAINFO, file.c_str());
  SetPointer<const char>(easy, CURLOPT_CAPATH, nullptr);
  SetNumber(easy, CURLOPT_CA_CACHE_TIMEOUT, static_cast<long>(options.ca_cache_time.count()));
  // Of a proxy that is called by https too.
  SetPointer(easy, CURLOPT_PROXY_CAINFO, file.c_str());
  SetPointer<const char>(easy, CURLOPT_PROXY_CAPATH, nullptr);
}

}  // namespace

void ApplyCommonOptions(CURL* easy, const ClientOptions& options) {
  for (const NumberOption& number : kNumbers) SetNumber(easy, number.option, number.value);
  SetPointer(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  SetPointer(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  SetPointer(easy, CURLOPT_PROXY, options.proxy.c_str());  // "": not the environment's either
  SetPointer(easy, CURLOPT_NOPROXY, "");
  SetPointer(easy, CURLOPT_USERAGENT, options.user_agent.c_str());
  SetAuthorities(easy, options);
}

}  // namespace sparkgate::upstream
