#include "service/telemetry/log.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <optional>
#include <utility>

#include "base/json_writer.h"
#include "base/text.h"

namespace sparkgate::telemetry {
namespace {

// Most of what is logged.
// Characters of `text` that fit into `limit` bytes.
std::string_view PrefixOf(std::string_view text, size_t limit) {
  if (text.size() <= limit) return text;
  size_t size = 0;
  while (true) {
    const size_t next = size + std::max<size_t>(CharacterLength(text.substr(size)), 1);
    if (next > limit) return text.substr(0, size);
    size = next;
  }
}

// Valid UTF-8. DEL is no control to JSON, but it is to a terminal that shows the log.
void AppendEscaped(std::string_view text, std::string* line) {
  for (size_t at = text.find('\x7f'); at != text.npos; at = text.find('\x7f')) {
    AppendJsonEscaped(text.substr(0, at), line);
    line->append("\\u007f");
    text.remove_prefix(at + 1);
  }
  AppendJsonEscaped(text, line);
}

template <typename Number>
void AppendNumber(Number number, std::string* line) {
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof(text), number);
  line->append(text, end - text);
}

void AppendTime(std::chrono::system_clock::time_point time, std::string* line) {
  const int64_t us =
      std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
  const time_t seconds = us / 1000000;
  tm utc = {};
  gmtime_r(&seconds, &utc);
  char text[64];
  const int size = std::snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ",
                                 utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour,
                                 utc.tm_min, utc.tm_sec, static_cast<int>(us % 1000000));
  line->append(text, size);
}

struct Appender {
  std::string* line;

  void operator()(std::string_view text) const { AppendJsonText(text, line); }
  void operator()(bool value) const { line->append(value ? "true" : "false"); }
  void operator()(double number) const {
    if (!std::isfinite(number)) {
      line->append("null");
    } else {
      AppendNumber(number, line);
    }
  }
  template <typename Integer>
  void operator()(Integer number) const {
    AppendNumber(number, line);
  }
};

// A pipe that poll calls writable takes this much without blocking (PIPE_BUF).
constexpr size_t kPieceBytes = 4096;
constexpr int kPollMilliseconds = 50;

// Signals are for the thread that waits for them.
void BlockSignals() {
  sigset_t all;
  sigfillset(&all);
  for (int fatal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) sigdelset(&all, fatal);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

void Value::AppendTo(std::string* line) const { std::visit(Appender{line}, value_); }

void AppendJsonText(std::string_view text, std::string* line) {
  const std::string_view kept = PrefixOf(text, kMaxTextBytes);
  line->push_back('"');
  if (IsPrintableAscii(kept)) {
    AppendJsonEscaped(kept, line);
  } else {
    AppendEscaped(RepairUtf8(kept), line);
  }
  line->append(kept.size() < text.size() ? "...\"" : "\"");
}

std::string JsonLine(Level level, std::chrono::system_clock::time_point time,
                     std::string_view message, const std::vector<Field>& fields) {
  std::string line = "{\"level\":\"";
  line.append(LevelName(level)).append("\",\"time\":\"");
  AppendTime(time, &line);
  line.append("\",\"message\":");
  AppendJsonText(message, &line);
  for (const Field& field : fields) {
    line.push_back(',');
    AppendJsonText(field.key, &line);
    line.push_back(':');
    field.value.AppendTo(&line);
  }
  line.append("}\n");
  return line;
}

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

Logger::Logger(const LoggerOptions& options) : options_(options), writer_([this] { Run(); }) {}

Logger::~Logger() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    give_up_ = std::chrono::steady_clock::now() + options_.flush_time;
  }
  wake_.notify_one();
  writer_.join();
}

void Logger::Log(Level level, std::string_view message, const std::vector<Field>& fields) {
  if (!Enabled(level)) return;
  Enqueue(JsonLine(level, std::chrono::system_clock::now(), message, fields));
}

void Logger::LogLimited(RateLimit* limit, Level level, std::string_view message,
                        std::vector<Field> fields) {
  if (!Enabled(level)) return;
  const std::optional<uint64_t> held_back = limit->Take(RateLimit::Clock::now());
  if (!held_back.has_value()) return;
  if (*held_back > 0) fields.push_back({"held_back", *held_back});
  Log(level, message, fields);
}

void Logger::Flush() {
  std::unique_lock<std::mutex> lock(mutex_);
  flushing_ = true;
  wake_.notify_one();
  written_.wait_for(lock, options_.flush_time, [this] { return queue_.empty() && !writing_; });
  flushing_ = false;
}

uint64_t Logger::dropped() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return dropped_;
}

void Logger::Enqueue(std::string line) {
  bool wake = false;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (queue_.size() + line.size() > options_.max_queued_bytes) {
      ++dropped_;
      return;
    }
    const bool was_empty = queue_.empty();
    const bool was_half_full = IsHalfFull();
    queue_ += line;
    wake = was_empty || (IsHalfFull() && !was_half_full);
  }
  if (wake) wake_.notify_one();
}

void Logger::Run() {
  BlockSignals();
  while (true) {
    const std::string bytes = TakeQueue();
    if (bytes.empty()) return;
    Write(bytes);
    std::lock_guard<std::mutex> lock(mutex_);
    writing_ = false;
    written_.notify_all();
  }
}

// Waits for lines, and then a little for more of them. Empty: the logger is being destroyed, and
// all lines are out.
std::string Logger::TakeQueue() {
  std::unique_lock<std::mutex> lock(mutex_);
  wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
  wake_.wait_for(lock, options_.gather_time,
                 [this] { return stopping_ || flushing_ || IsHalfFull(); });
  writing_ = true;
  std::string bytes = std::exchange(queue_, std::string());
  const uint64_t news = dropped_ - std::exchange(told_, dropped_);
  lock.unlock();
  if (news > 0 && Enabled(Level::kWarning)) {
    bytes += JsonLine(Level::kWarning, std::chrono::system_clock::now(),
                      "log lines were dropped: stderr is read too slowly", {{"dropped", news}});
  }
  return bytes;
}

void Logger::Write(std::string_view bytes) {
  while (!bytes.empty() && WaitForRoom()) {
    const ssize_t written = write(options_.fd, bytes.data(), std::min(bytes.size(), kPieceBytes));
    if (written < 0 && errno != EINTR && errno != EAGAIN) return;  // nobody is there to be told
    if (written > 0) bytes.remove_prefix(written);
  }
}

// Not by writing at once: stderr is blocking and shared, and a write that blocks cannot be given
// up.
bool Logger::WaitForRoom() {
  while (true) {
    pollfd room = {options_.fd, POLLOUT, 0};
    if (poll(&room, 1, kPollMilliseconds) > 0) return true;
    std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_ && std::chrono::steady_clock::now() >= give_up_) return false;
  }
}

}  // namespace sparkgate::telemetry
