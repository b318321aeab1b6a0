#ifndef SPARKGATE_SERVICE_RPC_SERVER_H_
#define SPARKGATE_SERVICE_RPC_SERVER_H_

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "service/call/loop_thread.h"
#include "service/call/worker_pool.h"
#include "service/rpc/acceptor.h"
#include "service/rpc/admission.h"
#include "service/rpc/explain.h"
#include "service/rpc/health.h"
#include "service/rpc/queue.h"
#include "service/rpc/reflection.h"
#include "service/rpc/server_call.h"
#include "service/translate/echo_options.h"
#include "service/upstream/curl_client.h"
#include "service/upstream/resolver.h"

namespace sparkgate::rpc {

struct ServerOptions {
  std::string listen_host = "127.0.0.1";
  int listen_port = 0;
  std::shared_ptr<grpc::ServerCredentials> credentials;  // null: plain text
  int loops = 1;
  int max_calls = 1000;
  int max_connections = 1000;
  std::chrono::milliseconds request_timeout{30'000};
  std::chrono::milliseconds max_connection_age{0};  // 0: no limit
  int max_receive_bytes = 32 * 1024 * 1024;
  size_t max_request_elements = 65'536;
  // What gRPC may hold of requests that have not been decoded: it has a whole request in memory
  // before anybody can refuse it. 0: no limit.
  size_t max_request_memory = 0;
  bool reflection = true;
  bool debug_service = false;
  bool include_usage = true;
  translate::EchoOptions echo;
  std::chrono::milliseconds heartbeat{0};  // for callers who say nothing about it; 0: none
  std::vector<std::string> allowed_headers;
  std::chrono::milliseconds drain_delay{2000};
  std::chrono::milliseconds drain_grace{25000};
  call::CallLimits limits;
  upstream::ClientOptions client;
  std::function<void(const CallReport&)> on_over;             // any thread
  std::function<void(const std::string& message)> on_notice;  // for the log: drain and its limits
};

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

  const ServerOptions options_;
  Admission admission_;
  call::WorkerPool workers_;
  std::vector<std::unique_ptr<call::LoopThread>> loops_;
  CallContext context_;
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
