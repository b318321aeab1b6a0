#ifndef SPARKGATE_SERVICE_RPC_REQUEST_TIMER_H_
#define SPARKGATE_SERVICE_RPC_REQUEST_TIMER_H_

#include <grpcpp/alarm.h>

#include <chrono>
#include <cstdint>
#include <list>
#include <mutex>
#include <unordered_map>

#include "service/rpc/queue.h"

namespace sparkgate::rpc {

// Calls whose request is not complete yet, and the time that they have for it. A caller that sends
// half a request and then nothing would hold its memory for ever.
//
// Looks once a second, and only while a call waits. Any thread.
class RequestTimer final : public Tag {
 public:
  using Clock = std::chrono::steady_clock;

  class Waiting {
   public:
    virtual ~Waiting() = default;
    // The time is over; not called again, and Remove gives false from now on.
    virtual void OnRequestLate() = 0;

   private:
    friend class RequestTimer;
    Clock::time_point due_;
    std::list<Waiting*>::iterator place_;
    uint64_t connection_ = 0;
    bool listed_ = false;
  };

  // Of one connection, that wait at once. Of a burst of complete ones a few do, for microseconds.
  static constexpr int kMostOfOne = 256;

  // Before the first Add. The queue must outlive the timer, which is one of its users while it
  // looks.
  void Start(Queue* queue, std::chrono::milliseconds limit);

  std::chrono::milliseconds limit() const { return limit_; }

  // False if too many of the connection wait already; the call is not added.
  bool Add(Waiting* call, uint64_t connection);
  // False if the time of the call was over before.
  bool Remove(Waiting* call);

  void OnTag(bool ok) override;

 private:
  // With mutex_ held.
  void Forget(Waiting* call);
  void LookLater();

  Queue* queue_ = nullptr;
  std::chrono::milliseconds limit_{30'000};
  std::mutex mutex_;
  std::list<Waiting*> calls_;  // by due time, since all have the same limit; guarded by mutex_
  std::unordered_map<uint64_t, int> waiting_;  // by connection; guarded by mutex_
  bool looking_ = false;                       // an alarm is set; guarded by mutex_
  grpc::Alarm alarm_;                          // guarded by mutex_
};

}  // namespace sparkgate::rpc

#endif  // SPARKGATE_SERVICE_RPC_REQUEST_TIMER_H_
