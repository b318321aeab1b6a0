#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/bench/load_client.h"
#include "tests/bench/sockets.h"

namespace sparkgate::bench {
namespace {

// Reads one response after the other: the head, then a body of chunks or of a length.
class ResponseReader {
 public:
  // Hands out the body's bytes by `on_bytes`; true when a response has ended with these.
  template <typename OnBytes>
  bool Feed(std::string_view bytes, const OnBytes& on_bytes) {
    while (!bytes.empty()) {
      if (left_ > 0) {
        const std::string_view piece = bytes.substr(0, left_);
        on_bytes(piece);
        left_ -= piece.size();
        bytes.remove_prefix(piece.size());
        if (left_ == 0 && !chunked_) return End();
        continue;
      }
      const size_t end = bytes.find('\n');
      line_.append(bytes.substr(0, end));
      if (end == std::string_view::npos) return false;
      bytes.remove_prefix(end + 1);
      if (!line_.empty() && line_.back() == '\r') line_.pop_back();
      if (TakeLine()) return End();
      line_.clear();
    }
    return false;
  }
  bool ok() const { return ok_; }

 private:
  // True if it is the last one of the response.
  bool TakeLine() {
    if (in_head_) {
      if (line_.rfind("HTTP/", 0) == 0) ok_ = line_.substr(9, 3) == "200";
      if (line_.rfind("ransfer-", 1) == 1) chunked_ = true;
      if (line_.rfind("ontent-", 1) == 1 && line_.size() > 16 && line_[8] != 't' &&
          line_[8] != 'T') {
        std::from_chars(line_.data() + 16, line_.data() + line_.size(), length_);
      }
      if (!line_.empty()) return false;
      in_head_ = false;
      if (!chunked_) left_ = length_;
      return !chunked_ && length_ == 0;
    }
    if (line_.empty()) return last_chunk_;  // behind a chunk, or behind the last one
    std::from_chars(line_.data(), line_.data() + line_.size(), left_, 16);
    last_chunk_ = left_ == 0;
    return false;
  }

  bool End() {
    const bool ok = ok_;
    *this = ResponseReader();
    ok_ = ok;
    return true;
  }

  std::string line_;
  size_t left_ = 0;
  size_t length_ = 0;
  bool in_head_ = true;
  bool chunked_ = false;
  bool last_chunk_ = false;
  bool ok_ = false;
};

class Http1Client final : public LoadClient {
 public:
  Http1Client(int port, const ClientOptions& options, LoadEvents* events)
      : port_(port),
        prompt_(options.prompt_bytes, 'p'),
        events_(events),
        epoll_(epoll_create1(0)) {}
  ~Http1Client() override {
    for (const auto& [fd, connection] : connections_) close(fd);
    close(epoll_);
  }

  void Start(int call, const Pace& pace) override {
    if (kept_.empty()) {
      const int fd = ConnectTo(port_);
      WatchForInput(epoll_, fd);
      kept_.push_back(fd);
    }
    const int fd = kept_.back();
    kept_.pop_back();
    connections_[fd].call = call;
    by_call_[call] = fd;
    const std::string body = "{\"model\":\"" + ModelOf(pace) +
                             "\",\"messages\":[{\"role\":\"user\",\"content\":\"" + prompt_ +
                             "\"}],\"stream\":" + (pace.stream ? "true" : "false") + "}";
    const std::string request =
        "POST /v1/chat/completions HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        "Content-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body;
    if (send(fd, request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size())) {
      std::abort();
    }
  }

  void Abort(int call) override {
    const auto found = by_call_.find(call);
    if (found == by_call_.end()) return;
    const int fd = found->second;
    by_call_.erase(found);
    connections_.erase(fd);
    close(fd);
  }

  void Poll(int64_t wait_ns) override {
    epoll_event ready[256];
    const int count = WaitForInput(epoll_, ready, 256, wait_ns);
    for (int i = 0; i < count; ++i) Read(ready[i].data.fd);
  }

 private:
  struct Connection {
    int call = -1;
    ResponseReader reader;
  };

  void Read(int fd) {
    const auto found = connections_.find(fd);
    if (found == connections_.end()) return;
    char bytes[16384];
    const ssize_t got = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return;
    Connection& connection = found->second;
    const int call = connection.call;
    const bool ended = got > 0 && connection.reader.Feed({bytes, static_cast<size_t>(got)},
                                                         [&](std::string_view piece) {
                                                           events_->OnBytes(call, piece);
                                                         });
    if (got > 0 && !ended) return;
    by_call_.erase(call);
    const bool ok = ended && connection.reader.ok();
    if (ended) {
      connection.call = -1;
      kept_.push_back(fd);
    } else {
      connections_.erase(found);
      close(fd);
    }
    if (call >= 0) events_->OnEnd(call, ok);
  }

  const int port_;
  const std::string prompt_;
  LoadEvents* const events_;
  const int epoll_;
  std::unordered_map<int, Connection> connections_;
  std::unordered_map<int, int> by_call_;
  std::vector<int> kept_;
};

}  // namespace

std::unique_ptr<LoadClient> MakeHttp1Client(int port, const ClientOptions& options,
                                            LoadEvents* events) {
  return std::make_unique<Http1Client>(port, options, events);
}

}  // namespace sparkgate::bench
