#include "client/canceller.h"

#include <utility>

namespace sparkgate::client {

void Canceller::Cancel() {
  const std::lock_guard<std::mutex> lock(mutex_);
  cancelled_ = true;
  if (cancel_) cancel_();
}

bool Canceller::cancelled() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return cancelled_;
}

void Canceller::Attach(std::function<void()> cancel) {
  const std::lock_guard<std::mutex> lock(mutex_);
  cancel_ = std::move(cancel);
  if (cancelled_) cancel_();
}

void Canceller::Detach() {
  const std::lock_guard<std::mutex> lock(mutex_);
  cancel_ = nullptr;
}

}  // namespace sparkgate::client
