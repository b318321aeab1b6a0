#include "service/rpc/acceptor.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

namespace sparkgate::rpc {
namespace {

constexpr int kBacklog = 1024;
constexpr int kNoDescriptorPauseMs = 50;

absl::Status SocketError(const std::string& what, const std::string& host, int port) {
  const std::string text = what + " " + host + ":" + std::to_string(port) + ": " + strerror(errno);
  return absl::FailedPreconditionError(
      errno == EADDRINUSE
          ? text + "; another program has this port, choose another one with --listen"
          : text);
}

void SetOption(int fd, int level, int option, int value) {
  setsockopt(fd, level, option, &value, sizeof value);
}

int BoundPort(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<sockaddr_in6*>(&address)->sin6_port);
  }
  return ntohs(reinterpret_cast<sockaddr_in*>(&address)->sin_port);
}

// Closed with a reset: the newcomer must not wait for an answer.
void Refuse(int fd) {
  const linger now{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close(fd);
}

int Bind(const addrinfo& address) {
  const int fd = socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  SetOption(fd, SOL_SOCKET, SO_REUSEADDR,
            1);  // after a restart; a live listener still holds its port
  if (address.ai_family == AF_INET6) SetOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  if (bind(fd, address.ai_addr, address.ai_addrlen) == 0 && listen(fd, kBacklog) == 0) return fd;
  const int error = errno;
  close(fd);
  errno = error;
  return -1;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Acceptor>> Acceptor::Listen(const std::string& host, int port,
                                                           int max_connections) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.empty() ? nullptr : host.c_str(), std::to_string(port).c_str(),
                                &hints, &found);
  if (error != 0) {
    return absl::InvalidArgumentError("--listen: " + host +
                                      " is no address of this machine: " + gai_strerror(error));
  }
  const int fd = Bind(*found);
  freeaddrinfo(found);
  if (fd < 0) return SocketError("cannot listen on", host, port);
  return std::unique_ptr<Acceptor>(new Acceptor(fd, BoundPort(fd), max_connections));
}

Acceptor::Acceptor(int listener, int port, int max_connections)
    : listener_(listener),
      wake_(eventfd(0, EFD_CLOEXEC)),
      port_(port),
      max_connections_(max_connections) {}

Acceptor::~Acceptor() {
  Stop();
  close(wake_);
}

void Acceptor::Start(std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> target,
                     std::chrono::milliseconds stuck_after) {
  target_ = std::move(target);
  stuck_after_ = stuck_after;
  thread_ = std::thread([this] { Run(); });
}

void Acceptor::Stop() {
  if (thread_.joinable()) {
    const uint64_t one = 1;
    if (write(wake_, &one, sizeof one) == sizeof one) thread_.join();
  }
  if (listener_ >= 0) close(std::exchange(listener_, -1));
}

void Acceptor::Run() {
  pollfd waited[] = {{wake_, POLLIN, 0}, {listener_, POLLIN, 0}};
  bool pausing = false;
  while (true) {
    // Out of descriptors the listener stays readable: it is left out of the poll for a while.
    poll(waited, pausing ? 1 : 2, pausing ? kNoDescriptorPauseMs : -1);
    if (waited[0].revents != 0) return;
    pausing = !AcceptOne();
  }
}

bool Acceptor::AcceptOne() {
  const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM;
  if (HasRoom()) {
    HandOver(fd);
  } else {
    refused_.fetch_add(1, std::memory_order_relaxed);
    Refuse(fd);
  }
  return true;
}

bool Acceptor::HasRoom() {
  if (handed_over_.size() < static_cast<size_t>(max_connections_)) return true;
  for (auto entry = handed_over_.begin(); entry != handed_over_.end();) {
    struct stat now {};
    const bool open = fstat(entry->first, &now) == 0 && now.st_ino == entry->second;
    entry = open ? std::next(entry) : handed_over_.erase(entry);
  }
  return handed_over_.size() < static_cast<size_t>(max_connections_);
}

void Acceptor::HandOver(int fd) {
  SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  SetOption(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(stuck_after_.count()));
  struct stat now {};
  fstat(fd, &now);
  handed_over_[fd] = now.st_ino;
  grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
  connection.fd = fd;
  target_->HandleNewConnection(&connection);
}

}  // namespace sparkgate::rpc
