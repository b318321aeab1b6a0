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
#include <type_traits>
#include <variant>
#include <vector>

namespace sparkgate::telemetry {

// How much a log line matters. The names are those of the flag and of the lines themselves.
enum class Level { kDebug, kInfo, kWarning, kError };

inline constexpr std::string_view kLevelNames[] = {"debug", "info", "warning", "error"};

inline std::string_view LevelName(Level level) { return kLevelNames[static_cast<int>(level)]; }

inline std::optional<Level> ParseLevel(std::string_view name) {
  for (int i = 0; i < 4; ++i) {
    if (kLevelNames[i] == name) return static_cast<Level>(i);
  }
  return std::nullopt;
}

// The value of one field. Text is not copied: it must live until the line is written down, which is
// before Logger::Log returns. Made from numbers, switches and text alone, so that a type which
// holds a secret cannot become one by accident.
class Value {
 public:
  Value(std::string_view text) : value_(text) {}  // NOLINT: a value is what it is made of
  Value(const std::string& text) : value_(std::string_view(text)) {}  // NOLINT
  Value(const char* text) : value_(std::string_view(text)) {}         // NOLINT
  template <typename Number, std::enable_if_t<std::is_arithmetic_v<Number>, int> = 0>
  Value(Number number) : value_(Widest(number)) {}  // NOLINT

  void AppendTo(std::string* line) const;

 private:
  template <typename Number>
  static auto Widest(Number number) {
    if constexpr (std::is_same_v<Number, bool>) {
      return number;
    } else if constexpr (std::is_floating_point_v<Number>) {
      return static_cast<double>(number);
    } else if constexpr (std::is_signed_v<Number>) {
      return static_cast<int64_t>(number);
    } else {
      return static_cast<uint64_t>(number);
    }
  }

  std::variant<std::string_view, bool, int64_t, uint64_t, double> value_;
};

struct Field {
  std::string_view key;
  Value value;
};

// Longer text is cut, at a whole character, and ends in "...".
inline constexpr size_t kMaxTextBytes = 1024;

// Appends `text` in quotes as JSON: always valid UTF-8 (what is not becomes U+FFFD), bounded.
void AppendJsonText(std::string_view text, std::string* line);

// One line with its newline: level, time (RFC 3339, UTC, microseconds), message, fields.
std::string JsonLine(Level level, std::chrono::system_clock::time_point time,
                     std::string_view message, const std::vector<Field>& fields);

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
  std::chrono::milliseconds gather_time{10};   // from the first line of a piece to its writing
  std::chrono::milliseconds flush_time{1000};  // for what is queued at the end, or in Flush
};

// Structured logs: one JSON object a line. A line is made by the thread that logs and written by a
// thread of the logger's own, so that a slow or stuck reader of stderr never holds a loop up: what
// does not fit into the queue is dropped, counted, and told as soon as there is room. That thread
// gathers lines for a few milliseconds: woken for each of them it would cost more than they do.
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

  // Before the process ends without its destructors: returns when what was logged is written, or
  // after flush_time.
  void Flush();

  // Lines lost because the queue was full, since the start.
  uint64_t dropped() const;

 private:
  void Enqueue(std::string line);
  bool IsHalfFull() const { return queue_.size() >= options_.max_queued_bytes / 2; }
  void Run();
  std::string TakeQueue();
  void Write(std::string_view bytes);
  bool WaitForRoom();

  const LoggerOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable written_;
  std::string queue_;
  bool writing_ = false;  // what was taken from the queue
  bool flushing_ = false;
  uint64_t dropped_ = 0;
  uint64_t told_ = 0;  // of dropped_
  bool stopping_ = false;
  std::chrono::steady_clock::time_point give_up_;  // once stopping
  std::thread writer_;
};

}  // namespace sparkgate::telemetry

#endif  // SPARKGATE_SERVICE_TELEMETRY_LOG_H_
