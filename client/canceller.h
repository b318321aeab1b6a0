#ifndef SPARKGATE_CLIENT_CANCELLER_H_
#define SPARKGATE_CLIENT_CANCELLER_H_

#include <functional>
#include <mutex>

namespace sparkgate::client {

// Cancels one call from another thread, whether it has begun or not. The caller owns it and keeps
// it for as long as the call; one Canceller serves one call.
class Canceller {
 public:
  Canceller() = default;
  Canceller(const Canceller&) = delete;
  Canceller& operator=(const Canceller&) = delete;

  // Any thread, any number of times, also after the call has ended (then without effect).
  void Cancel();
  bool cancelled() const;

  // For the client alone. `cancel` runs under the lock and must not come back here; after Detach it
  // does not run again.
  void Attach(std::function<void()> cancel);
  void Detach();

 private:
  mutable std::mutex mutex_;
  bool cancelled_ = false;
  std::function<void()> cancel_;
};

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_CANCELLER_H_
