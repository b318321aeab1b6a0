#include "service/rpc/acceptor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace sparkgate::rpc {
namespace {

constexpr int kBacklog = 1024;
constexpr int kNoDescriptorPauseMs = 50;

// Enough for the probes of a node and some that are slow; each has the time of a probe.
constexpr size_t kReserves = 8;
constexpr std::chrono::seconds kReserveTime{5};
constexpr int kReserveLookMs = 100;

absl::Status SocketError(const std::string& what, const std::string& host, int port) {
  const int error = errno;
  const bool ipv6 = host.find(':') != std::string::npos;
  const std::string text = what + " " + (ipv6 ? "[" + host + "]" : host) + ":" +
                           std::to_string(port) + ": " + strerror(error);
  return absl::FailedPreconditionError(
      error == EADDRINUSE
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

// `alone`: there is no other address, so that an IPv6 one may take IPv4 too.
int Bind(const addrinfo& address, bool alone) {
  const int fd = socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  SetOption(fd, SOL_SOCKET, SO_REUSEADDR,
            1);  // after a restart; a live listener still holds its port
  if (address.ai_family == AF_INET6) SetOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, alone ? 0 : 1);
  if (bind(fd, address.ai_addr, address.ai_addrlen) == 0 && listen(fd, kBacklog) == 0) return fd;
  const int error = errno;
  close(fd);
  errno = error;
  return -1;
}

constexpr int kNotNeeded = -2;

void SetPort(addrinfo* address, int port) {
  if (address->ai_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(address->ai_addr)->sin6_port = htons(port);
  } else if (address->ai_family == AF_INET) {
    reinterpret_cast<sockaddr_in*>(address->ai_addr)->sin_port = htons(port);
  }
}

// A name may have the same address twice.
bool IsRepeated(const addrinfo* first, const addrinfo* address) {
  for (; first != address; first = first->ai_next) {
    if (first->ai_addrlen == address->ai_addrlen &&
        memcmp(first->ai_addr, address->ai_addr, address->ai_addrlen) == 0) {
      return true;
    }
  }
  return false;
}

// The machine has no such addresses, whatever a name says.
bool IsUnknownFamily(int error) { return error == EAFNOSUPPORT || error == EADDRNOTAVAIL; }

// `::` is every address of both families; of a kernel without IPv6, every one of the other.
std::string WithoutMissingFamily(const std::string& host) {
  if (host != "::") return host;
  const int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool missing = fd < 0 && errno == EAFNOSUPPORT;
  if (fd >= 0) close(fd);
  return missing ? "0.0.0.0" : host;
}

// As grpc::ServerContext::peer() writes it.
std::string PeerOf(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size);
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    const auto* ipv4 = reinterpret_cast<sockaddr_in*>(&address);
    inet_ntop(AF_INET, &ipv4->sin_addr, text, sizeof text);
    return std::string("ipv4:") + text + ":" + std::to_string(ntohs(ipv4->sin_port));
  }
  const auto* ipv6 = reinterpret_cast<sockaddr_in6*>(&address);
  if (IN6_IS_ADDR_V4MAPPED(&ipv6->sin6_addr)) {
    inet_ntop(AF_INET, &ipv6->sin6_addr.s6_addr[12], text, sizeof text);
    return std::string("ipv4:") + text + ":" + std::to_string(ntohs(ipv6->sin6_port));
  }
  inet_ntop(AF_INET6, &ipv6->sin6_addr, text, sizeof text);
  return std::string("ipv6:%5B") + text + "%5D:" + std::to_string(ntohs(ipv6->sin6_port));
}

