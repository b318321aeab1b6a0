#ifndef SPARKGATE_TESTS_BENCH_LOAD_CLIENT_H_
#define SPARKGATE_TESTS_BENCH_LOAD_CLIENT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "tests/bench/paced_upstream.h"

namespace sparkgate::bench {

// What a load client tells. On the thread that calls Poll.
class LoadEvents {
 public:
  virtual ~LoadEvents() = default;
  // Bytes of the answer, its framing taken off as far as it could cut a Mark.
  virtual void OnBytes(int call, std::string_view bytes) = 0;
  // `ok`: the answer was complete, with the status of success.
  virtual void OnEnd(int call, bool ok) = 0;
};

// The cheapest client there can be for a protocol: non-blocking sockets and one epoll, driven by
// the thread that made it, for calls that the caller numbers.
class LoadClient {
 public:
  virtual ~LoadClient() = default;
  virtual void Start(int call, const Pace& pace) = 0;
  // The way in which this protocol leaves: a reset stream, or a closed connection.
  virtual void Abort(int call) = 0;
  // Handles what is there; waits for it, at most so long.
  virtual void Poll(int64_t wait_ns) = 0;
};

struct ClientOptions {
  int connections = 1;  // of gRPC; HTTP/1.1 has one for each running call
  size_t prompt_bytes = 1024;
  // HTTP/2's flow control for a stream, never renewed. Small: a reader that stops.
  int32_t stream_window = 1 << 30;
};

// HTTP/1.1 with SSE answers to 127.0.0.1:port.
std::unique_ptr<LoadClient> MakeHttp1Client(int port, const ClientOptions& options,
                                            LoadEvents* events);
std::unique_ptr<LoadClient> MakeGrpcClient(int port, const ClientOptions& options,
                                           LoadEvents* events);

}  // namespace sparkgate::bench

#endif  // SPARKGATE_TESTS_BENCH_LOAD_CLIENT_H_
