#include "service/rpc/server_call.h"

#include <utility>

#include "base/text.h"
#include "service/call/local_statuses.h"
#include "service/rpc/request_reader.h"
#include "service/rpc/status_builder.h"
#include "service/translate/request_encoder.h"
#include "sparkgate/v1/model.pb.h"
#include "sparkgate/v1/request.pb.h"

namespace sparkgate::rpc {
namespace {

// A request over this is decoded by a worker: on the thread that gave it, it would hold up others.
// One of small elements takes some milliseconds at this size.
constexpr size_t kLargeRequest = 64 * 1024;

constexpr char kRequestId[] = "x-request-id";
constexpr char kUpstreamRequestId[] = "x-upstream-request-id";

call::LoopThread* NextLoop(CallContext* context, int method) {
  const uint64_t turn = context->next_loop[method].fetch_add(1, std::memory_order_relaxed);
  return context->loops[turn % context->loops.size()];
}

}  // namespace

std::vector<std::string> MethodNames() {
  return {"/sparkgate.v1.ChatService/Chat", "/sparkgate.v1.ChatService/StreamChat",
          "/sparkgate.v1.ModelService/ListModels"};
}

// --- From the call's headers to its beginning, or to a refusal -----------------------------------

void ServerCall::Await(CallContext* context, RawService* service, Method method) {
  const Source source{context->queue, &context->request_timer, service, static_cast<int>(method),
                      context->acceptor};
  (new ServerCall(context, source))->RawCall::Await();
}

ServerCall::ServerCall(CallContext* context, const Source& source)
    : RawCall(source), shared_(context), loop_(NextLoop(context, source.method)) {
  shared_->awaiting.fetch_add(1);
}

ServerCall::~ServerCall() {
  if (report_.begun == std::chrono::steady_clock::time_point()) shared_->awaiting.fetch_sub(1);
}

void ServerCall::AwaitNext() {
  shared_->open_calls.fetch_add(1);
  shared_->awaiting.fetch_sub(1);
  (new ServerCall(shared_, source()))->RawCall::Await();
  report_.method = method();
  report_.begun = call::Clock::now();
  report_.peer = peer();
}

void ServerCall::OnRequest(grpc::ByteBuffer* request) {
  if (!shared_->admission.Enter()) {
    return Refuse(call::Overloaded(shared_->options.max_calls));
  }
  const size_t bytes = request->Length();
  if (bytes <= kLargeRequest) return Prepare(request);
  Hold();
  shared_->workers->Post(connection(), bytes, [this, request] {
    Prepare(request);
    Release();
  });
}

// The caller closed his side without one.
void ServerCall::OnHalfClose() {
  Refuse(gone() ? call::Cancelled(/*may_have_run=*/false)
                : call::InvalidRequest("The call ended without a request message."));
}

void ServerCall::Prepare(grpc::ByteBuffer* bytes) {
  call::CallRequest request;
  // The caller may have left while the request waited for a worker.
  CallStatus status = gone() ? call::Cancelled(/*may_have_run=*/false) : Decode(bytes, &request);
  if (status.ok()) return Begin(std::move(request));
  shared_->admission.Leave();
  Refuse(std::move(status));
}

CallStatus ServerCall::Decode(grpc::ByteBuffer* bytes, call::CallRequest* request) {
  RequestMetadata metadata = ReadMetadata(*context(), shared_->options.allowed_headers);
  report_.request_id = metadata.request_id;
  if (!metadata.status.ok()) return metadata.status;
  request->connection = connection();
  request->merge = metadata.merge;
  request->heartbeat = metadata.heartbeat.value_or(shared_->options.heartbeat);
  request->deadline = FromWireDeadline(context()->raw_deadline(), std::chrono::system_clock::now(),
                                       call::Clock::now());
  request->upstream.headers = std::move(metadata.headers);
  return method() == Method::kListModels ? DecodeListModels(bytes, request)
                                         : DecodeChat(bytes, request);
}

CallStatus ServerCall::DecodeListModels(grpc::ByteBuffer* bytes, call::CallRequest* request) {
  v1::ListModelsRequest message;
  request->endpoint = Endpoint::kModels;
  request->upstream.method = "GET";
  request->upstream.path = "/models";
  return ParseRequest(bytes, shared_->options.max_request_elements, &message);
}

CallStatus ServerCall::DecodeChat(grpc::ByteBuffer* bytes, call::CallRequest* request) {
  v1::ChatRequest message;
  translate::EncodeOptions options;
  options.request_bytes = bytes->Length();
  CallStatus status = ParseRequest(bytes, shared_->options.max_request_elements, &message);
  if (!status.ok()) return status;

  translate::UpstreamBody body;
  options.stream = method() == Method::kStreamChat;
  const translate::RefusedFields& refused = shared_->refused_fields;
  options.include_usage =
      shared_->options.include_usage && !refused.Has(translate::OwnField::kStreamOptions);
  options.say_stream = !refused.Has(translate::OwnField::kStream);
  options.echo = shared_->options.echo;
  status = translate::EncodeRequest(message, options, &body);
  report_.model = body.model.substr(0, 256);
  if (!status.ok()) return status;

  request->stream = options.stream;
  request->refused = &shared_->refused_fields;
  request->requested_choices = body.requested_choices;
  request->upstream.path = "/chat/completions";
  request->upstream.event_stream = options.stream;
  request->upstream.body = std::move(body.json);
  return status;
}

void ServerCall::Begin(call::CallRequest request) {
  begun_.store(true);
  loop_->Post([this, request = std::move(request)]() mutable {
    const auto on_freed = [this](const call::CallSummary& summary) {
      if (abandoned_) {
        shared_->abandoned.fetch_sub(1);
      } else {
        ReportOver(summary);
      }
      delete this;
    };
    call_ = loop_->Add(this, shared_->options.limits, std::move(request), on_freed);
    if (gone()) call_->OnCancelled();
    call_->OnStarted();
  });
}

void ServerCall::Refuse(CallStatus status) {
  if (report_.request_id.empty()) report_.request_id = ReadMetadata(*context(), {}).request_id;
  call::CallEnd end;
  end.status = std::move(status);
  report_.summary.end = end;
  AddTrailers(end);
  RawCall::Finish(BuildStatus(end, report_.request_id));
}

// --- The verbs -----------------------------------------------------------------------------------

void ServerCall::SendInitialMetadata(const HeaderList& metadata) {
  metadata_sent_ = true;
  if (gone()) return;
  context()->AddInitialMetadata(kRequestId, report_.request_id);
  for (const auto& [name, value] : metadata) context()->AddInitialMetadata(name, value);
  // A unary call's leaves together with its one message.
  if (IsUnary(method())) return;
  shared_->queue->DoAndComplete([this] { RawCall::SendInitialMetadata(); });
}

void ServerCall::Write(std::string message) {
  if (gone()) return loop_->Post([this] { call_->OnWriteDone(false); });
  const grpc::ByteBuffer buffer = ToByteBuffer(std::move(message));
  shared_->queue->DoAndComplete([&] { RawCall::Write(buffer); });
}

void ServerCall::Finish(const call::CallEnd& end, std::optional<std::string> last_message) {
  AddTrailers(end);
  const grpc::Status status = BuildStatus(end, report_.request_id);
  if (!last_message || (IsUnary(method()) && !status.ok())) {
    return shared_->queue->FinishAndComplete([&] { RawCall::Finish(status); });
  }
  const grpc::ByteBuffer buffer = ToByteBuffer(*std::move(last_message));
  shared_->queue->FinishAndComplete([&] { RawCall::Finish(status, &buffer); });
}

// A failure is looked into by the ids of both sides: they stand where it is told, whatever went out
// before.
void ServerCall::AddTrailers(const call::CallEnd& end) {
  const bool failed = !end.status.ok();
  if (!metadata_sent_ || failed) context()->AddTrailingMetadata(kRequestId, report_.request_id);
  bool named = false;
  for (const auto& [name, value] : end.upstream_metadata) {
    named = named || name == kUpstreamRequestId;
    context()->AddTrailingMetadata(name, value);
  }
  const std::string& id = end.status.upstream_request_id;
  if (failed && !named && !id.empty() && IsPrintableAscii(id)) {
    context()->AddTrailingMetadata(kUpstreamRequestId, id);
  }
  AddPushback(end.status);
}

void ServerCall::Abandon() {
  abandoned_ = true;
  shared_->abandoned.fetch_add(1);
  ReportOver(call_->summary());
}

// --- Tags ----------------------------------------------------------------------------------------

void ServerCall::OnWritten(bool ok) {
  Notify([this, ok] { call_->OnWriteDone(ok); });
}

void ServerCall::OnFinished(bool ok) {
  if (!ok && begun_.load()) Notify([this] { call_->OnFinishFailed(); });
}

void ServerCall::OnGone() {
  if (!begun_.load()) return;
  // Begin may not have posted it yet; it looks whether the caller is gone.
  Notify([this] {
    if (call_ != nullptr) call_->OnCancelled();
  });
}

// On the call's own loop, once it is begun there, at once; else through the inbox.
void ServerCall::Notify(event_loop::Loop::Task event) {
  if (loop_->OnThisThread() && call_ != nullptr) return event();
  loop_->Post(std::move(event));
}

void ServerCall::OnOver() {
  // Always through the inbox: what was posted for this call before runs before.
  if (begun_.load()) return loop_->Post([this] { call_->OnDone(); });
  shared_->options.on_over(report_);
  shared_->open_calls.fetch_sub(1);
  delete this;
}

// Everybody who waits for the call's end hears of it.
void ServerCall::ReportOver(const call::CallSummary& summary) {
  report_.summary = summary;
  shared_->options.on_over(report_);
  shared_->admission.Leave();
  shared_->open_calls.fetch_sub(1);
}

}  // namespace sparkgate::rpc
