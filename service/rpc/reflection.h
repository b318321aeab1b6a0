#ifndef SPARKGATE_SERVICE_RPC_REFLECTION_H_
#define SPARKGATE_SERVICE_RPC_REFLECTION_H_

#include <atomic>
#include <string>
#include <vector>

#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "service/rpc/raw_call.h"

namespace sparkgate::rpc {

// Server reflection, v1 and v1alpha, on the process's own queue. (gRPC's implementation takes a
// thread for each open stream.) Whoever can reach the port may ask, so that what it costs is
// bounded: so many streams at once, and so long a life for each.
//
// Any thread.
class Reflection {
 public:
  static constexpr int kMaxStreams = 16;

  // `services`: the full names to list, beside reflection's own and health's.
  explicit Reflection(std::vector<std::string> services);

  grpc::Service* service() { return &service_; }

  // After the server was started.
  void Start(Queue* queue, RequestTimer* request_timer, const Acceptor* acceptor);

 private:
  using Request = grpc::reflection::v1::ServerReflectionRequest;
  using Response = grpc::reflection::v1::ServerReflectionResponse;
  class Stream;

  // Pure.
  Response Answer(const Request& request) const;
  void ListServices(Response* response) const;

  const std::vector<std::string> services_;
  RawService service_;
  std::atomic<int> open_{0};
};

}  // namespace sparkgate::rpc

#endif  // SPARKGATE_SERVICE_RPC_REFLECTION_H_
