#ifndef SPARKGATE_TESTS_BENCH_PACED_UPSTREAM_H_
#define SPARKGATE_TESTS_BENCH_PACED_UPSTREAM_H_

#include <atomic>
#include <cstdint>
#include <mutex>
#include <queue>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

namespace sparkgate::bench {

// What a request asks of the paced upstream, in its `model`, which passes through every gateway.
struct Pace {
  bool stream = true;      // else one small JSON answer, at once
  int interval_us = 0;     // between two chunks; 0: as fast as the socket takes them
  int chunks = 1;          // then the end
  bool bunched = false;    // all streams of one interval write at the same moments
  bool first_now = false;  // the first chunk leaves with the head
  int chunk_bytes = 280;   // of an event, about
};
std::string ModelOf(const Pace& pace);

// The cheapest upstream there can be: one thread, one epoll, no parsing beyond finding the end of a
// request and its pace. Each chunk carries a Mark, and is one write.
class PacedUpstream {
 public:
  PacedUpstream();
  ~PacedUpstream();
  PacedUpstream(const PacedUpstream&) = delete;
  PacedUpstream& operator=(const PacedUpstream&) = delete;

  int port() const { return port_; }
  uint64_t requests() const { return requests_.load(); }
  uint64_t chunks_sent() const { return chunks_sent_.load(); }
  int open_streams() const { return open_streams_.load(); }
  // When streams were closed by the peer before their end, since the last call.
  std::vector<int64_t> TakeAbortTimesNs();

 private:
  struct Stream {
    std::string request;
    Pace pace;
    uint32_t next_chunk = 0;
    std::string unsent;       // of a chunk: the socket was full
    uint64_t generation = 0;  // tells what is due of an earlier stream on the same descriptor
    bool running = false;
  };
  struct Due {
    int64_t when_ns;
    int fd;
    uint64_t generation;
    bool operator>(const Due& other) const { return when_ns > other.when_ns; }
  };

  void Run();
  void Accept();
  void Read(int fd);
  void Answer(int fd, Stream* stream);
  void SendDue();
  // False when the stream is over, or its socket full: then it goes on ten milliseconds later.
  bool SendChunk(int fd, Stream* stream);
  static bool SendUnsent(int fd, Stream* stream);
  void Close(int fd);

  int listener_ = -1;
  int epoll_ = -1;
  int port_ = 0;
  uint64_t generations_ = 0;
  std::unordered_map<int, Stream> streams_;
  std::priority_queue<Due, std::vector<Due>, std::greater<Due>> due_;
  std::atomic<uint64_t> requests_{0};
  std::atomic<uint64_t> chunks_sent_{0};
  std::atomic<int> open_streams_{0};
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::vector<int64_t> abort_times_ns_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace sparkgate::bench

#endif  // SPARKGATE_TESTS_BENCH_PACED_UPSTREAM_H_
