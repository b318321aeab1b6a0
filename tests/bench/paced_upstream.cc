#include "tests/bench/paced_upstream.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <utility>

#include "tests/bench/mark.h"

namespace sparkgate::bench {
namespace {

constexpr char kStreamHead[] =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
constexpr char kEventHead[] =
    "data: {\"id\":\"bench\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"
    "\"model\":\"bench\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"";
constexpr char kEventTail[] = "\"},\"finish_reason\":null}]}\n\n";
constexpr char kModelKey[] = "pace/";

// The system would let megabytes wait for a gateway that does not read.
constexpr int kSendBuffer = 64 * 1024;

std::string HttpChunk(const std::string& data) {
  char size[16];
  std::snprintf(size, sizeof(size), "%zx\r\n", data.size());
  return size + data + "\r\n";
}

const std::string& StreamEnd() {
  static const std::string end =
      HttpChunk(
          "data: {\"id\":\"bench\",\"choices\":[{\"index\":0,\"delta\":{},"
          "\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n") +
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

Pace PaceOf(const std::string& request) {
  Pace pace;
  const size_t at = request.find(kModelKey);
  int stream = 0;
  int bunched = 0;
  int first_now = 0;
  if (at == std::string::npos ||
      std::sscanf(request.c_str() + at + sizeof(kModelKey) - 1, "%d/%d/%d/%d/%d/%d", &stream,
                  &pace.interval_us, &pace.chunks, &bunched, &first_now, &pace.chunk_bytes) != 6) {
    pace.stream = false;
    return pace;
  }
  pace.stream = stream != 0;
  pace.bunched = bunched != 0;
  pace.first_now = first_now != 0;
  return pace;
}

}  // namespace

std::string ModelOf(const Pace& pace) {
  char model[96];
  std::snprintf(model, sizeof(model), "%s%d/%d/%d/%d/%d/%d", kModelKey, pace.stream ? 1 : 0,
                pace.interval_us, pace.chunks, pace.bunched ? 1 : 0, pace.first_now ? 1 : 0,
                pace.chunk_bytes);
  return model;
}

PacedUpstream::PacedUpstream() {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener_, 4096) != 0) {
    std::perror("paced upstream");
    std::abort();
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

std::vector<int64_t> PacedUpstream::TakeAbortTimesNs() {
  std::lock_guard<std::mutex> lock(mutex_);
  return std::exchange(abort_times_ns_, {});
}

void PacedUpstream::Run() {
  constexpr int64_t kMostWaitNs = 50'000'000;
  epoll_event events[256];
  while (!stopping_.load()) {
    const int64_t left = due_.empty() ? kMostWaitNs : due_.top().when_ns - NowNs();
    const timespec wait{0, std::clamp<int64_t>(left, 0, kMostWaitNs)};
    const int ready = epoll_pwait2(epoll_, events, 256, &wait, nullptr);
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
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kSendBuffer, sizeof(kSendBuffer));
    epoll_event event{EPOLLIN, {.fd = fd}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
    streams_[fd];
  }
}

void PacedUpstream::Read(int fd) {
  char bytes[16384];
  const ssize_t got = recv(fd, bytes, sizeof(bytes), 0);
  if (got <= 0) {
    if (got == 0 || errno != EAGAIN) Close(fd);
    return;
  }
  Stream& stream = streams_[fd];
  stream.request.append(bytes, static_cast<size_t>(got));
  if (IsComplete(stream.request)) Answer(fd, &stream);
}

void PacedUpstream::Answer(int fd, Stream* stream) {
  stream->pace = PaceOf(stream->request);
  stream->request.clear();
  requests_.fetch_add(1);
  const std::string_view answer =
      stream->pace.stream ? std::string_view(kStreamHead) : UnaryAnswer();
  if (send(fd, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) return Close(fd);
  if (!stream->pace.stream) return;
  static std::minstd_rand random(1);
  stream->running = true;
  stream->next_chunk = 0;
  stream->unsent.clear();
  stream->generation = ++generations_;
  open_streams_.fetch_add(1);
  const int64_t interval = stream->pace.interval_us * 1000LL;
  int64_t first = NowNs();
  if (stream->pace.bunched) {
    first += interval - first % interval;
  } else if (!stream->pace.first_now) {
    first += static_cast<int64_t>(random()) % (interval + 1);
  }
  due_.push({first, fd, stream->generation});
}

void PacedUpstream::SendDue() {
  const int64_t now = NowNs();
  while (!due_.empty() && due_.top().when_ns <= now) {
    Due due = due_.top();
    due_.pop();
    const auto found = streams_.find(due.fd);
    if (found == streams_.end() || found->second.generation != due.generation) continue;
    Stream& stream = found->second;
    if (!stream.running) continue;
    const bool sent = SendChunk(due.fd, &stream);
    if (!stream.running) continue;
    due.when_ns = sent ? due.when_ns + stream.pace.interval_us * 1000LL : now + 10'000'000;
    due_.push(due);
  }
}

bool PacedUpstream::SendChunk(int fd, Stream* stream) {
  if (stream->next_chunk == static_cast<uint32_t>(stream->pace.chunks)) {
    stream->running = false;
    open_streams_.fetch_sub(1);
    send(fd, StreamEnd().data(), StreamEnd().size(), MSG_NOSIGNAL);
    return false;
  }
  if (!stream->unsent.empty()) {
    SendUnsent(fd, stream);
    return false;
  }
  constexpr size_t kFixed = sizeof(kEventHead) + kMarkBytes + sizeof(kEventTail);
  const size_t wanted = static_cast<size_t>(stream->pace.chunk_bytes);
  const std::string filling(wanted - std::min(wanted, kFixed), 'x');
  stream->unsent = HttpChunk(kEventHead + Mark(stream->next_chunk, NowNs()) + filling + kEventTail);
  ++stream->next_chunk;
  chunks_sent_.fetch_add(1);
  return SendUnsent(fd, stream);
}

// False if some is left.
bool PacedUpstream::SendUnsent(int fd, Stream* stream) {
  const ssize_t sent = send(fd, stream->unsent.data(), stream->unsent.size(), MSG_NOSIGNAL);
  if (sent > 0) stream->unsent.erase(0, static_cast<size_t>(sent));
  return stream->unsent.empty();
}

void PacedUpstream::Close(int fd) {
  if (streams_[fd].running) {
    open_streams_.fetch_sub(1);
    std::lock_guard<std::mutex> lock(mutex_);
    abort_times_ns_.push_back(NowNs());
  }
  streams_.erase(fd);
  close(fd);
}

}  // namespace sparkgate::bench
