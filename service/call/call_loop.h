#ifndef SPARKGATE_SERVICE_CALL_CALL_LOOP_H_
#define SPARKGATE_SERVICE_CALL_CALL_LOOP_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "service/call/deadlines.h"
#include "service/upstream/transfer.h"

namespace sparkgate::call {

// The loop as one call sees it: time, a timer, a transfer, a place in the turn. Loop thread only.
// In the server this is an entry of LoopThread; the test of Call plays every order of events with
// one of its own.
class CallLoop {
 public:
  virtual ~CallLoop() = default;

  virtual Clock::time_point Now() const = 0;

  // Calls OnTimer at or after `when`; replaces what was set before. time_point::max(): never.
  virtual void SetTimer(Clock::time_point when) = 0;

  // Calls OnTurnEnd once, when everything that is ready in this turn has been handled.
  virtual void WantTurnEnd() = 0;

  virtual std::unique_ptr<upstream::Transfer> StartTransfer(upstream::Request request,
                                                            upstream::TransferSink* sink) = 0;

  // Runs `work`, which is about `bytes`, on another thread, then `done` here; if the call was freed
  // meanwhile, `done` is dropped. `work` must not refer to the call. Threads are fair between
  // callers' connections.
  virtual void Offload(uint64_t connection, size_t bytes, std::function<void()> work,
                       std::function<void()> done) = 0;

  // The call is over in every respect: destroy it. The call does nothing after this.
  virtual void Free() = 0;
};

}  // namespace sparkgate::call

#endif  // SPARKGATE_SERVICE_CALL_CALL_LOOP_H_
