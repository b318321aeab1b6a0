#ifndef SPARKGATE_SERVICE_RPC_HEALTH_H_
#define SPARKGATE_SERVICE_RPC_HEALTH_H_

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "grpc/health/v1/health.grpc.pb.h"
#include "service/rpc/queue.h"

namespace sparkgate::rpc {

// grpc.health.v1 on the process's own queue. (gRPC's implementation is a callback service; its
// threads would poll our connections and nearly double the wake-ups per chunk.)
//
// Answers for "", every service's full name, "liveness" and "readiness". Any thread.
class Health {
 public:
  explicit Health(const std::vector<std::string>& services);

  grpc::Service* service() { return &service_; }

  // After the server was started.
  void Start(Queue* queue);

  // All names but "liveness" turn NOT_SERVING, and watchers are told at once.
  void SetNotServing();

 private:
  using Status = grpc::health::v1::HealthCheckResponse::ServingStatus;
  class Check;
  class Watch;

  Status StatusOf(const std::string& service) const;  // with mutex_ held

  grpc::health::v1::Health::AsyncService service_;
  Queue* queue_ = nullptr;

  mutable std::mutex mutex_;
  std::map<std::string, Status> statuses_;  // guarded by mutex_
  std::set<Watch*> watches_;                // guarded by mutex_
};

}  // namespace sparkgate::rpc

#endif  // SPARKGATE_SERVICE_RPC_HEALTH_H_
