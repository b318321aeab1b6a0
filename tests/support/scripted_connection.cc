#include "tests/support/scripted_connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "tests/support/http_text.h"

namespace sparkgate::support {
namespace {

std::string LowerCase(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

void SetPatience(int fd) {
  timeval patience{};
  patience.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(kPatience).count();
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
}

// Of one end of the connection: getpeername or getsockname.
int PortOf(int fd, int (*get_name)(int, sockaddr*, socklen_t*)) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  if (get_name(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return ntohs(address.sin_port);
}

}  // namespace

std::string_view ReceivedRequest::Header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return "";
}

Connection::Connection(int index, int fd, SSL* ssl, ConnectionLog* log)
    : index_(index),
      ssl_(ssl),
      log_(log),
      peer_port_(PortOf(fd, getpeername)),
      port_(PortOf(fd, getsockname)),
      fd_(fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  SetPatience(fd);
}

Connection::~Connection() {
  CloseFd();
  if (ssl_ != nullptr) SSL_free(ssl_);
}

void Connection::NotePeerClose(PeerClose::Kind kind) {
  if (peer_close_noted_) return;
  peer_close_noted_ = true;
  log_->OnPeerClose({index_, kind, std::chrono::steady_clock::now()});
}

bool Connection::Fill(size_t most) {
  if (fd_ < 0) return false;
  char bytes[16 * 1024];
  most = std::min(most, sizeof(bytes));
  errno = 0;
  const ssize_t count =
      ssl_ != nullptr ? SSL_read(ssl_, bytes, static_cast<int>(most)) : recv(fd_, bytes, most, 0);
  if (count > 0) {
    bytes_received_ += static_cast<uint64_t>(count);
    buffer_.append(bytes, static_cast<size_t>(count));
    return true;
  }
  if (errno == ECONNRESET) {
    NotePeerClose(PeerClose::Kind::kReset);
  } else if (ssl_ != nullptr && errno == 0) {
    WaitForPeerClose();  // a close_notify does not say what follows it
  } else if (count == 0) {
    NotePeerClose(PeerClose::Kind::kFin);
  }
  return false;
}

std::optional<ReceivedRequest> Connection::ParseHead(size_t step) {
  size_t end;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!Fill(step)) return std::nullopt;
  }
  const std::string head = buffer_.substr(0, end + 2);
  buffer_.erase(0, end + 4);

  ReceivedRequest request;
  request.connection = index_;
  size_t line_start = head.find("\r\n") + 2;
  const std::string first_line = head.substr(0, line_start - 2);
  const size_t space = first_line.find(' ');
  request.method = first_line.substr(0, space);
  request.target = first_line.substr(space + 1, first_line.rfind(' ') - space - 1);
  while (line_start < head.size()) {
    const size_t line_end = head.find("\r\n", line_start);
    const std::string line = head.substr(line_start, line_end - line_start);
    line_start = line_end + 2;
    const size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const size_t value = line.find_first_not_of(' ', colon + 1);
    request.headers.emplace_back(LowerCase(line.substr(0, colon)),
                                 value == std::string::npos ? "" : line.substr(value));
  }
  return request;
}

bool Connection::ReadBody(ReceivedRequest* request) {
  const size_t length =
      std::strtoull(std::string(request->Header("content-length")).c_str(), nullptr, 10);
  request->body = ReadBytes(length);
  return request->body.size() == length;
}

std::optional<ReceivedRequest> Connection::ReadHead() { return ParseHead(1); }

std::optional<ReceivedRequest> Connection::ReadRequest() {
  std::optional<ReceivedRequest> request = ParseHead(SIZE_MAX);
  if (!request.has_value() || !ReadBody(&*request)) return std::nullopt;
  log_->OnRequest(*request);
  return request;
}

std::string Connection::ReadBytes(size_t count) {
  while (buffer_.size() < count && Fill(count - buffer_.size())) {
  }
  std::string bytes = buffer_.substr(0, count);
  buffer_.erase(0, bytes.size());
  return bytes;
}

