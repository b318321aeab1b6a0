// What happened: counters, the last requests and the last aborts, for GET /_sim/...
#ifndef SPARKGATE_SIMULATOR_LEDGER_H_
#define SPARKGATE_SIMULATOR_LEDGER_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>

#include "simulator/http.h"

namespace sparkgate::simulator {

enum class Outcome {
  kFinished,    // Ended as the plan wanted, with the client still there.
  kAbortedFin,  // The client closed before the end.
  kAbortedRst,  // The client reset before the end.
  kCut,         // The plan broke the connection.
  kUnheard,     // Ran to its end although the client had left.
};

// Shared by all connections; any thread. Bounded: the last 1,000 requests with at most 8 MiB of
// bodies, and the last 4,096 aborts.
class Ledger {
 public:
  // A request to the API. Returns the number that the other calls take.
  uint64_t Received(const HttpRequest& request, const std::string& request_id);
  // The request is answered with an error, or without a generation.
  void Answered(uint64_t number, int status);
  // A generation begins; exactly one Ended follows.
  void Started(uint64_t number, const std::string& model);
  void Ended(uint64_t number, Outcome outcome, uint64_t bytes_sent);

  // Written for a client that had left.
  void BytesUnheard(uint64_t bytes) { bytes_unheard_ += bytes; }

  void ConnectionOpened() { ++connections_total_, ++connections_open_; }
  void ConnectionClosed() { --connections_open_; }
  void BytesSent(uint64_t bytes) { bytes_sent_ += bytes; }

  // Sets the counters to zero and forgets requests and aborts. What is open stays open.
  void Reset();

  // The newest `limit` requests and aborts, oldest first.
  std::string StatusJson(size_t limit) const;
  std::string RequestsJson(size_t limit) const;

 private:
  struct Entry {
    uint64_t number;
    std::string request_id;
    int64_t received_us;
    HttpRequest request;
    bool body_cut = false;
    std::string outcome = "open";
    std::string model;
  };
  struct Abort {
    std::string request_id;
    std::string model;
    const char* reason;
    int64_t monotonic_us;
    uint64_t bytes_sent;
  };

  Entry* Find(uint64_t number);
  void Trim();

  std::atomic<uint64_t> connections_total_{0};
  std::atomic<int64_t> connections_open_{0};
  std::atomic<uint64_t> bytes_sent_{0};
  std::atomic<uint64_t> bytes_unheard_{0};

  mutable std::mutex mutex_;
  uint64_t next_number_ = 1;
  std::deque<Entry> entries_;  // Numbers without gaps.
  size_t body_bytes_ = 0;
  std::deque<Abort> aborts_;
  uint64_t requests_ = 0, rejected_ = 0, started_ = 0, finished_ = 0, cut_ = 0;
  uint64_t unheard_ = 0;
  uint64_t aborted_fin_ = 0, aborted_rst_ = 0;
  int64_t open_ = 0;
};

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_LEDGER_H_
