#include "tests/support/relay.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace sparkgate::support {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kLookMs = 20;

void Require(bool ok, const char* what) {
  if (ok) return;
  std::perror(what);
  std::abort();
}

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool Forward(int from, int to) {
  char bytes[16384];
  const ssize_t count = recv(from, bytes, sizeof bytes, 0);
  if (count <= 0) return false;
  for (ssize_t sent = 0; sent < count;) {
    const ssize_t more = send(to, bytes + sent, static_cast<size_t>(count - sent), MSG_NOSIGNAL);
    if (more <= 0) return false;
    sent += more;
  }
  return true;
}

}  // namespace

Relay::Relay(std::vector<int> backend_ports, std::chrono::milliseconds most_silence)
    : most_silence_(most_silence), backends_(std::move(backend_ports)) {
  listen_fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  Require(bind(listen_fd_, reinterpret_cast<sockaddr*>(&address), size) == 0, "bind");
  Require(listen(listen_fd_, 128) == 0, "listen");
  Require(getsockname(listen_fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0,
          "getsockname");
  port_ = ntohs(address.sin_port);
  accept_thread_ = std::thread([this] { AcceptLoop(); });
}

Relay::~Relay() {
  stopping_ = true;
  accept_thread_.join();
  for (std::thread& pump : pumps_) pump.join();
  close(listen_fd_);
}

void Relay::SetBackends(std::vector<int> ports) {
  std::lock_guard<std::mutex> lock(mutex_);
  backends_ = std::move(ports);
}

void Relay::AcceptLoop() {
  while (!stopping_) {
    pollfd ready{listen_fd_, POLLIN, 0};
    if (poll(&ready, 1, kLookMs) <= 0) continue;
    const int caller = accept4(listen_fd_, nullptr, nullptr, SOCK_CLOEXEC);
    if (caller < 0) continue;
    ++accepted_;
    const int backend = Connect();
    pumps_.emplace_back([this, caller, backend] { Pump(caller, backend); });
  }
}

int Relay::Connect() {
  int port = 0;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    port = backends_.at(next_++ % backends_.size());
  }
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  return fd;
}

void Relay::Pump(int caller, int backend) {
  Clock::time_point heard = Clock::now();
  while (!stopping_) {
    pollfd ends[] = {{caller, POLLIN, 0}, {backend, POLLIN, 0}};
    poll(ends, 2, kLookMs);
    if (ends[0].revents != 0 && !Forward(caller, backend)) break;
    if (ends[1].revents != 0) {
      if (!Forward(backend, caller)) break;
      heard = Clock::now();
    }
    if (most_silence_.count() > 0 && Clock::now() - heard > most_silence_) {
      ++cut_;
      break;
    }
  }
  close(caller);
  close(backend);
}

}  // namespace sparkgate::support
