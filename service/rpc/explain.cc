#include "service/rpc/explain.h"

#include <grpcpp/server_context.h>
#include <grpcpp/support/async_unary_call.h>

#include <utility>

#include "service/call/port.h"
#include "service/rpc/byte_buffer.h"
#include "service/rpc/request_metadata.h"
#include "service/rpc/status_builder.h"
#include "service/translate/request_encoder.h"

namespace sparkgate::rpc {

// One ExplainChat, from waiting for it to its answer.
class Explain::Call final : public Tag {
 public:
  explicit Call(Explain* explain) : explain_(explain), responder_(&context_) {
    explain_->queue_->AddUser();
    explain_->service_.RequestExplainChat(&context_, &request_, &responder_,
                                          explain_->queue_->get(), explain_->queue_->get(), this);
  }
  ~Call() override { explain_->queue_->RemoveUser(); }

  void OnTag(bool ok) override {
    if (answered_ || !ok) {
      delete this;
      return;
    }
    new Call(explain_);
    answered_ = true;
    // Two bodies for one request, and nobody waits for it but its caller: never on this thread.
    explain_->options_.workers->Post(ConnectionOf(context_), request_.Length(),
                                     [this] { Answer(); });
  }

 private:
  // On a worker.
  void Answer() {
    v1::ExplainChatResponse response;
    call::CallEnd end;
    end.status = Fill(&response);
    if (end.status.ok()) {
      return responder_.Finish(ToByteBuffer(response.SerializeAsString()), grpc::Status::OK, this);
    }
    context_.AddTrailingMetadata("grpc-retry-pushback-ms", PushbackTrailer(end.status));
    responder_.FinishWithError(BuildStatus(end), this);
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
    status = translate::EncodeRequest(request, {false, false, bytes}, &body);
    if (!status.ok()) return status;
    response->set_body_json(std::move(body.json));
    status = translate::EncodeRequest(request, {true, options.include_usage, bytes}, &body);
    if (!status.ok()) return status;
    response->set_stream_body_json(std::move(body.json));

    response->set_method("POST");
    response->set_url(options.base_url + "/chat/completions");
    auto& headers = *response->mutable_headers();
    for (const auto& [name, value] : metadata.headers) headers[name] = value;
    headers["content-type"] = "application/json";
    headers["accept-encoding"] = "identity";
    headers["user-agent"] = options.user_agent;
    if (options.has_key) headers["authorization"] = "redacted";
    return status;
  }

  Explain* const explain_;
  grpc::ServerContext context_;
  grpc::ByteBuffer request_;
  grpc::ServerAsyncResponseWriter<grpc::ByteBuffer> responder_;
  bool answered_ = false;
};

void Explain::Start(Queue* queue) {
  queue_ = queue;
  new Call(this);
}

}  // namespace sparkgate::rpc
