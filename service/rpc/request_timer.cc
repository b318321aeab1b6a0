#include "service/rpc/request_timer.h"

#include <algorithm>
#include <unordered_map>

namespace sparkgate::rpc {
namespace {

constexpr std::chrono::milliseconds kBetweenLooks{1000};

}  // namespace

void RequestTimer::Start(Queue* queue, std::chrono::milliseconds limit) {
  queue_ = queue;
  limit_ = limit;
}

void RequestTimer::Add(Waiting* call, uint64_t connection) {
  std::lock_guard<std::mutex> lock(mutex_);
  call->connection_ = connection;
  call->due_ = Clock::now() + limit_;
  call->place_ = calls_.insert(calls_.end(), call);
  call->listed_ = true;
  if (!looking_) LookLater();
}

bool RequestTimer::Remove(Waiting* call) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (!call->listed_) return false;
  Take(call);
  return true;
}

void RequestTimer::Take(Waiting* call) {
  call->listed_ = false;
  calls_.erase(call->place_);
}

void RequestTimer::LookLater() {
  looking_ = true;
  queue_->AddUser();
  const auto wait = std::min(limit_, kBetweenLooks);
  alarm_.Set(queue_->get(), std::chrono::system_clock::now() + wait, this);
}

// Of too many the oldest may go on waiting: they are the first to be late.
std::vector<RequestTimer::Missing> RequestTimer::TakeMissing(Clock::time_point now) {
  std::vector<Missing> missing;
  std::unordered_map<uint64_t, int> waiting;  // by connection
  const Clock::time_point came_before = now - kBetweenLooks;
  for (auto next = calls_.begin(); next != calls_.end();) {
    Waiting* const call = *next++;
    if (call->due_ <= now) {
      missing.push_back({call, Waiting::Cause::kLate});
    } else if (call->due_ - limit_ > came_before) {
      break;
    } else if (++waiting[call->connection_] > kMostOfOne) {
      missing.push_back({call, Waiting::Cause::kTooMany});
    }
  }
  for (const Missing& taken : missing) Take(taken.call);
  return missing;
}

void RequestTimer::OnTag(bool) {
  std::vector<Missing> missing;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    looking_ = false;
    missing = TakeMissing(Clock::now());
    if (!calls_.empty()) LookLater();
  }
  for (const auto [call, cause] : missing) call->OnRequestMissing(cause);
  queue_->RemoveUser();
}

}  // namespace sparkgate::rpc
