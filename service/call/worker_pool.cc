#include "service/call/worker_pool.h"

#include <utility>

namespace sparkgate::call {
namespace {

constexpr size_t kLarge = 1 << 20;  // bytes
constexpr std::chrono::milliseconds kTidyAfter{500};

}  // namespace

void WorkerPool::Line::Add(uint64_t owner, Task run) {
  const auto [jobs, is_new] = jobs_.try_emplace(owner);
  if (is_new) turns_.push_back(owner);
  jobs->second.push_back(std::move(run));
}

WorkerPool::Task WorkerPool::Line::Take(uint64_t* owner) {
  *owner = turns_.front();
  turns_.pop_front();
  std::deque<Task>& jobs = jobs_[*owner];
  Task run = std::move(jobs.front());
  jobs.pop_front();
  return run;
}

void WorkerPool::Line::Return(uint64_t owner) {
  const auto jobs = jobs_.find(owner);
  if (jobs->second.empty()) {
    jobs_.erase(jobs);
  } else {
    turns_.push_back(owner);
  }
}

WorkerPool::WorkerPool(int threads, std::function<void()> tidy_up) : tidy_up_(std::move(tidy_up)) {
  for (int i = 0; i < threads; ++i) {
    Role role;
    role.large = i == 0 || i < threads - 1;
    role.tidying = i == 0;
    threads_.emplace_back([this, role] { Run(role); });
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

void WorkerPool::Post(uint64_t owner, size_t bytes, Task task) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    (bytes > kLarge ? large_ : small_).Add(owner, std::move(task));
  }
  changed_.notify_all();
}

WorkerPool::Job WorkerPool::Next(Role* role) {
  Job job;
  job.large = role->large && !large_.empty() && (role->large_is_next || small_.empty());
  role->large_is_next = !job.large;
  if (job.large) {
    job.run = large_.Take(&job.owner);
  } else if (!small_.empty()) {
    job.run = small_.Take(&job.owner);
    small_.Return(job.owner);  // others of its small jobs may run beside it
  }
  return job;
}

void WorkerPool::Run(Role role) {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    if (Job job = Next(&role); job.run) {
      RunJob(std::move(job), &lock);
    } else if (stopping_) {
      return;
    } else if (role.tidying && tidying_due_) {
      TidyUpWhenDue(&lock);
    } else {
      changed_.wait(lock);
    }
  }
}

void WorkerPool::RunJob(Job job, std::unique_lock<std::mutex>* lock) {
  lock->unlock();
  job.run();
  job.run = nullptr;  // what it holds is freed here, not under the lock
  lock->lock();
  if (job.large) {
    large_.Return(job.owner);
    changed_.notify_all();
  }
  if (!tidy_up_ || tidying_due_) return;
  tidying_due_ = Clock::now() + kTidyAfter;
  changed_.notify_all();
}

// By one thread that takes large jobs, so that the others go on meanwhile.
void WorkerPool::TidyUpWhenDue(std::unique_lock<std::mutex>* lock) {
  if (changed_.wait_until(*lock, *tidying_due_) == std::cv_status::no_timeout) return;
  tidying_due_.reset();
  lock->unlock();
  tidy_up_();
  lock->lock();
}

}  // namespace sparkgate::call
