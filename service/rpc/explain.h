#ifndef SPARKGATE_SERVICE_RPC_EXPLAIN_H_
#define SPARKGATE_SERVICE_RPC_EXPLAIN_H_

#include <string>

#include "service/rpc/call_context.h"
#include "service/rpc/raw_call.h"

namespace sparkgate::rpc {

// DebugService: shows the upstream request that a call would become, and calls nobody. Workers
// answer, within the same limits as chat: an explained call takes the place of one.
class Explain {
 public:
  // `context` outlives it.
  explicit Explain(CallContext* context);

  grpc::Service* service() { return &service_; }

  // After the server was started.
  void Start();

 private:
  class Call;

  CallContext* const context_;
  const std::string url_;  // of the upstream's chat completions
  RawService service_;
};

}  // namespace sparkgate::rpc

#endif  // SPARKGATE_SERVICE_RPC_EXPLAIN_H_
