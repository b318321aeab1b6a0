#ifndef SPARKGATE_SERVICE_RPC_RAW_CALL_H_
#define SPARKGATE_SERVICE_RPC_RAW_CALL_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include <atomic>
#include <cstdint>

#include "service/rpc/acceptor.h"
#include "service/rpc/queue.h"
#include "service/rpc/raw_service.h"
#include "service/rpc/request_timer.h"

namespace sparkgate::rpc {

// One call of a service beside chat (health, reflection, debug), from waiting for it to the last of
// its tags: it reads requests, each of which has to be complete in time, and writes answers.
//
// Made with new and deleted by itself. The virtual functions run on whatever thread pulls the tag:
// the queue's own, or a loop's. At most one Read or Write is out at a time, Finish comes once and
// nothing follows it; a write that is out then may still come back.
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

 protected:
  // Waits for a call of the method.
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
  // Everything has come back.
  virtual void OnOver() {}

  void Read();
  void Write(const grpc::ByteBuffer& message);
  void Finish(const grpc::Status& status);
  void FinishWith(const grpc::ByteBuffer& last_message);

  // Whether OnGone has come or is about to.
  bool gone() const { return gone_.load(); }
  uint64_t connection() const { return connection_; }
  grpc::ServerContext* context() { return &context_; }
  const Source& source() const { return source_; }

  // For what comes back beside the call's own tags, an alarm for example: keeps the object.
  void Hold() { outstanding_.fetch_add(1); }
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
  void OnWrittenTag(bool ok);
  void OnDoneTag(bool ok);
  void OnFinishedTag(bool) { Release(); }
  void OnRequestLate() override;

  const Source source_;
  grpc::ServerContext context_;
  uint64_t connection_ = 0;  // of the caller; from OnCall on
  RawStream stream_;
  grpc::ByteBuffer request_;
  Operation new_{this, &RawCall::OnNewTag};
  Operation read_{this, &RawCall::OnReadTag};
  Operation written_{this, &RawCall::OnWrittenTag};
  Operation done_{this, &RawCall::OnDoneTag};
  Operation finished_{this, &RawCall::OnFinishedTag};
  std::atomic<int> outstanding_{2};  // the call's end and Finish; each Read, Write and Hold is one
  std::atomic<bool> gone_{false};
};

}  // namespace sparkgate::rpc

#endif  // SPARKGATE_SERVICE_RPC_RAW_CALL_H_
