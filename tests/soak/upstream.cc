#include "tests/soak/upstream.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "tests/support/answers.h"

namespace sparkgate::soak {
namespace {

void Require(bool ok, const char* what) {
  if (ok) return;
  std::perror(what);
  std::abort();
}

void Add(int epoll, int fd, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

// The length of a whole request at the beginning of `bytes`, 0 if it is not whole yet.
size_t WholeRequest(const std::string& bytes) {
  const size_t end = bytes.find("\r\n\r\n");
  if (end == std::string::npos) return 0;
  const size_t at = bytes.find("Content-Length: ");
  const size_t length = at < end ? std::strtoul(bytes.c_str() + at + 16, nullptr, 10) : 0;
  const size_t whole = end + 4 + length;
  return bytes.size() >= whole ? whole : 0;
}

}  // namespace

Upstream::Upstream() {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  Require(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0, "bind");
  Require(listen(listener_, 4096) == 0, "listen");
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  Add(epoll_, listener_, EPOLLIN);
  Add(epoll_, wake_, EPOLLIN);
  thread_ = std::thread([this] { Run(); });
}

Upstream::~Upstream() {
  stopping_ = true;
  eventfd_write(wake_, 1);
  thread_.join();
  for (const auto& [fd, peer] : peers_) close(fd);
  close(listener_);
  close(wake_);
  close(epoll_);
}

void Upstream::Reset(const std::string& call_name) {
  std::lock_guard<std::mutex> lock(mutex_);
  resets_.push_back(call_name);
  eventfd_write(wake_, 1);
}

void Upstream::ReleaseHeld() {
  std::lock_guard<std::mutex> lock(mutex_);
  release_ = true;
  eventfd_write(wake_, 1);
}

bool Upstream::Has(const std::string& call_name) {
  std::lock_guard<std::mutex> lock(mutex_);
  return calls_.count(call_name) > 0;
}

void Upstream::Run() {
  epoll_event events[256];
  while (!stopping_) {
    const int ready = epoll_wait(epoll_, events, 256, WaitTime());
    for (int i = 0; i < ready; ++i) OnReady(events[i].data.fd, events[i].events);
    RunWishes();
    RunDue();
  }
}

int Upstream::WaitTime() const {
  if (due_.empty()) return -1;
  const auto left = due_.begin()->first - Clock::now();
  if (left <= Clock::duration::zero()) return 0;
  return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(left).count()) + 1;
}

void Upstream::Accept() {
  int fd;
  while ((fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    const int small = 64 * 1024;  // back-pressure shows early
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
    Add(epoll_, fd, EPOLLIN);
    peers_[fd];
    ++open_;
  }
}

void Upstream::OnReady(int fd, uint32_t events) {
  if (fd == listener_) return Accept();
  if (fd == wake_) {
    eventfd_t count;
    eventfd_read(wake_, &count);
    return;
  }
  const auto found = peers_.find(fd);
  if (found == peers_.end()) return;
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && !Read(fd, &found->second)) {
    return Close(fd, false);
  }
  if ((events & EPOLLOUT) != 0) Advance(fd);
}

bool Upstream::Read(int fd, Peer* peer) {
  char bytes[16 * 1024];
  const ssize_t count = recv(fd, bytes, sizeof(bytes), 0);
  if (count <= 0) return count < 0 && errno == EAGAIN;
  peer->in.append(bytes, static_cast<size_t>(count));
  const size_t whole = WholeRequest(peer->in);
  if (whole == 0) return true;
  const std::string request = peer->in.substr(0, whole);
  peer->in.erase(0, whole);
  Begin(fd, peer, request);
  return true;
}

void Upstream::Begin(int fd, Peer* peer, const std::string& request) {
  peer->call = support::CallNameOf(request);
  const auto* const play = FindPlay(std::string_view(peer->call).substr(0, peer->call.find('/')));
  Require(play != nullptr, "a call without a play");
  Require(play->stream == support::IsStream(request), "the other method");
  for (Step& step : play->steps(peer->call)) peer->steps.push_back(std::move(step));
  peer->busy = true;
  ++busy_;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    calls_[peer->call] = fd;
  }
  Advance(fd);
}

// As many steps as are due and fit.
void Upstream::Advance(int fd) {
  while (true) {
    const auto found = peers_.find(fd);
    if (found == peers_.end()) return;
    Peer* const peer = &found->second;
    if (!Flush(fd, peer)) return Close(fd, false);
    Watch(fd, peer);
    if (!peer->out.empty()) return;
    if (peer->then == Step::Then::kFin || peer->then == Step::Then::kReset) {
      return Close(fd, peer->then == Step::Then::kReset);
    }
    if (!NextStep(fd, peer)) return;
  }
}

bool Upstream::Flush(int fd, Peer* peer) {
  while (!peer->out.empty()) {
    const ssize_t sent = send(fd, peer->out.data(), peer->out.size(), MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN;
    peer->out.erase(0, static_cast<size_t>(sent));
  }
  return true;
}

bool Upstream::NextStep(int fd, Peer* peer) {
  if (peer->steps.empty()) Over(peer);
  if (peer->steps.empty() || peer->timed || peer->held) return false;
  const Step& step = peer->steps.front();
  if (step.then == Step::Then::kStay) return false;
  if (step.after.count() > 0 && peer->due == Clock::time_point{}) {
    peer->due = Clock::now() + step.after;
    peer->timed = true;
    due_.emplace(peer->due, fd);
    return false;
  }
  peer->due = {};
  peer->out = step.bytes;
  peer->then = step.then;
  peer->held = step.then == Step::Then::kHold;
  if (peer->held) ++held_;
  if (step.then != Step::Then::kRepeat) peer->steps.pop_front();
  return !peer->held;
}

void Upstream::Watch(int fd, Peer* peer) {
  const bool wants = !peer->out.empty();
  if (wants == peer->waits_for_room) return;
  peer->waits_for_room = wants;
  epoll_event event{};
  event.events = wants ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.fd = fd;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event);
}

void Upstream::RunDue() {
  const auto now = Clock::now();
  while (!due_.empty() && due_.begin()->first <= now) {
    const auto [when, fd] = *due_.begin();
    due_.erase(due_.begin());
    const auto found = peers_.find(fd);
    // The descriptor may be another connection's by now.
    if (found == peers_.end() || !found->second.timed || found->second.due != when) continue;
    found->second.timed = false;
    Advance(fd);
  }
}

void Upstream::RunWishes() {
  std::vector<int> resets;
  bool release = false;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    for (const std::string& name : std::exchange(resets_, {})) {
      const auto found = calls_.find(name);
      if (found != calls_.end()) resets.push_back(found->second);
    }
    release = std::exchange(release_, false);
  }
  for (const int fd : resets) Close(fd, true);
  if (!release) return;
  std::vector<int> held;
  for (auto& [fd, peer] : peers_) {
    if (std::exchange(peer.held, false)) held.push_back(fd);
  }
  held_ -= static_cast<int>(held.size());
  for (const int fd : held) Advance(fd);
}

// The request is answered, as far as its script says; the connection may carry the next one.
void Upstream::Over(Peer* peer) {
  if (!std::exchange(peer->busy, false)) return;
  --busy_;
  std::lock_guard<std::mutex> lock(mutex_);
  calls_.erase(peer->call);
}

void Upstream::Close(int fd, bool reset) {
  const auto found = peers_.find(fd);
  if (found == peers_.end()) return;
  if (found->second.held) --held_;
  Over(&found->second);
  peers_.erase(found);
  if (reset) {
    const linger now{1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  }
  close(fd);
  --open_;
}

}  // namespace sparkgate::soak
