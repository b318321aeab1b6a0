#include "service/rpc/health.h"

#include <utility>

#include "service/rpc/request_reader.h"

namespace sparkgate::rpc {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

namespace {

enum Method { kCheck, kWatch };

grpc::ByteBuffer Answer(HealthCheckResponse::ServingStatus status) {
  HealthCheckResponse response;
  response.set_status(status);
  return ToByteBuffer(response.SerializeAsString());
}

}  // namespace

class Health::Check final : public RawCall {
 public:
  Check(Health* health, const Source& source) : RawCall(source), health_(health) {}

 private:
  void AwaitNext() override { (new Check(health_, source()))->Await(); }

  void OnRequest(grpc::ByteBuffer* bytes) override {
    HealthCheckRequest request;
    if (!ParseSmall(bytes, &request)) {
      return Finish(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no health request"));
    }
    const Status status = health_->StatusOf(request.service());
    if (status == HealthCheckResponse::SERVICE_UNKNOWN) {
      return Finish(grpc::Status(grpc::StatusCode::NOT_FOUND, "no such service"));
    }
    const grpc::ByteBuffer answer = Answer(status);
    Finish(grpc::Status::OK, &answer);
  }

  Health* const health_;
};

// Writes the status whenever it changes, until the caller leaves. Its writes begin with the
// registry's mutex held; none completes inside its own beginning, since no loop begins them.
class Health::Watch final : public RawCall {
 public:
  Watch(Health* health, const Source& source) : RawCall(source), health_(health) {}

  // With the registry's mutex held.
  void Update() {
    const Status status = health_->StatusWithLock(service_);
    if (writing_ || status == sent_) return;
    sent_ = status;
    writing_ = true;
    Write(Answer(status));
  }

 private:
  void AwaitNext() override { (new Watch(health_, source()))->Await(); }

  void OnRequest(grpc::ByteBuffer* bytes) override {
    HealthCheckRequest request;
    if (!ParseSmall(bytes, &request)) {
      return Finish(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no health request"));
    }
    service_ = std::move(*request.mutable_service());
    if (!Register()) {
      Finish(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                          "too many health watches are open on this connection"));
    }
  }

  bool Register() {
    std::lock_guard<std::mutex> lock(health_->mutex_);
    if (gone() || health_->watching_[connection()] >= kMostWatchesOfOne) return false;
    ++health_->watching_[connection()];
    registered_ = health_->watches_.insert(this).second;
    Update();
    return true;
  }

  bool Unregister() {
    std::lock_guard<std::mutex> lock(health_->mutex_);
    if (!registered_) return false;
    registered_ = false;
    health_->watches_.erase(this);
    const auto watching = health_->watching_.find(connection());
    if (--watching->second == 0) health_->watching_.erase(watching);
    return true;
  }

  void OnWritten(bool) override {
    std::lock_guard<std::mutex> lock(health_->mutex_);
    writing_ = false;
    if (registered_) Update();
  }

  // The only end of a watch that was registered.
  void OnGone() override {
    if (Unregister()) Finish(grpc::Status::CANCELLED);
  }

  Health* const health_;
  std::string service_;

  // Guarded by the registry's mutex.
  bool registered_ = false;
  bool writing_ = false;
  Status sent_ = HealthCheckResponse::UNKNOWN;
};

Health::Health(const std::vector<std::string>& services)
    : service_({"/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch"}) {
  for (const char* name : {"", "liveness", "readiness"}) {
    statuses_[name] = HealthCheckResponse::SERVING;
  }
  for (const std::string& name : services) statuses_[name] = HealthCheckResponse::SERVING;
}

void Health::Start(Queue* queue, RequestTimer* request_timer) {
  (new Check(this, {queue, request_timer, &service_, kCheck}))->Await();
  (new Watch(this, {queue, request_timer, &service_, kWatch}))->Await();
}

void Health::SetNotServing() {
  std::lock_guard<std::mutex> lock(mutex_);
  for (auto& [name, status] : statuses_) {
    if (name != "liveness") status = HealthCheckResponse::NOT_SERVING;
  }
  for (Watch* watch : watches_) watch->Update();
}

Health::Status Health::StatusOf(const std::string& service) const {
  std::lock_guard<std::mutex> lock(mutex_);
  return StatusWithLock(service);
}

Health::Status Health::StatusWithLock(const std::string& service) const {
  const auto found = statuses_.find(service);
  return found == statuses_.end() ? HealthCheckResponse::SERVICE_UNKNOWN : found->second;
}

}  // namespace sparkgate::rpc
