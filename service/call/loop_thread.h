#ifndef SPARKGATE_SERVICE_CALL_LOOP_THREAD_H_
#define SPARKGATE_SERVICE_CALL_LOOP_THREAD_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <unordered_map>

#include "service/call/call.h"
#include "service/call/response_writer.h"
#include "service/call/worker_pool.h"
#include "service/event_loop/loop.h"
#include "service/upstream/curl_client.h"
#include "service/upstream/resolver.h"

namespace sparkgate::call {

// A loop on a thread of its own, with its calls and its connections to the upstream.
//
// Made and destroyed by the server; Post and OnThisThread may be used from any thread, the
// rest is for the loop's thread. All calls must be over before it is destroyed.
class LoopThread {
 public:
  // Called when a call is over in every respect, after it was destroyed.
  using OnOver = std::function<void(const CallSummary& summary)>;

  // The three must outlive it.
  LoopThread(const upstream::ClientOptions& client, const upstream::Resolver* resolver,
             WorkerPool* workers);
  ~LoopThread();

  void Post(event_loop::Loop::Task task) { loop_.Post(std::move(task)); }
  bool OnThisThread() const { return loop_.OnThisThread(); }

  // Makes a call; it belongs to the loop until `on_over`. The caller tells it OnStarted. `writer`
  // and `limits` must outlive it.
  Call* Add(ResponseWriter* writer, const CallLimits& limits, CallRequest request, OnOver on_over);

  // Tells every call that the server ends, those that are still added included.
  void DrainCalls();

 private:
  class Entry;

  // Behind a peak: memory that was freed goes back to the system.
  void TidyUpBehindPeak();

  WorkerPool* const workers_;
  event_loop::Loop loop_;
  std::unique_ptr<upstream::CurlClient> client_;                  // lives on the loop's thread
  std::unordered_map<uint64_t, std::unique_ptr<Entry>> entries_;  // by id
  size_t most_entries_ = 0;                                       // since they were last few
  uint64_t next_id_ = 1;
  bool draining_ = false;
  std::thread thread_;
};

}  // namespace sparkgate::call

#endif  // SPARKGATE_SERVICE_CALL_LOOP_THREAD_H_
