#include "client/chat/terminal.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

#include "base/text.h"

namespace sparkgate::client {
namespace {

bool IsSet(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

bool MayColour() {
  const char* terminal = std::getenv("TERM");
  return !IsSet("NO_COLOR") && terminal != nullptr && std::string_view(terminal) != "dumb";
}

const char* Begin(Console::Tone tone) {
  switch (tone) {
    case Console::Tone::kDim:
      return "\033[2m";
    case Console::Tone::kBold:
      return "\033[1m";
    case Console::Tone::kRed:
      return "\033[31m";
    default:
      return "";
  }
}

bool IsIgnored(int signal) {
  struct sigaction action = {};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

void Raise(int event) {
  const uint64_t one = 1;
  // Fails only if the counter is full, and then the event is up already.
  if (write(event, &one, sizeof one) < 0) return;
}

}  // namespace

std::string ForTerminal(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    const bool c1 = c == 0xC2 && at + 1 < text.size() &&
                    static_cast<unsigned char>(text[at + 1]) >= 0x80 &&
                    static_cast<unsigned char>(text[at + 1]) <= 0x9F;
    if (c1 || c == 0x7F || (c < 0x20 && c != '\n' && c != '\t')) {
      out += kReplacement;
      if (c1) ++at;
    } else {
      out.push_back(text[at]);
    }
  }
  return out;
}

Console::Console(FILE* file)
    : file_(file), terminal_(isatty(fileno(file)) != 0), colour_(terminal_ && MayColour()) {}

void Console::Print(std::string_view text, Tone tone) {
  const bool toned = colour_ && tone != Tone::kPlain;
  if (toned) Write(Begin(tone));
  if (terminal_) {
    Write(ForTerminal(text));
  } else {
    Write(text);
  }
  if (toned) Write("\033[0m");
  std::fflush(file_);
}

bool LineReader::TakeLine(std::string* line) {
  const size_t end = rest_.find('\n');
  if (end == std::string::npos) return false;
  *line = rest_.substr(0, end);
  if (!line->empty() && line->back() == '\r') line->pop_back();
  rest_.erase(0, end + 1);
  return true;
}

LineReader::Result LineReader::Read(std::string* line) {
  char buffer[4096];
  while (!TakeLine(line)) {
    pollfd fds[] = {{input_, POLLIN, 0}, {interrupt_, POLLIN, 0}};
    if (poll(fds, 2, -1) < 0 && errno == EINTR) continue;
    if (fds[1].revents != 0) {
      rest_.clear();
      return Result::kInterrupted;
    }
    const ssize_t size = read(input_, buffer, sizeof buffer);
    if (size < 0 && errno == EINTR) continue;
    if (size > 0) {
      rest_.append(buffer, static_cast<size_t>(size));
      continue;
    }
    if (rest_.empty()) return Result::kEnd;
    rest_ += '\n';
  }
  return Result::kLine;
}

Interrupts::Interrupts()
    : event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), stop_(eventfd(0, EFD_CLOEXEC)) {
  if (IsIgnored(SIGINT)) return;
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = signalfd(-1, &set, SFD_CLOEXEC);
  watcher_ = std::thread([this] { Watch(); });
}

Interrupts::~Interrupts() {
  if (watcher_.joinable()) {
    Raise(stop_);
    watcher_.join();
  }
  for (const int fd : {signals_, event_, stop_}) {
    if (fd >= 0) close(fd);
  }
}

void Interrupts::SetHandler(std::function<void()> handler) {
  const std::lock_guard<std::mutex> lock(mutex_);
  handler_ = std::move(handler);
}

void Interrupts::ClearHandler() { SetHandler(nullptr); }

void Interrupts::Take() {
  uint64_t count = 0;
  // EAGAIN means that there was none, which is as good.
  if (read(event_, &count, sizeof count) < 0) return;
}

void Interrupts::Watch() {
  pollfd fds[] = {{signals_, POLLIN, 0}, {stop_, POLLIN, 0}};
  while (true) {
    if (poll(fds, 2, -1) < 0) continue;
    if (fds[1].revents != 0) return;
    signalfd_siginfo info;
    if (read(signals_, &info, sizeof info) == sizeof info) OnInterrupt();
  }
}

void Interrupts::OnInterrupt() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (handler_) {
    handler_();
  } else {
    Raise(event_);
  }
}

}  // namespace sparkgate::client
