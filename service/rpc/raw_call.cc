#include "service/rpc/raw_call.h"

#include <string>
#include <utility>

#include "service/call/local_statuses.h"
#include "service/call/response_writer.h"
#include "service/rpc/request_metadata.h"
#include "service/rpc/status_builder.h"

namespace sparkgate::rpc {
namespace {

grpc::Status AsGrpcStatus(CallStatus status) {
  call::CallEnd end;
  end.status = std::move(status);
  return BuildStatus(end, "");
}

}  // namespace

RawCall::RawCall(const Source& source) : source_(source), stream_(&context_) {
  source_.queue->AddUser();
  context_.AsyncNotifyWhenDone(&done_);
  source_.service->Request(source_.method, &context_, &stream_, source_.queue->get(), &new_);
}

RawCall::~RawCall() { source_.queue->RemoveUser(); }

void RawCall::OnNewTag(bool ok) {
  if (!ok) {
    delete this;  // the server is going away; nothing else comes for this object
    return;
  }
  AwaitNext();
  const std::string peer = context_.peer();
  connection_ = ConnectionOf(peer);
  const Acceptor* const acceptor = source_.acceptor;
  if (acceptor == nullptr || !acceptor->IsReserve(peer)) return OnCall();
  Finish(AsGrpcStatus(call::TooManyConnections(acceptor->max_connections())));
}

void RawCall::Read() {
  if (!source_.request_timer->Add(this, connection())) {
    return Finish(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                               "too many unfinished requests on this connection"));
  }
  Hold();
  stream_.Read(&request_, &read_);
}

void RawCall::OnReadTag(bool ok) {
  // Late: finished already, and this is how gRPC gives the read back.
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

void RawCall::OnRequestLate() {
  Finish(AsGrpcStatus(call::RequestTimeout(source_.request_timer->limit())));
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

// gRPC 1.51 may lose the completion of a Finish that it gets behind the end of the call.
void RawCall::Finish(const grpc::Status& status) {
  OnFinish();
  if (gone()) return Release();
  stream_.Finish(status, &finished_);
}

void RawCall::FinishWith(const grpc::ByteBuffer& last_message) {
  OnFinish();
  if (gone()) return Release();
  stream_.WriteAndFinish(last_message, grpc::WriteOptions(), grpc::Status::OK, &finished_);
}

void RawCall::Release() {
  if (outstanding_.fetch_sub(1) > 1) return;
  OnOver();
  delete this;
}

}  // namespace sparkgate::rpc
