#include "service/call/deadlines.h"

#include <algorithm>

namespace sparkgate::call {
namespace {

// Which deadlines run in which phases. The order is that of Deadline.
struct Row {
  Deadline deadline;
  Phase first;
  Phase last;
  bool of_upstream = false;  // stands still while we make the upstream wait
};
constexpr Row kRows[kDeadlines] = {
    {Deadline::kForceCancel, Phase::kFinishing, Phase::kFinishing},
    {Deadline::kAbandon, Phase::kFinishing, Phase::kFinishing},
    {Deadline::kDecoding, Phase::kAnswer, Phase::kAnswer},
    {Deadline::kTotal, Phase::kAwaitingHead, Phase::kErrorBody},
    {Deadline::kErrorBody, Phase::kErrorBody, Phase::kErrorBody},
    {Deadline::kEnd, Phase::kAnswer, Phase::kAnswer, true},
    {Deadline::kFirstContent, Phase::kAwaitingHead, Phase::kErrorBody, true},
    {Deadline::kNextContent, Phase::kAnswer, Phase::kAnswer, true},
    {Deadline::kIdle, Phase::kAnswer, Phase::kAnswer, true},
    {Deadline::kHeartbeat, Phase::kAwaitingHead, Phase::kErrorBody},
    {Deadline::kWrite, Phase::kAwaitingHead, Phase::kDelivering},
};

constexpr bool IsInOrder() {
  for (size_t i = 0; i < kDeadlines; ++i) {
    if (kRows[i].deadline != static_cast<Deadline>(i)) return false;
  }
  return true;
}
static_assert(IsInOrder(), "the rows are found by their deadline's number");

constexpr bool RunsIn(const Row& row, Phase phase) {
  return row.first <= phase && phase <= row.last;
}

}  // namespace

void Deadlines::Enter(Phase phase) {
  phase_ = phase;
  for (size_t i = 0; i < kDeadlines; ++i) {
    if (!RunsIn(kRows[i], phase)) due_[i] = kNever;
  }
}

void Deadlines::Set(Deadline deadline, Clock::time_point when) {
  if (RunsIn(kRows[static_cast<size_t>(deadline)], phase_)) At(deadline) = when;
}

void Deadlines::StopUpstream(bool stopped, Clock::time_point now) {
  if (stopped == stopped_at_.has_value()) return;
  if (stopped) {
    stopped_at_ = now;
    return;
  }
  const Clock::duration waited = now - *stopped_at_;
  stopped_at_.reset();
  for (size_t i = 0; i < kDeadlines; ++i) {
    if (kRows[i].of_upstream && due_[i] != kNever) due_[i] += waited;
  }
}

bool Deadlines::Runs(size_t i) const { return !(stopped_at_ && kRows[i].of_upstream); }

Clock::time_point Deadlines::Next() const {
  Clock::time_point next = kNever;
  for (size_t i = 0; i < kDeadlines; ++i) {
    if (Runs(i)) next = std::min(next, due_[i]);
  }
  return next;
}

std::optional<Deadline> Deadlines::TakeDue(Clock::time_point now) {
  for (size_t i = 0; i < kDeadlines; ++i) {
    if (due_[i] > now || !Runs(i)) continue;
    due_[i] = kNever;
    return static_cast<Deadline>(i);
  }
  return std::nullopt;
}

}  // namespace sparkgate::call
