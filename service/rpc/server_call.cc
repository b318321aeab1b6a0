#include "service/rpc/server_call.h"

#include <grpcpp/impl/codegen/proto_utils.h>

#include <utility>

#include "service/call/local_statuses.h"
#include "service/call/stream_call.h"
#include "service/call/unary_call.h"
#include "service/rpc/byte_buffer.h"
#include "service/rpc/deadline.h"
#include "service/rpc/request_metadata.h"
#include "service/rpc/status_builder.h"
#include "service/translate/request_encoder.h"
#include "sparkgate/v1/model.pb.h"
#include "sparkgate/v1/request.pb.h"

namespace sparkgate::rpc {
namespace {

// A request over this is decoded by a worker: on the thread that gave it, it would hold up others.
// One of small elements takes some milliseconds at this size.
constexpr size_t kLargeRequest = 64 * 1024;

constexpr char kUpstreamRequestId[] = "x-upstream-request-id";

call::LoopThread* NextLoop(CallContext* context, Method method) {
  auto& next = context->next_loop[static_cast<size_t>(method)];
  const uint64_t turn = next.fetch_add(1, std::memory_order_relaxed);
  return context->loops[turn % context->loops.size()];
}

// The caller closed his side without one.
CallStatus NoRequest() {
  CallStatus status;
  status.code = absl::StatusCode::kInvalidArgument;
  status.reason = v1::ERROR_REASON_INVALID_REQUEST;
  status.pushback = Pushback::kNever;
  status.message = "The call ended without a request message.";
  return status;
}

}  // namespace

std::vector<std::string> MethodNames() {
  return {"/sparkgate.v1.ChatService/Chat", "/sparkgate.v1.ChatService/StreamChat",
          "/sparkgate.v1.ModelService/ListModels"};
}

void ServerCall::Await(CallContext* context, Method method) { new ServerCall(context, method); }

ServerCall::ServerCall(CallContext* context, Method method)
    : context_(context),
      method_(method),
      loop_(NextLoop(context, method)),
      stream_(&server_context_) {
  context_->queue->AddUser();
  context_->awaiting.fetch_add(1);
  server_context_.AsyncNotifyWhenDone(&when_done_);
  context_->service.Request(static_cast<int>(method_), &server_context_, &stream_,
                            context_->queue->get(), &new_);
}

// --- From New to Started, or to a refusal ---

void ServerCall::OnNew(bool ok) {
  if (ok) context_->open_calls.fetch_add(1);
  context_->awaiting.fetch_sub(1);
  if (!ok) {
    delete this;  // the server is going away; nothing else comes for this object
    return;
  }
  Await(context_, method_);
  report_.method = method_;
  report_.begun = call::Clock::now();
  report_.peer = server_context_.peer();
  connection_ = ConnectionOf(report_.peer);
  if (context_->acceptor->IsReserve(report_.peer)) {
    return Refuse(call::TooManyConnections(context_->acceptor->max_connections()));
  }
  if (!context_->request_timer.Add(this, connection_)) {
    return Refuse(call::Overloaded(context_->admission->max_calls()));
  }
  stream_.Read(&request_, &read_);
}

void ServerCall::OnRequest(bool ok) {
  // Late: refused already, and this is how gRPC gives the read back.
  if (!context_->request_timer.Remove(this)) return Release();
  if (!ok) return Refuse(gone_.load() ? call::Cancelled(/*may_have_run=*/false) : NoRequest());
  if (!context_->admission->Enter()) {
    return Refuse(call::Overloaded(context_->admission->max_calls()));
  }
  if (request_.Length() > kLargeRequest) {
    context_->workers->Post(connection_, request_.Length(), [this] { Prepare(); });
  } else {
    Prepare();
  }
}

void ServerCall::OnRequestLate() {
  outstanding_.fetch_add(1);  // the read, beside what Refuse releases
  Refuse(call::RequestTimeout(context_->request_timer.limit()));
}

void ServerCall::Prepare() {
  call::CallRequest request;
  // The caller may have left while the request waited for a worker.
  CallStatus status = gone_.load() ? call::Cancelled(/*may_have_run=*/false) : Decode(&request);
  if (status.ok()) return Begin(std::move(request));
  context_->admission->Leave();
  Refuse(std::move(status));
}

CallStatus ServerCall::Decode(call::CallRequest* request) {
  RequestMetadata metadata = ReadMetadata(server_context_, context_->allowed_headers);
  report_.request_id = metadata.request_id;
  if (!metadata.status.ok()) return metadata.status;
  request->connection = connection_;
  request->merge = metadata.merge;
  request->heartbeat = metadata.heartbeat.value_or(context_->heartbeat);
  request->deadline = FromWireDeadline(server_context_.raw_deadline(),
                                       std::chrono::system_clock::now(), call::Clock::now());
  request->upstream.headers = std::move(metadata.headers);
  return method_ == Method::kListModels ? DecodeListModels(request) : DecodeChat(request);
}

CallStatus ServerCall::DecodeListModels(call::CallRequest* request) {
  v1::ListModelsRequest message;
  CallStatus status = ParseRequest(&request_, context_->max_request_elements, &message);
  if (!status.ok()) return status;
  request->endpoint = Endpoint::kModels;
  request->upstream.method = "GET";
  request->upstream.path = "/models";
  return status;
}

CallStatus ServerCall::DecodeChat(call::CallRequest* request) {
  v1::ChatRequest message;
  translate::EncodeOptions options;
  options.request_bytes = request_.Length();
  CallStatus status = ParseRequest(&request_, context_->max_request_elements, &message);
  if (!status.ok()) return status;
  report_.model = message.model().substr(0, 256);

  translate::UpstreamBody body;
  options.stream = method_ == Method::kStreamChat;
  const translate::RefusedFields& refused = context_->refused_fields;
  options.include_usage =
      context_->include_usage && !refused.Has(translate::OwnField::kStreamOptions);
  options.say_stream = !refused.Has(translate::OwnField::kStream);
  options.echo = context_->echo;
  status = translate::EncodeRequest(message, options, &body);
  if (!status.ok()) return status;

  request->stream = options.stream;
  request->refused = &context_->refused_fields;
  request->requested_choices = body.requested_choices;
  request->upstream.path = "/chat/completions";
  request->upstream.event_stream = options.stream;
  request->upstream.body = std::move(body.json);
  return status;
}

void ServerCall::Begin(call::CallRequest request) {
  std::unique_ptr<call::Call> core;
  if (IsUnary(method_)) {
    core = std::make_unique<call::UnaryCall>(loop_, this, context_->limits, std::move(request));
  } else {
    core = std::make_unique<call::StreamCall>(loop_, this, context_->limits, std::move(request));
  }
  call_ = core.get();
  loop_->Post([this, core = std::move(core)]() mutable {
    started_on_loop_ = true;
    loop_->Add(std::move(core), [this](const call::CallSummary& summary) { OnCallFreed(summary); });
  });
  State expected = State::kNew;
  if (!state_.compare_exchange_strong(expected, State::kStarted)) {
    // WhenDone overtook New: what it had to say comes now, behind Started.
    state_.store(State::kStarted);
    loop_->Post([this] { call_->OnCancelled(); });
  }
  Release();  // the request
}

void ServerCall::Refuse(CallStatus status) {
  state_.store(State::kRefused);
  if (report_.request_id.empty()) {
    report_.request_id = ReadMetadata(server_context_, {}).request_id;
  }
  call::CallEnd end;
  end.status = std::move(status);
  report_.summary.end = end;
  AddTrailers(end);
  FinishOnWire(BuildStatus(end, report_.request_id), std::nullopt);
  Release();  // the request
}

// --- The verbs ---

void ServerCall::SendInitialMetadata(const HeaderList& metadata) {
  metadata_sent_ = true;
  if (gone_.load()) return;
  server_context_.AddInitialMetadata("x-request-id", report_.request_id);
  for (const auto& [name, value] : metadata) server_context_.AddInitialMetadata(name, value);
  // A unary call's leaves together with its one message.
  if (IsUnary(method_)) return;
  outstanding_.fetch_add(1);
  context_->queue->DoAndComplete([this] { stream_.SendInitialMetadata(&initial_metadata_); });
}

void ServerCall::Write(std::string message) {
  if (gone_.load()) return loop_->Post([this] { call_->OnWriteDone(false); });
  outstanding_.fetch_add(1);
  const grpc::ByteBuffer buffer = ToByteBuffer(std::move(message));
  context_->queue->DoAndComplete([&] { stream_.Write(buffer, &written_); });
}

void ServerCall::Finish(const call::CallEnd& end, std::optional<std::string> last_message) {
  AddTrailers(end);
  const grpc::Status status = BuildStatus(end, report_.request_id);
  context_->queue->DoAndComplete([&] { FinishOnWire(status, std::move(last_message)); });
}

// A failure is looked into by the ids of both sides: they stand where it is told, whatever went out
// before.
void ServerCall::AddTrailers(const call::CallEnd& end) {
  const bool failed = !end.status.ok();
  if (!metadata_sent_ || failed) {
    server_context_.AddTrailingMetadata("x-request-id", report_.request_id);
  }
  bool named = false;
  for (const auto& [name, value] : end.upstream_metadata) {
    named = named || name == kUpstreamRequestId;
    server_context_.AddTrailingMetadata(name, value);
  }
  const std::string& id = end.status.upstream_request_id;
  if (failed && !named && !id.empty() && IsPrintable(id)) {
    server_context_.AddTrailingMetadata(kUpstreamRequestId, id);
  }
  const std::string pushback = PushbackTrailer(end.status);
  if (!pushback.empty()) server_context_.AddTrailingMetadata("grpc-retry-pushback-ms", pushback);
}

void ServerCall::FinishOnWire(const grpc::Status& status, std::optional<std::string> last_message) {
  if (gone_.load()) return OnFinished(false);
  if (!last_message || (IsUnary(method_) && !status.ok())) {
    return stream_.Finish(status, &finished_);
  }
  stream_.WriteAndFinish(ToByteBuffer(std::move(*last_message)), grpc::WriteOptions(), status,
                         &finished_);
}

// --- Tags ---

void ServerCall::OnWritten(bool ok) {
  Notify([this, ok] { call_->OnWriteDone(ok); });
  Release();
}

void ServerCall::OnFinished(bool ok) {
  if (!ok && call_ != nullptr) Notify([this] { call_->OnFinishFailed(); });
  Release();
}

void ServerCall::OnWhenDone(bool) {
  if (server_context_.IsCancelled()) {
    gone_.store(true);
    State expected = State::kNew;
    if (!state_.compare_exchange_strong(expected, State::kCancelledFirst) &&
        expected == State::kStarted) {
      Notify([this] { call_->OnCancelled(); });
    }
  }
  Release();
}

// On the call's own loop, once it is Started there, at once; else through the inbox.
void ServerCall::Notify(event_loop::Loop::Task event) {
  if (loop_->OnThisThread() && started_on_loop_) return event();
  loop_->Post(std::move(event));
}

void ServerCall::Release() {
  if (outstanding_.fetch_sub(1) > 1) return;
  if (state_.load() == State::kRefused) {
    context_->on_over(report_);
    context_->open_calls.fetch_sub(1);
    delete this;
    return;
  }
  // Always through the inbox: what was posted for this call before runs before.
  loop_->Post([this] { call_->OnDone(); });
}

void ServerCall::OnCallFreed(const call::CallSummary& summary) {
  if (abandoned_) {
    context_->abandoned.fetch_sub(1);
  } else {
    ReportOver(summary);
  }
  delete this;
}

void ServerCall::Abandon() {
  abandoned_ = true;
  context_->abandoned.fetch_add(1);
  ReportOver(call_->summary());
}

// Everybody who waits for the call's end hears of it.
void ServerCall::ReportOver(const call::CallSummary& summary) {
  report_.summary = summary;
  context_->on_over(report_);
  context_->admission->Leave();
  context_->open_calls.fetch_sub(1);
}

}  // namespace sparkgate::rpc
