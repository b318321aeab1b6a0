#ifndef SPARKGATE_SERVICE_CALL_WORKER_POOL_H_
#define SPARKGATE_SERVICE_CALL_WORKER_POOL_H_

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace sparkgate::call {

// A few threads for what would hold a loop or the queue's thread for milliseconds: large requests,
// events and bodies. Jobs are few, so one mutex serves.
//
// Fair between owners (callers' connections): each in turn gives one job. Jobs on over a megabyte,
// which take up to a tenth of a second, run on one of the threads alone, so that the others are
// free for those that take a few milliseconds.
class WorkerPool {
 public:
  // `tidy_up` is run by one of the threads half a second after jobs have run, when what they made
  // has mostly left; not while that thread has jobs, and not more often.
  explicit WorkerPool(int threads, std::function<void()> tidy_up = {});
  // Runs what was posted, then joins.
  ~WorkerPool() { Join(); }
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Any thread. `bytes`: of what the job works on. Jobs of one owner and of about one size begin in
  // their order.
  void Post(uint64_t owner, size_t bytes, std::function<void()> job);

  // The same as the end of the pool, for an owner whose jobs use what is destroyed before the pool.
  // Nothing may be posted any more. By one thread, more than once if it likes.
  void Join();

 private:
  // Jobs by owner, and the owners in the order of their turns.
  class Line {
   public:
    bool empty() const { return turns_.empty(); }
    void Add(uint64_t owner, std::function<void()> job);
    std::function<void()> Take();

   private:
    std::map<uint64_t, std::deque<std::function<void()>>> jobs_;
    std::deque<uint64_t> turns_;
  };

  using Clock = std::chrono::steady_clock;

  void Run(bool takes_large);
  std::function<void()> Next(bool takes_large);
  void RunJob(std::function<void()> job, std::unique_lock<std::mutex>* lock);
  void TidyUpWhenDue(std::unique_lock<std::mutex>* lock);

  const std::function<void()> tidy_up_;

  std::mutex mutex_;
  std::condition_variable changed_;
  Line small_;                  // guarded by mutex_
  Line large_;                  // guarded by mutex_
  bool large_is_next_ = false;  // guarded by mutex_; of the thread that takes both
  bool stopping_ = false;       // guarded by mutex_
  std::optional<Clock::time_point> tidying_due_;  // guarded by mutex_; set by the first job since
  std::vector<std::thread> threads_;
};

}  // namespace sparkgate::call

#endif  // SPARKGATE_SERVICE_CALL_WORKER_POOL_H_
