#ifndef SPARKGATE_SERVICE_RPC_REQUEST_TIMER_H_
#define SPARKGATE_SERVICE_RPC_REQUEST_TIMER_H_

#include <grpcpp/alarm.h>

#include <chrono>
#include <cstdint>
#include <list>
#include <mutex>
#include <vector>

#include "service/rpc/queue.h"

namespace sparkgate::rpc {

// Calls whose request is not complete yet, and the time that they have for it. A caller that sends
// half a request and then nothing would hold its memory for ever, and many of them much of it.
//
// Looks once a second, and only while a call waits. Any thread.
class RequestTimer final : public Tag {
 public:
  using Clock = std::chrono::steady_clock;

  class Waiting {
   public:
    enum class Cause { kLate, kTooMany };

    virtual ~Waiting() = default;
    // The time is over, or the connection has too many that wait; not called again, and Remove
    // gives false from now on.
    virtual void OnRequestMissing(Cause cause) = 0;

   private:
    friend class RequestTimer;
    Clock::time_point due_;
    std::list<Waiting*>::iterator place_;
    uint64_t connection_ = 0;
    bool listed_ = false;
  };

  // Of one connection, that have waited for a second. Not of those that came since: the headers of
  // a burst may all be there before the first of its messages is handled.
  static constexpr int kMostOfOne = 256;

  // Before the first Add. The queue must outlive the timer, which is one of its users while it
  // looks.
  void Start(Queue* queue, std::chrono::milliseconds limit);

  std::chrono::milliseconds limit() const { return limit_; }

  void Add(Waiting* call, uint64_t connection);
  // False if OnRequestMissing has been called, or is about to be.
  bool Remove(Waiting* call);

  void OnTag(bool ok) override;

 private:
  struct Missing {
    Waiting* call;
    Waiting::Cause cause;
  };

  // With mutex_ held.
  std::vector<Missing> TakeMissing(Clock::time_point now);
  void Take(Waiting* call);
  void LookLater();

  Queue* queue_ = nullptr;
  std::chrono::milliseconds limit_{30'000};
  std::mutex mutex_;
  std::list<Waiting*> calls_;  // by due time, since all have the same limit; guarded by mutex_
  bool looking_ = false;       // an alarm is set; guarded by mutex_
  grpc::Alarm alarm_;          // guarded by mutex_
};

}  // namespace sparkgate::rpc

#endif  // SPARKGATE_SERVICE_RPC_REQUEST_TIMER_H_
