#ifndef SPARKGATE_SERVICE_EVENT_LOOP_LOOP_H_
#define SPARKGATE_SERVICE_EVENT_LOOP_LOOP_H_

#include <absl/functional/any_invocable.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace sparkgate::event_loop {

class Loop;

// A one-shot timer of a loop. Loop thread only. Moving the time further away is O(1), so a timer
// that is pushed on by every byte costs next to nothing. Disarmed by its destructor.
class Timer {
 public:
  using Clock = std::chrono::steady_clock;

  Timer(Loop* loop, std::function<void()> on_fire);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void ArmAt(Clock::time_point when);
  void ArmIn(Clock::duration delay);
  void Disarm();
  bool armed() const { return armed_; }

 private:
  friend class Loop;
  Loop* const loop_;
  const std::function<void()> on_fire_;
  Clock::time_point when_{};    // when to fire
  Clock::time_point queued_{};  // where it stands in the loop's heap, never later than when_
  int heap_index_ = -1;         // -1: not in the heap
  bool armed_ = false;
};

// Something to do at the end of the turn, once however often it was asked for (a call that has
// something to write). Loop thread only.
class TurnEnd {
 public:
  virtual ~TurnEnd();
  // May ask for itself again: that is the next turn's business.
  virtual void OnTurnEnd() = 0;

 private:
  friend class Loop;
  Loop* queued_on_ = nullptr;
  TurnEnd* previous_ = nullptr;
  TurnEnd* next_ = nullptr;
};

// Readiness of a file descriptor. Loop thread only.
class FdHandler {
 public:
  virtual ~FdHandler() = default;
  virtual void OnReady(int fd, uint32_t epoll_events) = 0;
};

// A single-threaded event loop: one epoll, one inbox, one timer heap. A turn is: inbox, ready
// sockets, due timers, turn-end items, in this order, so that a `[DONE]` that is here beats a
// deadline of the same turn, and everything that a turn brought is written at once at its end.
//
// Run is called by the thread that then is the loop's. Post, Stop and OnThisThread may be called
// from any thread; everything else is for the loop's thread.
class Loop {
 public:
  using Clock = Timer::Clock;
  using Task = absl::AnyInvocable<void()>;  // may own what it works on

  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Returns after Stop, when the tasks posted before it were run.
  void Run();
  void Stop();

  // First in, first out. Wakes the loop only if it sleeps.
  void Post(Task task);
  bool OnThisThread() const;

  // Read once per turn.
  Clock::time_point Now() const;

  void AtTurnEnd(TurnEnd* item);

  // `events` as epoll takes them; level-triggered. A handler may forget its own fd while it runs.
  //
  // What is forgotten and watched again for the same events costs no system call: epoll keeps it
  // until something happens on it. So whoever closes a descriptor that was ever watched says so
  // with Closed, before its number can come back.
  void Watch(int fd, uint32_t events, FdHandler* handler);
  void Forget(int fd);
  void Closed(int fd);

  // Turns over 5 ms, times slept, wake-ups through the inbox: for the log and the benches. Any
  // thread.
  struct Counts {
    uint64_t turns = 0;
    uint64_t long_turns = 0;
    uint64_t wakeups = 0;
  };
  Counts counts() const;

 private:
  friend class Timer;
  friend class TurnEnd;
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sparkgate::event_loop

#endif  // SPARKGATE_SERVICE_EVENT_LOOP_LOOP_H_
