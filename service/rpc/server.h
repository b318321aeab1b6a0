#ifndef SPARKGATE_SERVICE_RPC_SERVER_H_
#define SPARKGATE_SERVICE_RPC_SERVER_H_

#include <grpcpp/server.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "service/call/loop_thread.h"
#include "service/call/worker_pool.h"
#include "service/rpc/acceptor.h"
#include "service/rpc/call_context.h"
#include "service/rpc/explain.h"
#include "service/rpc/health.h"
#include "service/rpc/queue.h"
#include "service/rpc/reflection.h"
#include "service/upstream/resolver.h"

namespace sparkgate::rpc {

// The whole server: acceptor, gRPC, loops. Start and Drain are called once each, by one thread.
class Server {
 public:
  // `resolver` must outlive it. Errors say what to change.
  static absl::StatusOr<std::unique_ptr<Server>> Start(ServerOptions options,
                                                       const upstream::Resolver* resolver);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int port() const { return acceptor_->port(); }

  // NOT_SERVING, calls still accepted for drain_delay; then GOAWAY, and running calls have
  // drain_grace to end; then they are cut. Returns when nothing is left.
  void Drain();

 private:
  explicit Server(ServerOptions options);
  absl::Status Build(const upstream::Resolver* resolver);
  void AwaitCalls();
  int Awaiting() const { return context_.awaiting.load(); }
  int OwnCalls() const { return context_.open_calls.load(); }
  int QueueUsers() const { return queue_->users() - context_.abandoned.load(); }
  bool WaitForNone(int (Server::*count)() const, std::chrono::milliseconds limit) const;
  void CutOwnCalls();
  void Notice(const std::string& message) const;

  CallContext context_;
  const ServerOptions& options_;  // the context's
  call::WorkerPool workers_;
  std::vector<std::unique_ptr<call::LoopThread>> loops_;
  RawService chat_;  // Chat, StreamChat, ListModels
  Health health_;
  std::unique_ptr<Explain> explain_;        // null: off
  std::unique_ptr<Reflection> reflection_;  // null: off
  std::unique_ptr<Acceptor> acceptor_;
  std::unique_ptr<Queue> queue_;
  std::unique_ptr<grpc::Server> server_;
  std::promise<void> drain_begun_;
  std::thread shutdown_thread_;  // waits for drain_begun_, then in grpc::Server::Shutdown
  bool drained_ = false;
};

}  // namespace sparkgate::rpc

#endif  // SPARKGATE_SERVICE_RPC_SERVER_H_
