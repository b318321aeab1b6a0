#ifndef SPARKGATE_SERVICE_RPC_CALL_CONTEXT_H_
#define SPARKGATE_SERVICE_RPC_CALL_CONTEXT_H_

#include <grpcpp/security/server_credentials.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "service/call/call.h"
#include "service/call/loop_thread.h"
#include "service/call/worker_pool.h"
#include "service/rpc/acceptor.h"
#include "service/rpc/queue.h"
#include "service/rpc/request_timer.h"
#include "service/translate/request_encoder.h"
#include "service/upstream/curl_client.h"

namespace sparkgate::rpc {

enum class Method { kChat, kStreamChat, kListModels };
inline constexpr Method kMethods[] = {Method::kChat, Method::kStreamChat, Method::kListModels};
constexpr bool IsUnary(Method method) { return method != Method::kStreamChat; }

// What is known of a call when it is over; for the log. No content, no secret.
struct CallReport {
  Method method = Method::kChat;
  std::string request_id;
  std::string peer;
  std::string model;
  std::chrono::steady_clock::time_point begun{};
  call::CallSummary summary;
};

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
  std::function<void(const CallReport&)> on_over;             // any thread, once for each call
  std::function<void(const std::string& message)> on_notice;  // for the log: drain and its limits
  // Where gRPC does not give back what it holds, so that nothing can be destroyed; does not return.
  std::function<void(int exit_code)> end_process = _exit;
};

// Counts the calls that run; the only queue that Sparkgate has is none. Any thread.
class Admission {
 public:
  explicit Admission(int max_calls) : max_calls_(max_calls) {}

  // False: one more would be too many. A true answer is given back with Leave.
  bool Enter() {
    if (running_.fetch_add(1, std::memory_order_relaxed) < max_calls_) return true;
    running_.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  void Leave() { running_.fetch_sub(1, std::memory_order_relaxed); }

 private:
  const int max_calls_;
  std::atomic<int> running_{0};
};

// What all calls share. Owned by the server, outlives them.
struct CallContext {
  explicit CallContext(ServerOptions given)
      : options(std::move(given)), admission(options.max_calls) {}

  const ServerOptions options;
  Admission admission;
  RequestTimer request_timer;
  // The server's, set before the first call is awaited.
  Queue* queue = nullptr;
  call::WorkerPool* workers = nullptr;
  const Acceptor* acceptor = nullptr;
  std::vector<call::LoopThread*> loops;

  translate::RefusedFields refused_fields;  // of the one upstream
  // For each method: the requests that wait for its calls alternate between the loops.
  std::array<std::atomic<uint64_t>, std::size(kMethods)> next_loop{};
  // Requests that wait for a call; all come back when the server ends.
  std::atomic<int> awaiting{0};
  // Calls begun and not yet destroyed, refused ones included; without the abandoned.
  std::atomic<int> open_calls{0};
  std::atomic<int> abandoned{0};  // calls that gRPC has not given back
};

}  // namespace sparkgate::rpc

#endif  // SPARKGATE_SERVICE_RPC_CALL_CONTEXT_H_
