#include "service/telemetry/log.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

namespace sparkgate::telemetry {
namespace {

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

uint64_t Logger::dropped() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return dropped_;
}

void Logger::Enqueue(std::string line) {
  bool was_empty = false;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (queue_.size() + line.size() > options_.max_queued_bytes) {
      ++dropped_;
      return;
    }
    was_empty = queue_.empty();
    queue_ += line;
  }
  if (was_empty) wake_.notify_one();
}

void Logger::Run() {
  BlockSignals();
  while (true) {
    const std::string bytes = TakeQueue();
    if (bytes.empty()) return;
    Write(bytes);
  }
}

// Waits for lines. Empty: the logger is being destroyed, and all lines are out.
std::string Logger::TakeQueue() {
  std::unique_lock<std::mutex> lock(mutex_);
  wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
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
