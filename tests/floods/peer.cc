#include "tests/floods/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "tests/floods/http2.h"

namespace sparkgate::floods {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::string_view kOurPing = "Are you?";

uint32_t NumberAt(std::string_view bytes, size_t at, int count) {
  uint32_t value = 0;
  for (int i = 0; i < count; ++i) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}

// gRPC writes the name out the first time it sends a status on a connection.
std::string StatusIn(std::string_view block) {
  constexpr std::string_view kName = "grpc-status";
  const size_t at = block.find(kName);
  if (at == std::string_view::npos) return "a status seen before";
  const std::string_view rest = block.substr(at + kName.size());
  return "status " + std::string(rest.substr(1, static_cast<size_t>(rest[0])));
}

int Connect(int port, Peer::Manners manners) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (manners == Peer::Manners::kNeverReads) {
    const int small = 4096;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
  pollfd connecting{fd, POLLOUT, 0};
  poll(&connecting, 1, static_cast<int>(support::kPatience.count()));
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0 || connecting.revents == 0) {
    std::fprintf(stderr, "a raw peer cannot connect: error %d\n", error);
    std::abort();
  }
  return fd;
}

}  // namespace

Peer::Peer(int port, Manners manners) : fd_(Connect(port, manners)), manners_(manners) {}

Peer::~Peer() { close(fd_); }

Peer& Peer::Greet(Settings settings) {
  Send(std::string(kPreface) + Frame(kSettings, kNone, 0, ""));
  if (settings == Settings::kIgnored) return *this;
  const auto until = steady_clock::now() + support::kPatience;
  while (frames(kSettings) == 0 && Wait(/*write=*/false, until)) {
  }
  Send(Frame(kSettings, kAck, 0, ""));
  return *this;
}

bool Peer::Send(std::string_view bytes, milliseconds patience) {
  auto until = steady_clock::now() + patience;
  while (!bytes.empty() && !ended_) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
      until = steady_clock::now() + patience;
    } else if (errno != EAGAIN) {
      Receive();  // what came before the end
      ended_ = true;
    } else if (!Wait(/*write=*/true, until)) {
      break;
    }
  }
  unsent_ += bytes.size();
  return bytes.empty();
}

bool Peer::Wait(bool write, steady_clock::time_point until) {
  const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
  if (ended_ || left.count() <= 0) return false;
  const bool read = manners_ == Manners::kReads || !write;
  pollfd waited{fd_, static_cast<int16_t>((write ? POLLOUT : 0) | (read ? POLLIN : 0)), 0};
  if (poll(&waited, 1, static_cast<int>(left.count())) <= 0) return false;
  if (read && (waited.revents & (POLLIN | POLLHUP | POLLERR)) != 0) Receive();
  return true;
}

void Peer::Receive() {
  char bytes[64 * 1024];
  ssize_t got = 0;
  while ((got = recv(fd_, bytes, sizeof bytes, 0)) > 0) {
    received_.append(bytes, static_cast<size_t>(got));
    TakeFrames();
  }
  if (got == 0 || errno != EAGAIN) ended_ = true;
}

void Peer::TakeFrames() {
  std::string_view rest = received_;
  while (rest.size() >= kFrameHead) {
    const size_t length = NumberAt(rest, 0, 3);
    if (rest.size() < kFrameHead + length) break;
    TakeFrame(static_cast<uint8_t>(rest[3]), static_cast<uint8_t>(rest[4]), NumberAt(rest, 5, 4),
              rest.substr(kFrameHead, length));
    rest.remove_prefix(kFrameHead + length);
  }
  received_.erase(0, received_.size() - rest.size());
}

void Peer::TakeFrame(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload) {
  ++frames_[type];
  if (type == kPing && (flags & kAck) != 0 && payload == kOurPing) ++pongs_;
  if (type == kGoaway && payload.size() >= 8) {
    goaway_ = "GOAWAY " + std::to_string(NumberAt(payload, 4, 4));
    if (payload.size() > 8) *goaway_ += " " + std::string(payload.substr(8, 40));
  }
  if (type == kHeaders && (flags & kEndStream) != 0) {
    streams_.emplace(stream, StatusIn(payload));
  } else if (type == kRstStream && payload.size() == 4) {
    streams_.emplace(stream, "RST " + std::to_string(NumberAt(payload, 0, 4)));
  }
}

std::string Peer::State() {
  // A connection that is being ended may still answer the first one.
  for (int round = 1; round <= 2; ++round) {
    Send(Frame(kPing, kNone, 0, kOurPing));
    const auto until = steady_clock::now() + support::kPatience;
    while (pongs_ < round && Wait(/*write=*/false, until)) {
    }
    if (ended_) return AwaitEnd();
    if (pongs_ < round) return "silent";
  }
  return "open";
}

std::string Peer::AwaitEnd(milliseconds patience) {
  const auto until = steady_clock::now() + patience;
  while (Wait(/*write=*/false, until)) {
  }
  if (!ended_) return "open";
  return goaway_ ? "ended, " + *goaway_ : "ended";
}

std::string Peer::AwaitStream(uint32_t stream, milliseconds patience) {
  const auto until = steady_clock::now() + patience;
  while (Stream(stream).empty() && Wait(/*write=*/false, until)) {
  }
  const std::string end = Stream(stream);
  return end.empty() ? "nothing" : end;
}

std::string Peer::Stream(uint32_t stream) const {
  const auto found = streams_.find(stream);
  return found == streams_.end() ? "" : found->second;
}

int Peer::frames(uint8_t type) const {
  const auto found = frames_.find(type);
  return found == frames_.end() ? 0 : found->second;
}

}  // namespace sparkgate::floods
