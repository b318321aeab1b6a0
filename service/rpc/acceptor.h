#ifndef SPARKGATE_SERVICE_RPC_ACCEPTOR_H_
#define SPARKGATE_SERVICE_RPC_ACCEPTOR_H_

#include <grpcpp/server_builder.h>
#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"

namespace sparkgate::rpc {

// Accepts connections and hands them to gRPC. gRPC 1.51's own listener shares a taken port
// silently, has no limit on connections, and is dead for good after the first "too many open
// files"; this one is an error, has one, and waits 50 ms.
//
// Over the limit a few more connections are let in for a short time, since a probe that is refused
// ends the process: IsReserve tells them, and whoever answers calls gives them health alone.
class Acceptor {
 public:
  // Binds and listens at once, so that a port that is taken ends the start. `host` may be a name,
  // of which all addresses are bound, an address or ""; `::` is every address of both families, or
  // of IPv4 where the kernel has nothing else. Port 0 takes a free one.
  static absl::StatusOr<std::unique_ptr<Acceptor>> Listen(const std::string& host, int port,
                                                          int max_connections);
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  int port() const { return port_; }

  // Accepts from now on, on a thread of its own, into `target`; one thread, on which TLS depends
  // (server_credentials.h). A connection whose peer takes nothing from it for `stuck_after` is
  // ended: gRPC has no such limit, and what it has begun to write there would hold its calls for
  // ever.
  void Start(std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> target,
             std::chrono::milliseconds stuck_after);

  int max_connections() const { return max_connections_; }

  // Whether a call's peer, as gRPC names it, is on a connection beyond the limit. Any thread; costs
  // nothing as long as there is none.
  bool IsReserve(const std::string& peer) const;

  // Closes the listeners; connections that were handed over live on. Any thread, once.
  void Stop();

  // Connections refused at the limit.
  int refused() const { return refused_.load(std::memory_order_relaxed); }

 private:
  using Clock = std::chrono::steady_clock;

  // One beyond the limit: its end is ours to bring about, by a descriptor of our own.
  struct Reserve {
    int fd;
    std::string peer;
    Clock::time_point until;
  };

  Acceptor(std::vector<int> listeners, int port, int max_connections);
  void Run();
  bool AcceptOne(int listener);
  bool HasRoom();
  void HandOver(int fd);
  bool AddReserve(int fd);
  void EndReserves(Clock::time_point now);
  int PollTime(bool pausing) const;

  std::vector<int> listeners_;
  int wake_ = -1;  // eventfd: stop
  const int port_;
  const int max_connections_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> target_;
  std::chrono::milliseconds stuck_after_{0};
  std::thread thread_;
  std::atomic<int> refused_{0};
  // gRPC closes what it was given and tells nobody: a descriptor whose socket is another one by now
  // was closed. Looked through when the limit is reached. Acceptor thread only.
  std::unordered_map<int, ino_t> handed_over_;

  mutable std::mutex reserve_mutex_;
  std::vector<Reserve> reserves_;  // guarded by reserve_mutex_
  std::atomic<int> reserve_count_{0};
};

}  // namespace sparkgate::rpc

#endif  // SPARKGATE_SERVICE_RPC_ACCEPTOR_H_
