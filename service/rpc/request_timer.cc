#include "service/rpc/request_timer.h"

#include <algorithm>
#include <vector>

namespace sparkgate::rpc {
namespace {

constexpr std::chrono::milliseconds kMostBetweenLooks{1000};

}  // namespace

void RequestTimer::Start(Queue* queue, std::chrono::milliseconds limit) {
  queue_ = queue;
  limit_ = limit;
}

bool RequestTimer::Add(Waiting* call, uint64_t connection) {
  std::lock_guard<std::mutex> lock(mutex_);
  int& waiting = waiting_[connection];
  if (waiting >= kMostOfOne) return false;
  ++waiting;
  call->connection_ = connection;
  call->due_ = Clock::now() + limit_;
  call->place_ = calls_.insert(calls_.end(), call);
  call->listed_ = true;
  if (!looking_) LookLater();
  return true;
}

bool RequestTimer::Remove(Waiting* call) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (!call->listed_) return false;
  Forget(call);
  return true;
}

void RequestTimer::Forget(Waiting* call) {
  call->listed_ = false;
  calls_.erase(call->place_);
  const auto waiting = waiting_.find(call->connection_);
  if (--waiting->second == 0) waiting_.erase(waiting);
}

void RequestTimer::LookLater() {
  looking_ = true;
  queue_->AddUser();
  const auto wait = std::min(limit_, kMostBetweenLooks);
  alarm_.Set(queue_->get(), std::chrono::system_clock::now() + wait, this);
}

void RequestTimer::OnTag(bool) {
  std::vector<Waiting*> late;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    looking_ = false;
    const Clock::time_point now = Clock::now();
    while (!calls_.empty() && calls_.front()->due_ <= now) {
      late.push_back(calls_.front());
      Forget(late.back());
    }
    if (!calls_.empty()) LookLater();
  }
  for (Waiting* call : late) call->OnRequestLate();
  queue_->RemoveUser();
}

}  // namespace sparkgate::rpc