bool Connection::WaitForBytes(std::chrono::microseconds patience) {
  if (!buffer_.empty() || (ssl_ != nullptr && SSL_pending(ssl_) > 0)) return true;
  const timespec most{patience.count() / 1000000, patience.count() % 1000000 * 1000};
  pollfd ready{fd_, POLLIN, 0};
  return fd_ >= 0 && ppoll(&ready, 1, &most, nullptr) > 0;
}

bool Connection::Send(std::string_view bytes) {
  if (fd_ < 0 || silent_) return false;
  while (!bytes.empty()) {
    const size_t most = std::min<size_t>(bytes.size(), 1 << 20);
    const ssize_t sent = ssl_ != nullptr ? SSL_write(ssl_, bytes.data(), static_cast<int>(most))
                                         : send(fd_, bytes.data(), most, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

bool Connection::SendBelowTls(std::string_view bytes) {
  return fd_ >= 0 &&
         send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

bool Connection::SendSlowly(const std::vector<std::string>& pieces,
                            std::chrono::microseconds pause) {
  for (const std::string& piece : pieces) {
    if (!Send(piece)) return false;
    std::this_thread::sleep_for(pause);
  }
  return true;
}

bool Connection::SendChunk(std::string_view data) { return Send(Chunk(data)); }

bool Connection::SendLastChunk(std::string_view trailers) { return Send(LastChunk(trailers)); }

PeerClose Connection::WaitForPeerClose(std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  PeerClose close{index_, PeerClose::Kind::kTimeout, {}};
  while (fd_ >= 0 && close.kind == PeerClose::Kind::kTimeout) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    if (left.count() <= 0) break;
    pollfd ready{fd_, POLLIN, 0};
    if (poll(&ready, 1, static_cast<int>(left.count())) <= 0) continue;
    char dropped[16 * 1024];
    const ssize_t count = recv(fd_, dropped, sizeof(dropped), MSG_DONTWAIT);
    if (count == 0) close.kind = PeerClose::Kind::kFin;
    if (count < 0 && errno != EAGAIN && errno != EINTR) close.kind = PeerClose::Kind::kReset;
  }
  close.when = std::chrono::steady_clock::now();
  if (close.kind != PeerClose::Kind::kTimeout) NotePeerClose(close.kind);
  return close;
}

void Connection::CloseFd() {
  std::lock_guard<std::mutex> lock(fd_mutex_);
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

void Connection::Close() {
  if (fd_ >= 0 && ssl_ != nullptr && !silent_) SSL_shutdown(ssl_);
  CloseFd();
}

void Connection::CloseWithoutNotify() { CloseFd(); }

void Connection::Reset() {
  if (fd_ < 0) return;
  const linger now{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  CloseFd();
}

void Connection::HalfClose(bool notify) {
  if (fd_ < 0) return;
  if (ssl_ != nullptr && notify) SSL_shutdown(ssl_);
  silent_ = true;
  shutdown(fd_, SHUT_WR);
}

bool Connection::StopReceiving(size_t unread) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  int waiting = 0;
  while (ioctl(fd_, FIONREAD, &waiting) == 0 && static_cast<size_t>(waiting) < unread) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  const int least = 1;  // the kernel makes it about 2 KiB, and drops what comes on top of more
  return setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least)) == 0;
}

size_t Connection::Unread() const {
  int waiting = 0;
  return ioctl(fd_, FIONREAD, &waiting) == 0 ? static_cast<size_t>(waiting) : 0;
}

void Connection::SetSendBuffer(int bytes) {
  setsockopt(fd_, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

void Connection::Interrupt() {
  std::lock_guard<std::mutex> lock(fd_mutex_);
  if (fd_ >= 0) shutdown(fd_, SHUT_RDWR);
}

}  // namespace sparkgate::support
