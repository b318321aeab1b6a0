#include "service/rpc/explain.h"

#include <utility>

#include "service/call/local_statuses.h"
#include "service/call/response_writer.h"
#include "service/rpc/byte_buffer.h"
#include "service/rpc/request_metadata.h"
#include "service/rpc/status_builder.h"
#include "service/translate/request_encoder.h"

namespace sparkgate::rpc {

class Explain::Call final : public RawCall {
 public:
  Call(Explain* explain, const Source& source) : RawCall(source), explain_(explain) {}

 private:
  void AwaitNext() override { new Call(explain_, source()); }

  void OnRequest(grpc::ByteBuffer* request) override {
    Admission* const admission = explain_->options_.admission;
    if (!admission->Enter()) return Refuse(call::Overloaded(admission->max_calls()));
    // Two bodies for one request, and nobody waits for it but its caller: never on this thread.
    Hold();
    const size_t bytes = request->Length();
    explain_->options_.workers->Post(connection(), bytes, [this, request] {
      Answer(request);
      explain_->options_.admission->Leave();
      Release();
    });
  }

  // On a worker.
  void Answer(grpc::ByteBuffer* request) {
    v1::ExplainChatResponse response;
    // Work for a caller who has left is not begun.
    CallStatus status = gone() ? call::Cancelled(/*may_have_run=*/false) : Fill(request, &response);
    if (!status.ok()) return Refuse(std::move(status));
    FinishWith(ToByteBuffer(response.SerializeAsString()));
  }

  void Refuse(CallStatus status) {
    call::CallEnd end;
    end.status = std::move(status);
    context()->AddTrailingMetadata("grpc-retry-pushback-ms", PushbackTrailer(end.status));
    Finish(BuildStatus(end, ""));
  }

  CallStatus Fill(grpc::ByteBuffer* bytes, v1::ExplainChatResponse* response) {
    const Options& options = explain_->options_;
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
};

Explain::Explain(Options options)
    : options_(std::move(options)), service_({"/sparkgate.v1.DebugService/ExplainChat"}) {}

void Explain::Start(Queue* queue, RequestTimer* request_timer, const Acceptor* acceptor) {
  new Call(this, {queue, request_timer, &service_, 0, acceptor});
}

}  // namespace sparkgate::rpc
