#include "service/call/worker_pool.h"

#include <utility>

namespace sparkgate::call {
namespace {

constexpr size_t kLarge = 1 << 20;  // bytes
constexpr std::chrono::milliseconds kTidyAfter{500};

}  // namespace

void WorkerPool::Line::Add(uint64_t owner, std::function<void()> job) {
  std::deque<std::function<void()>>& jobs = jobs_[owner];
  if (jobs.empty()) turns_.push_back(owner);
  jobs.push_back(std::move(job));
}

std::function<void()> WorkerPool::Line::Take() {
  const auto owner = jobs_.find(turns_.front());
  turns_.pop_front();
  std::function<void()> job = std::move(owner->second.front());
  owner->second.pop_front();
  if (owner->second.empty()) {
    jobs_.erase(owner);
  } else {
    turns_.push_back(owner->first);
  }
  return job;
}

WorkerPool::WorkerPool(int threads, std::function<void()> tidy_up) : tidy_up_(std::move(tidy_up)) {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this, takes_large = i == 0] { Run(takes_large); });
  }
}

void WorkerPool::Join() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void WorkerPool::Post(uint64_t owner, size_t bytes, std::function<void()> job) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    (bytes > kLarge ? large_ : small_).Add(owner, std::move(job));
  }
  changed_.notify_all();
}

// Empty if there is none for this thread.
std::function<void()> WorkerPool::Next(bool takes_large) {
  const bool large = takes_large && !large_.empty() && (large_is_next_ || small_.empty());
  if (takes_large) large_is_next_ = !large;
  if (large) return large_.Take();
  return small_.empty() ? nullptr : small_.Take();
}

void WorkerPool::Run(bool takes_large) {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    if (std::function<void()> job = Next(takes_large)) {
      RunJob(std::move(job), &lock);
    } else if (stopping_) {
      return;
    } else if (takes_large && tidying_due_) {
      TidyUpWhenDue(&lock);
    } else {
      changed_.wait(lock);
    }
  }
}

void WorkerPool::RunJob(std::function<void()> job, std::unique_lock<std::mutex>* lock) {
  lock->unlock();
  job();
  job = nullptr;  // what it holds is freed here, not under the lock
  lock->lock();
  if (!tidy_up_ || tidying_due_) return;
  tidying_due_ = Clock::now() + kTidyAfter;
  changed_.notify_all();
}

// By the thread for large jobs, so that the others go on meanwhile.
void WorkerPool::TidyUpWhenDue(std::unique_lock<std::mutex>* lock) {
  if (changed_.wait_until(*lock, *tidying_due_) == std::cv_status::no_timeout) return;
  tidying_due_.reset();
  lock->unlock();
  tidy_up_();
  lock->lock();
}

}  // namespace sparkgate::call
