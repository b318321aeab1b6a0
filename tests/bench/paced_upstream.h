#ifndef SPARKGATE_TESTS_BENCH_PACED_UPSTREAM_H_
#define SPARKGATE_TESTS_BENCH_PACED_UPSTREAM_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <unordered_map>

namespace sparkgate::bench {

// The cheapest upstream there can be: one thread, one epoll, no parsing beyond finding the end of a
// request. Each stream gets a chunk of `chunk_bytes` every `interval`, each with a phase of its
// own, and ends with `[DONE]` after `chunks`. A request without "stream":true gets one small JSON
// answer at once.
class PacedUpstream {
 public:
  PacedUpstream(std::chrono::milliseconds interval, int chunks, size_t chunk_bytes);
  ~PacedUpstream();

  int port() const { return port_; }
  uint64_t chunks_sent() const { return chunks_sent_.load(std::memory_order_relaxed); }
  int open_streams() const { return open_streams_.load(std::memory_order_relaxed); }

 private:
  using Clock = std::chrono::steady_clock;
  struct Stream {
    std::string request;
    int chunks_left = 0;
    Clock::time_point next{};
    bool running = false;
  };

  void Run();
  void Accept();
  void Read(int fd);
  void Answer(int fd, Stream* stream);
  void SendDue();
  void Close(int fd);

  const std::chrono::milliseconds interval_;
  const int chunks_;
  std::string chunk_;
  int listener_ = -1;
  int epoll_ = -1;
  int port_ = 0;
  std::unordered_map<int, Stream> streams_;
  std::atomic<uint64_t> chunks_sent_{0};
  std::atomic<int> open_streams_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace sparkgate::bench

#endif  // SPARKGATE_TESTS_BENCH_PACED_UPSTREAM_H_
