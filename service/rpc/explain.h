#ifndef SPARKGATE_SERVICE_RPC_EXPLAIN_H_
#define SPARKGATE_SERVICE_RPC_EXPLAIN_H_

#include <string>
#include <vector>

#include "service/call/worker_pool.h"
#include "service/rpc/queue.h"
#include "service/translate/echo_options.h"
#include "sparkgate/v1/debug_service.grpc.pb.h"

namespace sparkgate::rpc {

// DebugService: shows the upstream request that a call would become, and calls nobody. The queue's
// thread takes its calls, workers answer them.
class Explain {
 public:
  struct Options {
    std::string url;                         // of the upstream's chat completions
    std::string auth_header;                 // "": there is no key
    std::vector<std::string> fixed_headers;  // names; the values are secret
    std::string user_agent;
    bool include_usage = true;
    translate::EchoOptions echo;
    size_t max_request_elements = 0;
    call::WorkerPool* workers = nullptr;  // outlives it
    std::vector<std::string> allowed_headers;
  };

  explicit Explain(Options options) : options_(std::move(options)) {}

  grpc::Service* service() { return &service_; }

  // After the server was started.
  void Start(Queue* queue);

 private:
  class Call;

  const Options options_;
  v1::DebugService::WithRawMethod_ExplainChat<v1::DebugService::Service> service_;
  Queue* queue_ = nullptr;
};

}  // namespace sparkgate::rpc

#endif  // SPARKGATE_SERVICE_RPC_EXPLAIN_H_
