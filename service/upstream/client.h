#ifndef SPARKGATE_SERVICE_UPSTREAM_CLIENT_H_
#define SPARKGATE_SERVICE_UPSTREAM_CLIENT_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "service/event_loop/loop.h"
#include "service/upstream/resolver.h"
#include "service/upstream/transfer.h"

namespace sparkgate::upstream {

struct ClientOptions {
  std::string base_url;  // https://host[:port][/prefix]; checked by ParseBaseUrl
  std::string api_key;   // "": none. Never logged
  // The header that holds it, in lower case: as a bearer token in this one, as it is in any other.
  std::string auth_header = "authorization";
  std::string ca_file;       // PEM; "": the system's
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
  // Connections that are kept for the next request, and how long if none comes at all. Looked at
  // once a second: a burst may leave more for a moment.
  size_t kept_connections = 64;
  std::chrono::milliseconds kept_time{60'000};
};

// The upstream as seen from one loop: its connections, and the rule by which a request is sent
// again. HTTP/1.1, one connection per running request. Lives on the loop's thread, made and
// destroyed there, not inside a call to a sink.
class Client {
 public:
  // `loop` and `resolver` must outlive it.
  Client(event_loop::Loop* loop, const ClientOptions& options, const Resolver* resolver);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Begins a request. The sink is told everything from later turns (never inside Start) and must
  // live until the transfer is destroyed, lingers, or has ended.
  std::unique_ptr<Transfer> Start(Request request, TransferSink* sink);

  struct Counts {
    uint64_t started = 0;
    uint64_t connections = 0;  // made
    uint64_t reused = 0;       // requests on a kept connection
    uint64_t discarded = 0;    // kept connections that were not silent when they were wanted
    uint64_t sent_again = 0;
    uint64_t aborted = 0;
    uint64_t rebuilt = 0;               // after an error of libcurl's multi handle
    uint64_t most_bytes_in_a_turn = 0;  // of one transfer
  };
  Counts counts() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sparkgate::upstream

#endif  // SPARKGATE_SERVICE_UPSTREAM_CLIENT_H_
