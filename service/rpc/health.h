#ifndef SPARKGATE_SERVICE_RPC_HEALTH_H_
#define SPARKGATE_SERVICE_RPC_HEALTH_H_

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "grpc/health/v1/health.pb.h"
#include "service/rpc/raw_call.h"

namespace sparkgate::rpc {

// grpc.health.v1 on the process's own queue. (gRPC's implementation is a callback service; its
// threads would poll our connections and nearly double the wake-ups per chunk.)
//
// Answers for "", every service's full name, "liveness" and "readiness". Nobody is asked who he is,
// so that what it costs is bounded: the time for a request, and the watches of one connection.
// Any thread.
class Health {
 public:
  // Stock clients whose channel asks for health open one on each connection.
  static constexpr int kMostWatchesOfOne = 8;

  explicit Health(const std::vector<std::string>& services);

  grpc::Service* service() { return &service_; }

  // After the server was started.
  void Start(Queue* queue, RequestTimer* request_timer);

  // All names but "liveness" turn NOT_SERVING, and watchers are told at once.
  void SetNotServing();

 private:
  using Status = grpc::health::v1::HealthCheckResponse::ServingStatus;
  class Check;
  class Watch;

  Status StatusOf(const std::string& service) const;
  Status StatusWithLock(const std::string& service) const;  // with mutex_ held

  RawService service_;

  mutable std::mutex mutex_;
  std::map<std::string, Status> statuses_;  // guarded by mutex_
  std::set<Watch*> watches_;                // guarded by mutex_
  std::map<uint64_t, int> watching_;        // watches by connection; guarded by mutex_
};

}  // namespace sparkgate::rpc

#endif  // SPARKGATE_SERVICE_RPC_HEALTH_H_
