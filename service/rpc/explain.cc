#include "service/rpc/explain.h"

#include <utility>

#include "base/url.h"
#include "service/call/local_statuses.h"
#include "service/rpc/request_reader.h"
#include "service/translate/request_encoder.h"
#include "sparkgate/v1/debug_service.pb.h"
#include "sparkgate/v1/request.pb.h"

namespace sparkgate::rpc {
namespace {

std::string ChatUrl(const std::string& base) {
  const auto url = ParseUpstreamUrl(base);
  return url.ok() ? url->With("/chat/completions") : "";
}

}  // namespace

class Explain::Call final : public RawCall {
 public:
  Call(Explain* explain, const Source& source) : RawCall(source), explain_(explain) {}

 private:
  void AwaitNext() override { (new Call(explain_, source()))->Await(); }

  void OnRequest(grpc::ByteBuffer* request) override {
    CallContext* const shared = explain_->context_;
    if (!shared->admission.Enter()) return Refuse(call::Overloaded(shared->options.max_calls));
    // Two bodies for one request, and nobody waits for it but its caller: never on this thread.
    Hold();
    shared->workers->Post(connection(), request->Length(), [this, shared, request] {
      Answer(request);
      shared->admission.Leave();
      Release();
    });
  }

  // On a worker.
  void Answer(grpc::ByteBuffer* request) {
    v1::ExplainChatResponse response;
    // Work for a caller who has left is not begun.
    CallStatus status = gone() ? call::Cancelled(/*may_have_run=*/false) : Fill(request, &response);
    if (!status.ok()) return Refuse(std::move(status));
    const grpc::ByteBuffer answer = ToByteBuffer(response.SerializeAsString());
    Finish(grpc::Status::OK, &answer);
  }

  CallStatus Fill(grpc::ByteBuffer* bytes, v1::ExplainChatResponse* response) {
    const ServerOptions& options = explain_->context_->options;
    const RequestMetadata metadata = ReadMetadata(*context(), options.allowed_headers);
    if (!metadata.status.ok()) return metadata.status;
    v1::ChatRequest request;
    const size_t size = bytes->Length();
    CallStatus status = ParseRequest(bytes, options.max_request_elements, &request);
    if (!status.ok()) return status;
    translate::UpstreamBody body;
    status = translate::EncodeRequest(request, {false, false, size, options.echo}, &body);
    if (!status.ok()) return status;
    response->set_body_json(std::move(body.json));
    status =
        translate::EncodeRequest(request, {true, options.include_usage, size, options.echo}, &body);
    if (!status.ok()) return status;
    response->set_stream_body_json(std::move(body.json));

    response->set_method("POST");
    response->set_url(explain_->url_);
    auto& headers = *response->mutable_headers();
    for (const auto& [name, value] : metadata.headers) headers[name] = value;
    headers["content-type"] = "application/json";
    headers["accept-encoding"] = "identity";
    headers["user-agent"] = options.client.user_agent;
    for (const auto& [name, value] : options.client.fixed_headers) headers[name] = "redacted";
    if (!options.client.api_key.empty()) headers[options.client.auth_header] = "redacted";
    return status;
  }

  Explain* const explain_;
};

Explain::Explain(CallContext* context)
    : context_(context),
      url_(ChatUrl(context->options.client.base_url)),
      service_({"/sparkgate.v1.DebugService/ExplainChat"}) {}

void Explain::Start() {
  const RawCall::Source source{context_->queue, &context_->request_timer, &service_, 0,
                               context_->acceptor};
  (new Call(this, source))->Await();
}

}  // namespace sparkgate::rpc
