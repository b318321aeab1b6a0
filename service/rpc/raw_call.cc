#include "service/rpc/raw_call.h"

#include <utility>

#include "service/call/local_statuses.h"
#include "service/call/response_writer.h"
#include "service/rpc/request_reader.h"
#include "service/rpc/status_builder.h"

namespace sparkgate::rpc {

grpc::ByteBuffer ToByteBuffer(std::string bytes) {
  constexpr size_t kWorthKeeping = 4096;
  if (bytes.size() < kWorthKeeping) {
    const grpc::Slice slice(bytes);
    return grpc::ByteBuffer(&slice, 1);
  }
  auto* const owned = new std::string(std::move(bytes));
  const grpc::Slice slice(
      owned->data(), owned->size(), [](void* string) { delete static_cast<std::string*>(string); },
      owned);
  return grpc::ByteBuffer(&slice, 1);
}

RawCall::RawCall(const Source& source) : source_(source), stream_(&context_) {
  source_.queue->AddUser();
}

void RawCall::Await() {
  context_.AsyncNotifyWhenDone(&done_);
  source_.service->Request(source_.method, &context_, &stream_, source_.queue->get(), &new_);
}

RawCall::~RawCall() { source_.queue->RemoveUser(); }

void RawCall::OnNewTag(bool ok) {
  if (!ok) {
    delete this;  // the server is going away; nothing else comes for this object
    return;
  }
  peer_ = context_.peer();
  connection_ = ConnectionOf(peer_);
  AwaitNext();
  const Acceptor* const acceptor = source_.acceptor;
  if (acceptor == nullptr || !acceptor->IsReserve(peer_)) return OnCall();
  Refuse(call::TooManyConnections(acceptor->max_connections()));
}

void RawCall::Read() {
  source_.request_timer->Add(this, connection());
  Hold();
  stream_.Read(&request_, &read_);
}

void RawCall::OnReadTag(bool ok) {
  // Missing: refused already, and this is how gRPC gives the read back.
  if (source_.request_timer->Remove(this)) {
    if (ok) {
      OnRequest(&request_);
    } else {
      OnHalfClose();
    }
  }
  Release();
}

void RawCall::OnHalfClose() {
  Finish(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "the call ended without a request"));
}

void RawCall::OnRequestMissing(Cause cause) {
  Refuse(cause == Cause::kLate ? call::RequestTimeout(source_.request_timer->limit())
                               : call::TooManyUnfinishedRequests(RequestTimer::kMostOfOne));
}

void RawCall::SendInitialMetadata() {
  Hold();
  stream_.SendInitialMetadata(&metadata_);
}

void RawCall::Write(const grpc::ByteBuffer& message) {
  Hold();
  stream_.Write(message, &written_);
}

void RawCall::OnWrittenTag(bool ok) {
  OnWritten(ok);
  Release();
}

void RawCall::OnDoneTag(bool) {
  if (context_.IsCancelled()) {
    gone_.store(true);
    OnGone();
  }
  Release();
}

void RawCall::Refuse(CallStatus status) {
  call::CallEnd end;
  end.status = std::move(status);
  AddPushback(end.status);
  Finish(BuildStatus(end, ""));
}

void RawCall::AddPushback(const CallStatus& status) {
  const std::string pushback = PushbackTrailer(status);
  if (!pushback.empty()) context_.AddTrailingMetadata("grpc-retry-pushback-ms", pushback);
}

void RawCall::Finish(const grpc::Status& status, const grpc::ByteBuffer* last_message) {
  OnFinish();
  if (gone()) return OnFinishedTag(false);
  if (last_message == nullptr) return stream_.Finish(status, &finished_);
  stream_.WriteAndFinish(*last_message, grpc::WriteOptions(), status, &finished_);
}

void RawCall::OnFinishedTag(bool ok) {
  OnFinished(ok);
  Release();
}

void RawCall::Release() {
  if (holds_.fetch_sub(1) == 1) OnOver();
}

}  // namespace sparkgate::rpc
