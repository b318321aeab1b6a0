#ifndef SPARKGATE_SERVICE_TELEMETRY_LOG_H_
#define SPARKGATE_SERVICE_TELEMETRY_LOG_H_

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "service/telemetry/json_line.h"
#include "service/telemetry/level.h"

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

struct LoggerOptions {
  Level least = Level::kInfo;
  int fd = 2;                                  // stays the caller's
  size_t max_queued_bytes = 1 << 20;           // a second of a very busy server
  std::chrono::milliseconds flush_time{1000};  // for what is queued when the logger is destroyed
};

// Structured logs: one JSON object a line. A line is made by the thread that logs and written by a
// thread of the logger's own, so that a slow or stuck reader of stderr never holds a loop up: what
// does not fit into the queue is dropped, counted, and told as soon as there is room.
//
// Nothing that comes from a prompt, an answer or a key belongs into a line. Thread-safe.
class Logger {
 public:
  explicit Logger(const LoggerOptions& options);
  // Writes what is queued, for at most flush_time.
  ~Logger();
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  bool Enabled(Level level) const { return level >= options_.least; }

  void Log(Level level, std::string_view message, const std::vector<Field>& fields = {});

  // The same for sources that can become noisy. A line says with `held_back` how many before it
  // were not written.
  void LogLimited(RateLimit* limit, Level level, std::string_view message,
                  std::vector<Field> fields = {});

  // Lines lost because the queue was full, since the start.
  uint64_t dropped() const;

 private:
  void Enqueue(std::string line);
  void Run();
  std::string TakeQueue();
  void Write(std::string_view bytes);
  bool WaitForRoom();

  const LoggerOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::string queue_;
  uint64_t dropped_ = 0;
  uint64_t told_ = 0;  // of dropped_
  bool stopping_ = false;
  std::chrono::steady_clock::time_point give_up_;  // once stopping
  std::thread writer_;
};

}  // namespace sparkgate::telemetry

#endif  // SPARKGATE_SERVICE_TELEMETRY_LOG_H_
