#ifndef SPARKGATE_SERVICE_TELEMETRY_RATE_LIMIT_H_
#define SPARKGATE_SERVICE_TELEMETRY_RATE_LIMIT_H_

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

namespace sparkgate::telemetry {

// Lets so many lines of one call site through in a second, and counts the rest. One per site, as a
// static object or a member. Thread-safe.
class RateLimit {
 public:
  using Clock = std::chrono::steady_clock;

  explicit RateLimit(int lines_per_second) : lines_per_second_(lines_per_second) {}

  // Whether a line may be written now: how many were held back since the last one that was, or
  // nullopt if this is held back too.
  std::optional<uint64_t> Take(Clock::time_point now);

 private:
  const int lines_per_second_;
  std::mutex mutex_;
  Clock::time_point window_{};
  int taken_ = 0;
  uint64_t held_back_ = 0;
};

}  // namespace sparkgate::telemetry

#endif  // SPARKGATE_SERVICE_TELEMETRY_RATE_LIMIT_H_
