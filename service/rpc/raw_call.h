#ifndef SPARKGATE_SERVICE_RPC_RAW_CALL_H_
#define SPARKGATE_SERVICE_RPC_RAW_CALL_H_

#include <grpcpp/completion_queue.h>
#include <grpcpp/impl/codegen/rpc_service_method.h>
#include <grpcpp/impl/codegen/service_type.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "service/rpc/acceptor.h"
#include "service/rpc/queue.h"
#include "service/rpc/request_timer.h"
#include "service/translate/call_status.h"

namespace sparkgate::rpc {

// A call as bytes both ways, whatever its method is: one request and one or more answers look the
// same on the wire as one of a bidirectional stream.
using RawStream = grpc::ServerAsyncReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer>;

// Methods whose calls are handed over when their headers are there. What the generated services
// hand over has its whole request already, and until then nobody can bound the time that a caller
// takes to send it.
class RawService final : public grpc::Service {
 public:
  // Full names, as "/sparkgate.v1.ChatService/Chat"; they are numbered from 0.
  explicit RawService(const std::vector<std::string>& methods) : names_(methods) {
    for (size_t i = 0; i < names_.size(); ++i) {
      AddMethod(new grpc::internal::RpcServiceMethod(
          names_[i].c_str(), grpc::internal::RpcMethod::BIDI_STREAMING, nullptr));
      MarkMethodAsync(static_cast<int>(i));
    }
  }

  // Waits for one call of a method. As the generated Request… functions.
  void Request(int method, grpc::ServerContext* context, RawStream* stream,
               grpc::ServerCompletionQueue* queue, void* tag) {
    RequestAsyncBidiStreaming(method, context, stream, queue, queue, tag);
  }

 private:
  const std::vector<std::string> names_;  // gRPC keeps pointers to them
};

// Serialised bytes as gRPC takes them; large ones are not copied.
grpc::ByteBuffer ToByteBuffer(std::string bytes);

// One call as gRPC sees it, from waiting for it to the last of its tags: it reads requests, each of
// which has to be complete in time, and writes answers.
//
// Made with new, and deleted when all that it is held by has come back: the tags that are out, the
// end of the call, and the Holds of what is built on it. The virtual functions run on whatever
// thread pulls the tag: the queue's own, or a loop's. At most one Read or Write is out at a time,
// Finish comes once and nothing follows it; a write that is out then may still come back.
class RawCall : private RequestTimer::Waiting {
 public:
  // Where calls come from. Everything outlives the calls.
  struct Source {
    Queue* queue = nullptr;
    RequestTimer* request_timer = nullptr;
    RawService* service = nullptr;
    int method = 0;  // of the service
    // Calls on its reserve connections are refused. Null: they are taken.
    const Acceptor* acceptor = nullptr;
  };

  // Waits for a call of the method. Once, and nothing may be done with the object behind it: the
  // call may be over by then.
  void Await();

 protected:
  explicit RawCall(const Source& source);
  ~RawCall() override;
  RawCall(const RawCall&) = delete;
  RawCall& operator=(const RawCall&) = delete;

  // A call came to this object: another one has to wait for the next.
  virtual void AwaitNext() = 0;
  // Its headers are there.
  virtual void OnCall() { Read(); }
  virtual void OnRequest(grpc::ByteBuffer* request) = 0;
  // The caller has closed its side.
  virtual void OnHalfClose();
  virtual void OnWritten(bool /*ok*/) {}
  // The caller has left, or the connection was lost. May come at any time, beside the others.
  virtual void OnGone() {}
  // First thing of Finish.
  virtual void OnFinish() {}
  // False: what Finish was given did not reach the transport.
  virtual void OnFinished(bool /*ok*/) {}
  // Everything has come back: deletes the object, or lets it be deleted later.
  virtual void OnOver() { delete this; }
  // Ends the call with a status of ours.
  virtual void Refuse(CallStatus status);

  // What tells stock clients with a retry policy when to send the call again, or not to.
  void AddPushback(const CallStatus& status);

  void Read();
  void SendInitialMetadata();
  void Write(const grpc::ByteBuffer& message);
  // `last_message` goes out with the status.
  void Finish(const grpc::Status& status, const grpc::ByteBuffer* last_message = nullptr);

  // Whether OnGone has come or is about to. Nothing that is begun then can reach the caller.
  bool gone() const { return gone_.load(); }
  const std::string& peer() const { return peer_; }  // as gRPC names it
  uint64_t connection() const { return connection_; }
  grpc::ServerContext* context() { return &context_; }
  const Source& source() const { return source_; }

  // For what comes back beside the call's own tags, a worker for example: keeps the object.
  void Hold() { holds_.fetch_add(1); }
  void Release();

 private:
  class Operation final : public Tag {
   public:
    using Handler = void (RawCall::*)(bool ok);
    Operation(RawCall* call, Handler handler) : call_(call), handler_(handler) {}
    void OnTag(bool ok) override { (call_->*handler_)(ok); }

   private:
    RawCall* const call_;
    const Handler handler_;
  };

  void OnNewTag(bool ok);
  void OnReadTag(bool ok);
  void OnMetadataTag(bool) { Release(); }
  void OnWrittenTag(bool ok);
  void OnDoneTag(bool ok);
  void OnFinishedTag(bool ok);
  void OnRequestMissing(Cause cause) override;

  const Source source_;
  grpc::ServerContext context_;
  std::string peer_;  // both of the caller, from AwaitNext on
  uint64_t connection_ = 0;
  RawStream stream_;
  grpc::ByteBuffer request_;
  Operation new_{this, &RawCall::OnNewTag};
  Operation read_{this, &RawCall::OnReadTag};
  Operation metadata_{this, &RawCall::OnMetadataTag};
  Operation written_{this, &RawCall::OnWrittenTag};
  Operation done_{this, &RawCall::OnDoneTag};
  Operation finished_{this, &RawCall::OnFinishedTag};
  std::atomic<int> holds_{2};  // the call's end and Finish; each tag that is out and Hold is one
  // gRPC 1.51 loses the completion of a Finish that it gets behind the end of the call, once in
  // some ten thousand calls: nothing is begun any more once this is set.
  std::atomic<bool> gone_{false};
};

}  // namespace sparkgate::rpc

#endif  // SPARKGATE_SERVICE_RPC_RAW_CALL_H_
