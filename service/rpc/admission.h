#ifndef SPARKGATE_SERVICE_RPC_ADMISSION_H_
#define SPARKGATE_SERVICE_RPC_ADMISSION_H_

#include <atomic>

namespace sparkgate::rpc {

// Counts the calls that run; the only queue that Sparkgate has is none. Any thread.
class Admission {
 public:
  explicit Admission(int max_calls) : max_calls_(max_calls) {}

  // False: one more would be too many. A true answer is given back with Leave.
  bool Enter() {
    if (running_.fetch_add(1, std::memory_order_relaxed) < max_calls_) return true;
    running_.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  void Leave() { running_.fetch_sub(1, std::memory_order_relaxed); }

  int running() const { return running_.load(std::memory_order_relaxed); }
  int max_calls() const { return max_calls_; }

 private:
  const int max_calls_;
  std::atomic<int> running_{0};
};

}  // namespace sparkgate::rpc

#endif  // SPARKGATE_SERVICE_RPC_ADMISSION_H_
