#include "service/rpc/explain.h"

#include <grpcpp/server_context.h>
#include <grpcpp/support/async_unary_call.h>

#include <atomic>
#include <utility>

#include "service/call/port.h"
#include "service/rpc/byte_buffer.h"
#include "service/rpc/request_metadata.h"
#include "service/rpc/status_builder.h"
#include "service/translate/request_encoder.h"

namespace sparkgate::rpc {

// One ExplainChat, from waiting for it to its end.
class Explain::Call final {
 public:
  explicit Call(Explain* explain) : explain_(explain), responder_(&context_) {
    explain_->queue_->AddUser();
    context_.AsyncNotifyWhenDone(&when_done_);
    explain_->service_.RequestExplainChat(&context_, &request_, &responder_,
                                          explain_->queue_->get(), explain_->queue_->get(), &new_);
  }
  ~Call() { explain_->queue_->RemoveUser(); }

 private:
  class Operation final : public Tag {
   public:
    using Handler = void (Call::*)(bool ok);
    Operation(Call* call, Handler handler) : call_(call), handler_(handler) {}
    void OnTag(bool ok) override { (call_->*handler_)(ok); }

   private:
    Call* const call_;
    const Handler handler_;
  };

  void OnNew(bool ok) {
    if (!ok) {
      delete this;  // the server is going away; nothing else comes for this object
      return;
    }
    new Call(explain_);
    // Two bodies for one request, and nobody waits for it but its caller: never on this thread.
    explain_->options_.workers->Post(ConnectionOf(context_), request_.Length(),
                                     [this] { Answer(); });
  }

  void OnFinished(bool) { Release(); }

  void OnWhenDone(bool) {
    gone_.store(context_.IsCancelled());
    Release();
  }

  void Release() {
    if (outstanding_.fetch_sub(1) == 1) delete this;
  }

  // On a worker.
  void Answer() {
    v1::ExplainChatResponse response;
    call::CallEnd end;
    if (!gone_.load()) end.status = Fill(&response);
    if (gone_.load()) return Release();  // Finish would be lost, see CallPort
    if (end.status.ok()) {
      return responder_.Finish(ToByteBuffer(response.SerializeAsString()), grpc::Status::OK,
                               &finished_);
    }
    context_.AddTrailingMetadata("grpc-retry-pushback-ms", PushbackTrailer(end.status));
    responder_.FinishWithError(BuildStatus(end, ""), &finished_);
  }

  CallStatus Fill(v1::ExplainChatResponse* response) {
    const Options& options = explain_->options_;
    const RequestMetadata metadata = ReadMetadata(context_, options.allowed_headers);
    if (!metadata.status.ok()) return metadata.status;
    v1::ChatRequest request;
    const size_t bytes = request_.Length();
    CallStatus status = ParseRequest(&request_, options.max_request_elements, &request);
    if (!status.ok()) return status;
    translate::UpstreamBody body;
    status = translate::EncodeRequest(request, {false, false, bytes, options.echo}, &body);
    if (!status.ok()) return status;
    response->set_body_json(std::move(body.json));
    status = translate::EncodeRequest(request, {true, options.include_usage, bytes, options.echo},
                                      &body);
    if (!status.ok()) return status;
    response->set_stream_body_json(std::move(body.json));

    response->set_method("POST");
    response->set_url(options.url);
    auto& headers = *response->mutable_headers();
    for (const auto& [name, value] : metadata.headers) headers[name] = value;
    headers["content-type"] = "application/json";
    headers["accept-encoding"] = "identity";
    headers["user-agent"] = options.user_agent;
    for (const std::string& name : options.fixed_headers) headers[name] = "redacted";
    if (!options.auth_header.empty()) headers[options.auth_header] = "redacted";
    return status;
  }

  Explain* const explain_;
  grpc::ServerContext context_;
  grpc::ByteBuffer request_;
  grpc::ServerAsyncResponseWriter<grpc::ByteBuffer> responder_;
  Operation new_{this, &Call::OnNew};
  Operation finished_{this, &Call::OnFinished};
  Operation when_done_{this, &Call::OnWhenDone};
  std::atomic<int> outstanding_{2};  // Finish and WhenDone
  std::atomic<bool> gone_{false};    // the caller has left: work for nobody is not begun
};

void Explain::Start(Queue* queue) {
  queue_ = queue;
  new Call(this);
}

}  // namespace sparkgate::rpc
