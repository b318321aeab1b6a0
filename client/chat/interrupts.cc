#include "client/chat/interrupts.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <utility>

namespace sparkgate::client {
namespace {

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
