#ifndef SPARKGATE_SERVICE_CALL_WORKER_POOL_H_
#define SPARKGATE_SERVICE_CALL_WORKER_POOL_H_

#include <absl/functional/any_invocable.h>

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
// Fair between owners (callers' connections): each in turn gives one job. Jobs on over a megabyte
// take up to half a second. Of one owner they run one at a time, and one of the threads takes none
// of them: no single owner holds up another's, and all together none that takes a few milliseconds.
class WorkerPool {
 public:
  using Task = absl::AnyInvocable<void()>;  // may own what it works on

  // All threads but the last, or the only one, take jobs of both sizes. `tidy_up` is run by the
  // first half a second after jobs have run, when what they made has mostly left; not while that
  // thread has jobs, and not more often.
  explicit WorkerPool(int threads, std::function<void()> tidy_up = {});
  // Runs what was posted, then joins.
  ~WorkerPool() { Join(); }
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Any thread. `bytes`: of what the job works on. Jobs of one owner and of about one size begin in
  // their order.
  void Post(uint64_t owner, size_t bytes, Task task);

  // The same as the end of the pool, for an owner whose jobs use what is destroyed before the pool.
  // Nothing may be posted any more. By one thread, more than once if it likes.
  void Join();

 private:
  struct Job {
    uint64_t owner = 0;
    bool large = false;
    Task run;  // empty: no job
  };

  // Jobs by owner, and the owners in the order of their turns.
  class Line {
   public:
    // Whether nobody has a turn.
    bool empty() const { return turns_.empty(); }
    void Add(uint64_t owner, Task run);
    // Of the owner whose turn it is; the next turn is given to it by Return.
    Task Take(uint64_t* owner);
    void Return(uint64_t owner);

   private:
    std::map<uint64_t, std::deque<Task>> jobs_;  // of who has a turn or has taken
    std::deque<uint64_t> turns_;
  };

  using Clock = std::chrono::steady_clock;

  // What a thread takes besides small jobs.
  struct Role {
    bool large = false;
    bool tidying = false;
    bool large_is_next = false;  // it alternates
  };

  void Run(Role role);
  Job Next(Role* role);
  void RunJob(Job job, std::unique_lock<std::mutex>* lock);
  void TidyUpWhenDue(std::unique_lock<std::mutex>* lock);

  const std::function<void()> tidy_up_;

  std::mutex mutex_;
  std::condition_variable changed_;
  Line small_;                                    // guarded by mutex_
  Line large_;                                    // guarded by mutex_
  bool stopping_ = false;                         // guarded by mutex_
  std::optional<Clock::time_point> tidying_due_;  // guarded by mutex_; set by the first job since
  std::vector<std::thread> threads_;
};

}  // namespace sparkgate::call

#endif  // SPARKGATE_SERVICE_CALL_WORKER_POOL_H_