bool HasEnded(int fd) {
  pollfd waited{fd, POLLRDHUP, 0};
  return poll(&waited, 1, 0) > 0 && (waited.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Acceptor>> Acceptor::Listen(const std::string& listen_host, int port,
                                                           int max_connections) {
  const std::string host = WithoutMissingFamily(listen_host);
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
  std::vector<int> listeners;
  int bound_port = port;
  absl::Status status, unavailable;
  for (addrinfo* address = found; address != nullptr && status.ok(); address = address->ai_next) {
    SetPort(address, bound_port);
    const int fd =
        IsRepeated(found, address) ? kNotNeeded : Bind(*address, found->ai_next == nullptr);
    if (fd >= 0) {
      listeners.push_back(fd);
      bound_port = BoundPort(fd);
    } else if (fd != kNotNeeded) {
      absl::Status& failed = IsUnknownFamily(errno) ? unavailable : status;
      failed = SocketError("cannot listen on", host, bound_port);
    }
  }
  freeaddrinfo(found);
  if (status.ok() && listeners.empty()) status = unavailable;
  if (!status.ok()) {
    for (const int fd : listeners) close(fd);
    return status;
  }
  return std::unique_ptr<Acceptor>(new Acceptor(std::move(listeners), bound_port, max_connections));
}

Acceptor::Acceptor(std::vector<int> listeners, int port, int max_connections)
    : listeners_(std::move(listeners)),
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
  for (const int listener : std::exchange(listeners_, {})) close(listener);
  EndReserves(Clock::time_point::max());
}

void Acceptor::Run() {
  std::vector<pollfd> waited = {{wake_, POLLIN, 0}};
  for (const int listener : listeners_) waited.push_back({listener, POLLIN, 0});
  bool pausing = false;
  while (true) {
    // Out of descriptors the listeners stay readable: they are left out of the poll for a while.
    poll(waited.data(), pausing ? 1 : waited.size(), PollTime(pausing));
    if (waited[0].revents != 0) return;
    EndReserves(Clock::now());
    bool no_descriptor = false;
    for (size_t i = 1; i < waited.size(); ++i) {
      const bool ready = pausing || std::exchange(waited[i].revents, 0) != 0;
      if (ready && !AcceptOne(waited[i].fd)) no_descriptor = true;
    }
    pausing = no_descriptor;
  }
}

int Acceptor::PollTime(bool pausing) const {
  if (pausing) return kNoDescriptorPauseMs;
  return reserve_count_.load() > 0 ? kReserveLookMs : -1;
}

bool Acceptor::AcceptOne(int listener) {
  const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM;
  if (HasRoom()) {
    HandOver(fd);
  } else if (AddReserve(fd)) {
    HandOver(fd);
  } else {
    refused_.fetch_add(1, std::memory_order_relaxed);
    Refuse(fd);
  }
  return true;
}

bool Acceptor::AddReserve(int fd) {
  EndReserves(Clock::now());
  std::lock_guard<std::mutex> lock(reserve_mutex_);
  if (reserves_.size() >= kReserves) return false;
  const int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (own < 0) return false;
  reserves_.push_back({own, PeerOf(fd), Clock::now() + kReserveTime});
  reserve_count_.store(static_cast<int>(reserves_.size()));
  return true;
}

// Shut down, not only closed: gRPC has a descriptor of its own, and hears of the end by it.
void Acceptor::EndReserves(Clock::time_point now) {
  std::lock_guard<std::mutex> lock(reserve_mutex_);
  const auto over = [now](const Reserve& reserve) {
    if (reserve.until > now && !HasEnded(reserve.fd)) return false;
    shutdown(reserve.fd, SHUT_RDWR);
    close(reserve.fd);
    return true;
  };
  reserves_.erase(std::remove_if(reserves_.begin(), reserves_.end(), over), reserves_.end());
  reserve_count_.store(static_cast<int>(reserves_.size()));
}

bool Acceptor::IsReserve(const std::string& peer) const {
  if (reserve_count_.load() == 0) return false;
  std::lock_guard<std::mutex> lock(reserve_mutex_);
  return std::any_of(reserves_.begin(), reserves_.end(),
                     [&peer](const Reserve& reserve) { return reserve.peer == peer; });
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
