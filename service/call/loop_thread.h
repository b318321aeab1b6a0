#ifndef SPARKGATE_SERVICE_CALL_LOOP_THREAD_H_
#define SPARKGATE_SERVICE_CALL_LOOP_THREAD_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <unordered_map>

#include "service/call/call.h"
#include "service/call/call_loop.h"
#include "service/call/worker_pool.h"
#include "service/event_loop/loop.h"
#include "service/upstream/curl_client.h"
#include "service/upstream/resolver.h"

namespace sparkgate::call {

// A loop on a thread of its own, with its calls and its connections to the upstream.
//
// Made and destroyed by the server; Post, OnThisThread and calls() may be used from any thread, the
// rest is for the loop's thread. All calls must be over before it is destroyed.
class LoopThread final : public CallLoop {
 public:
  // Called when a call is over in every respect, after it was destroyed.
  using OnOver = std::function<void(const CallSummary& summary)>;

  // The three must outlive it.
  LoopThread(const upstream::ClientOptions& client, const upstream::Resolver* resolver,
             WorkerPool* workers);
  ~LoopThread() override;

  void Post(event_loop::Loop::Task task) { loop_.Post(std::move(task)); }
  bool OnThisThread() const { return loop_.OnThisThread(); }

  // Takes the call and tells it OnStarted.
  void Add(std::unique_ptr<Call> call, OnOver on_over);

  // Tells every call that the server ends, those that are still added included.
  void DrainCalls();

  // Calls that are not over. Any thread.
  int calls() const { return calls_open_.load(std::memory_order_relaxed); }

  Clock::time_point Now() const override { return loop_.Now(); }
  void SetTimer(Call* call, Clock::time_point when) override;
  void WantTurnEnd(Call* call) override;
  std::unique_ptr<upstream::Transfer> StartTransfer(upstream::Request request,
                                                    upstream::TransferSink* sink) override;
  void Offload(Call* call, size_t bytes, std::function<void()> work,
               std::function<void()> done) override;
  void Free(Call* call) override;

 private:
  class Entry;

  static Entry* EntryOf(const Call* call);

  WorkerPool* const workers_;
  event_loop::Loop loop_;
  std::unique_ptr<upstream::CurlClient> client_;                  // lives on the loop's thread
  std::unordered_map<uint64_t, std::unique_ptr<Entry>> entries_;  // by id
  uint64_t next_id_ = 1;
  bool draining_ = false;
  std::atomic<int> calls_open_{0};
  std::thread thread_;
};

}  // namespace sparkgate::call

#endif  // SPARKGATE_SERVICE_CALL_LOOP_THREAD_H_
