#ifndef SPARKGATE_SERVICE_UPSTREAM_CURL_CLIENT_H_
#define SPARKGATE_SERVICE_UPSTREAM_CURL_CLIENT_H_

#include <curl/curl.h>

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "base/url.h"
#include "service/event_loop/loop.h"
#include "service/upstream/curl_options.h"
#include "service/upstream/curl_transfer.h"
#include "service/upstream/resolver.h"
#include "service/upstream/socket_tracker.h"
#include "service/upstream/transfer.h"

namespace sparkgate::upstream {

// The upstream as one loop sees it: a curl multi handle that the loop drives, the attempts in it,
// and the connections that it keeps. HTTP/1.1, one connection for each running request. Made, used
// and destroyed on the loop's thread, and not destroyed inside a call to a sink.
//
// The one rule of re-entrancy: libcurl must not be called from its own callbacks, and callbacks
// call sinks, which may do anything. While `in_curl_` is set, an attempt that is to end is only
// marked and removed when libcurl has returned (`removals_`), and a transfer that is to begin, to
// go on or to be told its end does so in the loop's next turn (`steps_`).
class CurlClient : public event_loop::FdHandler {
 public:
  // `loop` and `resolver` must outlive it; `resolver` may be null.
  CurlClient(event_loop::Loop* loop, const ClientOptions& options, const Resolver* resolver);
  ~CurlClient() override;
  CurlClient(const CurlClient&) = delete;
  CurlClient& operator=(const CurlClient&) = delete;

  // Begins a request. The sink is told everything from later turns (never inside Start) and must
  // live until the transfer is destroyed, lingers, or has ended. A transfer that outlives the
  // client hears nothing more; it may only be destroyed.
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
  const Counts& counts() const { return counts_; }

  // Moments for tests to step in: after a kept or fresh connection was checked and before anything
  // is written to it; and before a piece of the body is handed out, when the head has been written.
  std::function<void(int fd)> after_check_for_test;
  std::function<void()> before_body_for_test;
  // What libcurl's multi interface is to have said instead of what it did.
  std::function<CURLMcode(CURLMcode)> multi_result_for_test;

 private:
  friend class Attempt;
  friend class CurlTransfer;

  // libcurl's callbacks of the multi handle, and of connections, which outlive their attempts.
  static int OnSocket(CURL* easy, curl_socket_t fd, int what, void* client, void* unused);
  static int OnTimer(CURLM* multi, long ms, void* client);
  static int OnCloseSocket(void* client, curl_socket_t fd);

  // The loop's calls into libcurl.
  void OnReady(int fd, uint32_t epoll_events) override;
  void Drive(int fd, int curl_events);
  void AfterCurl();
  void ReadMessages();

  // Easy handles. One that served an attempt to its good end serves another: making one, and what
  // all have in common, costs more than a small request.
  EasyHandle TakeEasyHandle();
  void KeepEasyHandle(EasyHandle easy);

  // An attempt in libcurl's hands.
  void Add(std::unique_ptr<Attempt> attempt);
  void Remove(Attempt* attempt);  // now: not while libcurl runs
  void Abort(Attempt* attempt);   // its connection is reset; at once, or when libcurl has returned
  void Unpause(Attempt* attempt);

  void PostStep(CurlTransfer* transfer);
  void DropStep(CurlTransfer* transfer);
  void RunSteps();

  // Kept connections.
  void OnTick();
  void TrimKept();
  void CloseEnded();

  // The multi handle and its failures.
  void MakeMulti();
  // False if libcurl failed; then all its attempts have ended, and the multi handle is a new one.
  bool Succeeded(CURLMcode code);
  void Rebuild(CURLMcode code);

  event_loop::Loop* const loop_;
  const ClientOptions options_;
  const Resolver* const resolver_;
  Url url_;
  std::string url_fault_;  // why there is none
  // The proxy's own header, in CONNECT or in a request that it forwards. We write it ourselves:
  // CURLOPT_PROXYUSERNAME and CURLOPT_PROXYPASSWORD are percent-decoded by libcurl 7.88.
  HeaderSlist proxy_headers_;

  MultiHandle multi_;
  SocketTracker sockets_;
  event_loop::Timer curl_timer_;
  event_loop::Timer tick_;                            // libcurl 7.88 loses a wake-up now and then
  event_loop::Loop::Clock::time_point idle_since_{};  // no attempt since then

  std::vector<EasyHandle> spare_handles_;
  std::list<std::unique_ptr<Attempt>> attempts_;
  bool in_curl_ = false;
  std::vector<Attempt*> removals_;
  std::vector<CurlTransfer*> steps_;  // null: dropped
  bool steps_posted_ = false;
  std::shared_ptr<CurlClient*> self_;  // guards the posted steps against a client that is gone
  Counts counts_;
};

}  // namespace sparkgate::upstream

#endif  // SPARKGATE_SERVICE_UPSTREAM_CURL_CLIENT_H_
