#ifndef SPARKGATE_SERVICE_CALL_DEADLINES_H_
#define SPARKGATE_SERVICE_CALL_DEADLINES_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>

namespace sparkgate::call {

using Clock = std::chrono::steady_clock;

// Where a call is, from its beginning to its end. The order is that of time, and no phase comes
// back but kAwaitingHead: a request that was refused may be made once more.
enum class Phase {
  kNew,           // the loop does not have it yet
  kAwaitingHead,  // the upstream has the request, or is being connected to
  kUndecided,     // 2xx: the first byte that is no space says whether this is an answer
  kAnswer,        // the body is an answer
  kErrorBody,     // the body is none: of another status, or a page
  kDelivering,    // the final status is set and the upstream closed; messages still leave
  kFinishing,     // Finish was called, and Done is awaited
};

// What a call does by itself when its time has come, in the order in which it is done if several
// are due. The phases in which each runs stand in deadlines.cc.
enum class Deadline {
  kForceCancel,   // the caller has not taken the last message and the status
  kAbandon,       // gRPC has not given the call back after it was cancelled
  kDecoding,      // an end that waits for what is being decoded
  kTotal,         // the caller's deadline, or max_call_time
  kErrorBody,     // the end of a body that is no answer
  kEnd,           // the end of an answer that looks complete
  kFirstContent,  // the first content of a stream
  kNextContent,   // the next one
  kIdle,          // the next byte
  kHeartbeat,     // a message that says nothing, after silence
  kWrite,         // the caller has not taken a message
};
inline constexpr size_t kDeadlines = 11;

// The due times of one call. Its loop's thread.
class Deadlines {
 public:
  // Clears those that do not run in `phase`.
  void Enter(Phase phase);

  // Without effect if it does not run in this phase.
  void Set(Deadline deadline, Clock::time_point when);
  void Clear(Deadline deadline) { At(deadline) = kNever; }
  bool IsSet(Deadline deadline) const { return due_[static_cast<size_t>(deadline)] != kNever; }

  // The upstream's deadlines stand still while it is we who make it wait. Idempotent.
  void StopUpstream(bool stopped, Clock::time_point now);

  // When the next one is due; time_point::max(): none is set.
  Clock::time_point Next() const;

  // The first that is due, which is cleared.
  std::optional<Deadline> TakeDue(Clock::time_point now);

 private:
  static constexpr Clock::time_point kNever = Clock::time_point::max();

  Clock::time_point& At(Deadline deadline) { return due_[static_cast<size_t>(deadline)]; }
  bool Runs(size_t i) const;

  Phase phase_ = Phase::kNew;
  std::array<Clock::time_point, kDeadlines> due_ = MakeNever();
  std::optional<Clock::time_point> stopped_at_;

  static constexpr std::array<Clock::time_point, kDeadlines> MakeNever() {
    std::array<Clock::time_point, kDeadlines> never{};
    for (Clock::time_point& due : never) due = kNever;
    return never;
  }
};

}  // namespace sparkgate::call

#endif  // SPARKGATE_SERVICE_CALL_DEADLINES_H_
