#ifndef SPARKGATE_SERVICE_CALL_WORKER_POOL_H_
#define SPARKGATE_SERVICE_CALL_WORKER_POOL_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace sparkgate::call {

// A few threads for what would hold a loop or the queue thread for milliseconds: large requests,
// events and bodies. Jobs are few and large, so one mutex serves.
class WorkerPool {
 public:
  explicit WorkerPool(int threads);
  // Runs what was posted, then joins.
  ~WorkerPool() { Join(); }
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Any thread.
  void Post(std::function<void()> job);

  // The same as the end of the pool, for an owner whose jobs use what is destroyed before the pool.
  // Nothing may be posted any more. By one thread, more than once if it likes.
  void Join();

 private:
  void Run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;  // guarded by mutex_
  bool stopping_ = false;                   // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace sparkgate::call

#endif  // SPARKGATE_SERVICE_CALL_WORKER_POOL_H_
