#ifndef SPARKGATE_TESTS_SUPPORT_GATE_H_
#define SPARKGATE_TESTS_SUPPORT_GATE_H_

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace sparkgate::support {

// How long anything in these helpers waits before it gives up, so that a broken test ends. Long
// enough for the sanitizers on a loaded machine.
constexpr std::chrono::milliseconds kPatience{20000};

// A point that one side of a test passes only after the other side opened it. Opened once, for
// good. Declare it before the server whose script waits for it: the script must not outlive it.
class Gate {
 public:
  void Open() {
    std::lock_guard<std::mutex> lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

  // False when it was not opened in time.
  bool Await(std::chrono::milliseconds patience = kPatience) {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, patience, [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

}  // namespace sparkgate::support

#endif  // SPARKGATE_TESTS_SUPPORT_GATE_H_
