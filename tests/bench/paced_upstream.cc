#include "tests/bench/paced_upstream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <random>
#include <string_view>

namespace sparkgate::bench {
namespace {

constexpr char kStreamHead[] =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

std::string HttpChunk(const std::string& data) {
  char size[16];
  snprintf(size, sizeof size, "%zx\r\n", data.size());
  return size + data + "\r\n";
}

std::string Event(size_t bytes) {
  const std::string head =
      "data: {\"id\":\"bench\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"
      "\"model\":\"bench\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"";
  const std::string tail = "\"},\"finish_reason\":null}]}\n\n";
  const size_t fill = bytes > head.size() + tail.size() ? bytes - head.size() - tail.size() : 1;
  return head + std::string(fill, 'x') + tail;
}

const std::string& StreamEnd() {
  static const std::string end = HttpChunk(
                                     "data: "
                                     "{\"id\":\"bench\",\"choices\":[{\"index\":0,\"delta\":{},"
                                     "\"finish_reason\":\"stop\"}]}\n\n"
                                     "data: [DONE]\n\n") +
                                 "0\r\n\r\n";
  return end;
}

const std::string& UnaryAnswer() {
  static const std::string body =
      "{\"id\":\"bench\",\"object\":\"chat.completion\",\"created\":1700000000,\"model\":\"bench\","
      "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Hello there.\"},"
      "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3,\"total_tokens\":6}}";
  static const std::string answer =
      "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body;
  return answer;
}

// The whole request is here: headers and as many bytes as Content-Length says.
bool IsComplete(const std::string& request) {
  const size_t end = request.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  const size_t at = request.find("Content-Length: ");
  const size_t length = at == std::string::npos ? 0 : std::stoul(request.substr(at + 16, 12));
  return request.size() >= end + 4 + length;
}

}  // namespace

PacedUpstream::PacedUpstream(std::chrono::milliseconds interval, int chunks, size_t chunk_bytes)
    : interval_(interval), chunks_(chunks), chunk_(HttpChunk(Event(chunk_bytes))) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener_, 4096) != 0) {
    perror("paced upstream");
    abort();
  }
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{EPOLLIN, {.fd = listener_}};
  epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event);
  thread_ = std::thread([this] { Run(); });
}

PacedUpstream::~PacedUpstream() {
  stopping_.store(true);
  thread_.join();
  for (const auto& [fd, stream] : streams_) close(fd);
  close(listener_);
  close(epoll_);
}

void PacedUpstream::Run() {
  epoll_event events[256];
  while (!stopping_.load()) {
    const int ready = epoll_wait(epoll_, events, 256, 1);
    for (int i = 0; i < ready; ++i) {
      if (events[i].data.fd == listener_) {
        Accept();
      } else {
        Read(events[i].data.fd);
      }
    }
    SendDue();
  }
}

void PacedUpstream::Accept() {
  for (int fd; (fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
    const int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    epoll_event event{EPOLLIN, {.fd = fd}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
    streams_[fd];
  }
}

void PacedUpstream::Read(int fd) {
  char bytes[16384];
  const ssize_t got = recv(fd, bytes, sizeof bytes, 0);
  if (got <= 0) {
    if (got == 0 || errno != EAGAIN) Close(fd);
    return;
  }
  Stream& stream = streams_[fd];
  stream.request.append(bytes, got);
  if (IsComplete(stream.request)) Answer(fd, &stream);
}

void PacedUpstream::Answer(int fd, Stream* stream) {
  const bool streamed = stream->request.find("\"stream\":true") != std::string::npos;
  stream->request.clear();
  const std::string_view answer = streamed ? std::string_view(kStreamHead) : UnaryAnswer();
  if (send(fd, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) return Close(fd);
  if (!streamed) return;
  static std::minstd_rand random(1);
  stream->running = true;
  stream->chunks_left = chunks_;
  stream->next =
      Clock::now() + std::chrono::microseconds(random() % (interval_.count() * 1000 + 1));
  open_streams_.fetch_add(1, std::memory_order_relaxed);
}

void PacedUpstream::SendDue() {
  const Clock::time_point now = Clock::now();
  for (auto& [fd, stream] : streams_) {
    if (!stream.running || stream.next > now) continue;
    stream.next += interval_;
    const std::string& bytes = stream.chunks_left-- > 0 ? chunk_ : StreamEnd();
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent == static_cast<ssize_t>(bytes.size()) && &bytes == &chunk_) {
      chunks_sent_.fetch_add(1, std::memory_order_relaxed);
    }
    if (&bytes != &chunk_) {
      stream.running = false;
      open_streams_.fetch_sub(1, std::memory_order_relaxed);
    }
  }
}

void PacedUpstream::Close(int fd) {
  if (streams_[fd].running) open_streams_.fetch_sub(1, std::memory_order_relaxed);
  streams_.erase(fd);
  close(fd);
}

}  // namespace sparkgate::bench
