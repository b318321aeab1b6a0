#ifndef SPARKGATE_SERVICE_RPC_EXPLAIN_H_
#define SPARKGATE_SERVICE_RPC_EXPLAIN_H_

#include <string>
#include <vector>

#include "service/call/worker_pool.h"
#include "service/rpc/acceptor.h"
#include "service/rpc/admission.h"
#include "service/rpc/raw_call.h"
#include "service/translate/echo_options.h"
#include "sparkgate/v1/debug_service.pb.h"

namespace sparkgate::rpc {

// DebugService: shows the upstream request that a call would become, and calls nobody. Workers
// answer, within the same limits as chat.
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
    call::WorkerPool* workers = nullptr;  // outlives it, as the next two
    Admission* admission = nullptr;       // an explained call takes the place of one
    std::vector<std::string> allowed_headers;
  };

  explicit Explain(Options options);

  grpc::Service* service() { return &service_; }

  // After the server was started.
  void Start(Queue* queue, RequestTimer* request_timer, const Acceptor* acceptor);

 private:
  class Call;

  const Options options_;
  RawService service_;
};

}  // namespace sparkgate::rpc

#endif  // SPARKGATE_SERVICE_RPC_EXPLAIN_H_
