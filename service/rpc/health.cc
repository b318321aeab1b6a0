#include "service/rpc/health.h"

#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>
#include <grpcpp/support/async_unary_call.h>

namespace sparkgate::rpc {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

// One Check, from waiting for it to its answer.
class Health::Check final : public Tag {
 public:
  explicit Check(Health* health) : health_(health), responder_(&context_) {
    health_->queue_->AddUser();
    health_->service_.RequestCheck(&context_, &request_, &responder_, health_->queue_->get(),
                                   health_->queue_->get(), this);
  }
  ~Check() override { health_->queue_->RemoveUser(); }

  void OnTag(bool ok) override {
    if (answered_ || !ok) {
      delete this;
      return;
    }
    new Check(health_);
    answered_ = true;
    HealthCheckResponse response;
    {
      std::lock_guard<std::mutex> lock(health_->mutex_);
      response.set_status(health_->StatusOf(request_.service()));
    }
    if (response.status() == HealthCheckResponse::SERVICE_UNKNOWN) {
      return responder_.FinishWithError(
          grpc::Status(grpc::StatusCode::NOT_FOUND, "no such service"), this);
    }
    responder_.Finish(response, grpc::Status::OK, this);
  }

 private:
  Health* const health_;
  grpc::ServerContext context_;
  HealthCheckRequest request_;
  grpc::ServerAsyncResponseWriter<HealthCheckResponse> responder_;
  bool answered_ = false;
};

// One Watch: writes the status whenever it changes, until the caller leaves. Its operations are
// begun with the registry's mutex held; none completes inside its own beginning, since no loop
// begins them.
class Health::Watch final {
 public:
  explicit Watch(Health* health) : health_(health), writer_(&context_) {
    health_->queue_->AddUser();
    context_.AsyncNotifyWhenDone(&when_done_);
    health_->service_.RequestWatch(&context_, &request_, &writer_, health_->queue_->get(),
                                   health_->queue_->get(), &new_);
  }
  ~Watch() { health_->queue_->RemoveUser(); }

  // With the registry's mutex held.
  void Update() {
    const Status status = health_->StatusOf(request_.service());
    if (writing_ || finishing_ || status == told_) return;
    told_ = status;
    writing_ = true;
    HealthCheckResponse response;
    response.set_status(status);
    writer_.Write(response, &written_);
  }

 private:
  class Operation final : public Tag {
   public:
    using Handler = void (Watch::*)(bool);
    Operation(Watch* watch, Handler handler) : watch_(watch), handler_(handler) {}
    void OnTag(bool ok) override { (watch_->*handler_)(ok); }

   private:
    Watch* const watch_;
    const Handler handler_;
  };

  void OnNew(bool ok) {
    if (!ok) {
      delete this;
      return;
    }
    new Watch(health_);
    std::lock_guard<std::mutex> lock(health_->mutex_);
    started_ = true;
    health_->watches_.insert(this);
    if (done_) return Finish();
    Update();
  }

  void OnWritten(bool ok) {
    std::lock_guard<std::mutex> lock(health_->mutex_);
    writing_ = false;
    if (done_ || !ok) return Finish();
    Update();
  }

  void OnDone(bool) {
    std::unique_lock<std::mutex> lock(health_->mutex_);
    done_ = true;
    if (finished_) return Destroy(&lock);
    if (started_ && !writing_) Finish();
  }

  void OnFinished(bool) {
    std::unique_lock<std::mutex> lock(health_->mutex_);
    finished_ = true;
    if (done_) Destroy(&lock);
  }

  void Finish() {
    if (finishing_) return;
    finishing_ = true;
    writer_.Finish(grpc::Status::CANCELLED, &finish_);
  }

  void Destroy(std::unique_lock<std::mutex>* lock) {
    health_->watches_.erase(this);
    lock->unlock();
    delete this;
  }

  Health* const health_;
  grpc::ServerContext context_;
  HealthCheckRequest request_;
  grpc::ServerAsyncWriter<HealthCheckResponse> writer_;
  Operation new_{this, &Watch::OnNew};
  Operation written_{this, &Watch::OnWritten};
  Operation when_done_{this, &Watch::OnDone};
  Operation finish_{this, &Watch::OnFinished};

  // Guarded by the registry's mutex.
  bool started_ = false;
  bool writing_ = false;
  bool finishing_ = false;
  bool finished_ = false;
  bool done_ = false;
  Status told_ = HealthCheckResponse::UNKNOWN;
};

Health::Health(const std::vector<std::string>& services) {
  for (const char* name : {"", "liveness", "readiness"}) {
    statuses_[name] = HealthCheckResponse::SERVING;
  }
  for (const std::string& name : services) statuses_[name] = HealthCheckResponse::SERVING;
}

void Health::Start(Queue* queue) {
  queue_ = queue;
  new Check(this);
  new Watch(this);
}

void Health::SetNotServing() {
  std::lock_guard<std::mutex> lock(mutex_);
  for (auto& [name, status] : statuses_) {
    if (name != "liveness") status = HealthCheckResponse::NOT_SERVING;
  }
  for (Watch* watch : watches_) watch->Update();
}

Health::Status Health::StatusOf(const std::string& service) const {
  const auto found = statuses_.find(service);
  return found == statuses_.end() ? HealthCheckResponse::SERVICE_UNKNOWN : found->second;
}

}  // namespace sparkgate::rpc
