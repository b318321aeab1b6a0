#ifndef SPARKGATE_SERVICE_UPSTREAM_POOL_H_
#define SPARKGATE_SERVICE_UPSTREAM_POOL_H_

#include <curl/curl.h>

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "service/event_loop/loop.h"
#include "service/upstream/base_url.h"
#include "service/upstream/client.h"
#include "service/upstream/curl_wrappers.h"
#include "service/upstream/job.h"
#include "service/upstream/socket_tracker.h"

namespace sparkgate::upstream {

// The inside of Client: one curl multi handle, driven by the loop, and the jobs in it.
//
// libcurl must not be called from its own callbacks, and callbacks call the sinks, which may ask
// for anything. So a wish that comes while libcurl runs is noted and acted on when libcurl has
// returned (removals) or in the next turn's inbox (steps: resuming, telling an end that was held
// back). Ends are told to sinks outside libcurl, after the job is gone.
class Pool : public event_loop::FdHandler {
 public:
  Pool(event_loop::Loop* loop, const ClientOptions& options, const Resolver* resolver);
  ~Pool() override;

  std::unique_ptr<Transfer> Start(Request request, TransferSink* sink);
  Client::Counts counts() const;

  // What a handle asks for.
  void Abandon(Job* job);
  void Pause(Job* job);
  void Resume(Job* job);
  void Linger(Job* job, bool dirty);

  // Moments for tests to step in: after a kept or fresh connection was checked and before anything
  // is written to it; and before a piece of the body is handed out, when the head has been written.
  std::function<void(int fd)> after_check_for_test;
  std::function<void()> before_body_for_test;
  // What libcurl's multi interface is to have said instead of what it did.
  std::function<CURLMcode(CURLMcode)> multi_result_for_test;

 private:
  friend struct JobCallbacks;

  void OnReady(int fd, uint32_t epoll_events) override;
  static int OnSocket(CURL* easy, curl_socket_t fd, int what, void* pool, void* unused);
  static int OnTimer(CURLM* multi, long ms, void* pool);
  static int OnCloseSocket(void* pool, curl_socket_t fd);
  static curl_socket_t RefuseSocket(void*, curlsocktype, curl_sockaddr*);

  void MakeMulti();
  void Drive(int fd, int curl_events);
  // False if libcurl failed; then all its transfers have ended, and the multi handle is a new one.
  bool Succeeded(CURLMcode code);
  void Rebuild(CURLMcode code);
  void OnTick();
  void TrimKept();
  void CloseEnded();
  void AfterCurl();
  void ReadMessages();

  void Begin(Job* job, bool fresh_connection);
  bool PrepareRequest(Job* job, bool fresh_connection);
  std::optional<std::string> AddressEntry(Job* job);
  bool TryNextAddress(Job* job, const AttemptFacts& facts, bool answered);
  void Refuse(Job* job, TransferEnd::How how, std::string detail);
  void Finish(Job* job, CURLcode code);
  void Notify(Job* job, TransferEnd end);

  void RemoveEasy(Job* job);
  void Abort(Job* job);
  void MarkForRemoval(Job* job);
  void Erase(Job* job);
  void Detach(Job* job);

  void AskForStep(Job* job);
  void RunSteps();
  void RunStep(Job* job);
  void ApplyPause(Job* job);
  bool HadItsShare(const Job& job) const;
  void CountBytes(Job* job, size_t count);

  event_loop::Loop* const loop_;
  const ClientOptions options_;
  const Resolver* const resolver_;
  BaseUrl url_;
  std::string url_fault_;  // why there is none
  // The proxy's own header, in CONNECT or in a request that it forwards. We write it ourselves:
  // CURLOPT_PROXYUSERNAME and CURLOPT_PROXYPASSWORD are percent-decoded by libcurl 7.88.
  HeaderSlist proxy_headers_;

  MultiHandle multi_;
  SocketTracker sockets_;
  event_loop::Timer curl_timer_;
  event_loop::Timer tick_;  // libcurl 7.88 loses a wake-up now and then
  std::list<std::unique_ptr<Job>> jobs_;
  std::vector<Job*> removals_;
  std::vector<Job*> steps_;
  bool in_curl_ = false;
  bool step_posted_ = false;
  event_loop::Loop::Clock::time_point idle_since_{};  // no job since then
  // Guards the posted steps against a pool that is gone.
  std::shared_ptr<Pool*> self_;
  Client::Counts counts_;
};

}  // namespace sparkgate::upstream

#endif  // SPARKGATE_SERVICE_UPSTREAM_POOL_H_
