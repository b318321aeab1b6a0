#include "service/upstream/socket_tracker.h"

#include <arpa/inet.h>
#include <linux/tcp.h>  // tcpi_bytes_acked and later ones, which netinet/tcp.h does not know
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>

namespace sparkgate::upstream {
namespace {

// Above it a paused upstream is made to wait; the kernel keeps about this much per paused stream.
constexpr int kReceiveBuffer = 64 * 1024;

// Closing says RST instead of FIN: the peer notices at once, and no port stays in TIME_WAIT.
void SetResetOnClose(int fd, bool reset) {
  const linger how{reset ? 1 : 0, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &how, sizeof(how));
}

std::string EndsText(const SocketTracker::Ends& ends) {
  std::string text = ends.local_ip;
  text += '|';
  text += std::to_string(ends.local_port);
  text += '|';
  text += ends.remote_ip;
  text += '|';
  text += std::to_string(ends.remote_port);
  return text;
}

bool IsAt(const sockaddr_storage& address, const char* ip, int port) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof(text));
    return ntohs(v4.sin_port) == port && text == std::string(ip);
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
  inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof(text));
  return ntohs(v6.sin6_port) == port && text == std::string(ip);
}

bool RunsBetween(int fd, const SocketTracker::Ends& ends) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return false;
  if (!IsAt(address, ends.local_ip, ends.local_port)) return false;
  size = sizeof(address);
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return false;
  return IsAt(address, ends.remote_ip, ends.remote_port);
}

}  // namespace

SendState ReadSendState(int fd) {
  SendState state;
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return state;
  if (size < offsetof(tcp_info, tcpi_notsent_bytes) + sizeof(info.tcpi_notsent_bytes)) return state;
  state.known = true;
  state.acked = info.tcpi_bytes_acked;
  state.queue_empty = info.tcpi_unacked == 0 && info.tcpi_notsent_bytes == 0;
  return state;
}

bool IsSilent(int fd) {
  char byte;
  return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

curl_socket_t SocketTracker::Open(const curl_sockaddr& address, Owner opener) {
  const int fd = socket(address.family, address.socktype | SOCK_CLOEXEC, address.protocol);
  if (fd < 0) return CURL_SOCKET_BAD;
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof(kReceiveBuffer));
  // From the start: a socket whose connection libcurl has not noticed yet it closes without telling
  // us.
  SetResetOnClose(fd, true);
  sockets_[fd].owner = opener;
  by_owner_.emplace(opener, fd);
  return fd;
}

int SocketTracker::FindFresh(const Ends& ends, Owner opener) const {
  const auto [begin, end] = by_owner_.equal_range(opener);
  for (auto it = begin; it != end; ++it) {
    if (sockets_.at(it->second).ends.empty() && RunsBetween(it->second, ends)) return it->second;
  }
  return -1;
}

SocketTracker::Use SocketTracker::BeginUse(const Ends& ends, Owner user) {
  std::string text = EndsText(ends);
  const auto known = by_ends_.find(text);
  if (known != by_ends_.end()) {
    const int fd = known->second;
    Socket& socket = sockets_[fd];
    // The last user may have ended a moment ago, and not be released yet.
    if (socket.owner != nullptr) Disown(fd, socket.owner);
    socket.owner = user;
    socket.reset = false;
    by_owner_.emplace(user, fd);
    return {fd, true};
  }
  const int fd = FindFresh(ends, user);
  if (fd < 0) return {};
  by_ends_[text] = fd;
  sockets_[fd].ends = std::move(text);
  return {fd, false};
}

void SocketTracker::Release(Owner owner) {
  const auto [begin, end] = by_owner_.equal_range(owner);
  for (auto it = begin; it != end; ++it) {
    sockets_[it->second].owner = nullptr;
    sockets_[it->second].reset = false;
  }
  by_owner_.erase(begin, end);
}

bool SocketTracker::IsKept(const Socket& socket) {
  return socket.owner == nullptr && !socket.ends.empty() && !socket.ended;
}

size_t SocketTracker::kept() const {
  return std::count_if(sockets_.begin(), sockets_.end(),
                       [](const auto& entry) { return IsKept(entry.second); });
}

void SocketTracker::ShutDownKept(size_t most) {
  size_t left = kept();
  for (auto& [fd, socket] : sockets_) {
    if (left <= most) return;
    if (!IsKept(socket)) continue;
    shutdown(fd, SHUT_RDWR);
    socket.ended = true;
    --left;
  }
}

bool SocketTracker::has_ended() const {
  return std::any_of(sockets_.begin(), sockets_.end(),
                     [](const auto& entry) { return entry.second.ended; });
}

void SocketTracker::ResetOnClose(Owner owner) {
  const auto [begin, end] = by_owner_.equal_range(owner);
  for (auto it = begin; it != end; ++it) sockets_[it->second].reset = true;
}

void SocketTracker::Disown(int fd, Owner owner) {
  const auto [begin, end] = by_owner_.equal_range(owner);
  for (auto it = begin; it != end; ++it) {
    if (it->second != fd) continue;
    by_owner_.erase(it);
    return;
  }
}

SocketTracker::Closed SocketTracker::Close(curl_socket_t fd) {
  Closed closed;
  const auto found = sockets_.find(fd);
  if (found != sockets_.end()) {
    const Socket& socket = found->second;
    closed.owner = socket.owner;
    closed.used = !socket.ends.empty();
    if (socket.owner != nullptr && closed.used) closed.state = ReadSendState(fd);
    if (!socket.reset) SetResetOnClose(fd, false);
    if (socket.owner != nullptr) Disown(fd, socket.owner);
    if (closed.used) by_ends_.erase(socket.ends);
    sockets_.erase(found);
  }
  close(fd);
  return closed;
}

}  // namespace sparkgate::upstream
