#include "service/telemetry/rate_limit.h"

#include <utility>

namespace sparkgate::telemetry {

std::optional<uint64_t> RateLimit::Take(Clock::time_point now) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (now - window_ >= std::chrono::seconds(1)) {
    window_ = now;
    taken_ = 0;
  }
  if (taken_ >= lines_per_second_) {
    ++held_back_;
    return std::nullopt;
  }
  ++taken_;
  return std::exchange(held_back_, 0);
}

}  // namespace sparkgate::telemetry
