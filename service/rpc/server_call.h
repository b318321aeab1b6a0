#ifndef SPARKGATE_SERVICE_RPC_SERVER_CALL_H_
#define SPARKGATE_SERVICE_RPC_SERVER_CALL_H_

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "service/call/call.h"
#include "service/call/loop_thread.h"
#include "service/call/response_writer.h"
#include "service/event_loop/loop.h"
#include "service/rpc/call_context.h"
#include "service/rpc/raw_call.h"

namespace sparkgate::rpc {

// The full names of kMethods, in that order.
std::vector<std::string> MethodNames();

// One call of chat: its request read, admitted, decoded and made a Call (service/call), whose
// response writer this is and whose events it posts to the call's loop.
//
// Owns itself, as RawCall says; once the Call is begun it lives until the loop has freed that,
// which is told to end when the last tag is back. Tags may be pulled by the queue's thread and by
// any loop; the verbs of ResponseWriter are called on the call's own loop.
class ServerCall final : public RawCall, public call::ResponseWriter {
 public:
  // Waits for one call of `method`; when it comes, the next one is awaited first. `service` has
  // MethodNames().
  static void Await(CallContext* context, RawService* service, Method method);

 private:
  ServerCall(CallContext* context, const Source& source);
  ~ServerCall() override;

  // From the tags.
  void AwaitNext() override;
  void OnRequest(grpc::ByteBuffer* request) override;
  void OnHalfClose() override;
  void OnWritten(bool ok) override;
  void OnFinished(bool ok) override;
  void OnGone() override;
  void OnOver() override;

  // The verbs.
  void SendInitialMetadata(const HeaderList& metadata) override;
  void Write(std::string message) override;
  void Finish(const call::CallEnd& end, std::optional<std::string> last_message) override;
  void Cancel() override { context()->TryCancel(); }
  void Abandon() override;

  void Prepare(grpc::ByteBuffer* bytes);
  CallStatus Decode(grpc::ByteBuffer* bytes, call::CallRequest* request);
  CallStatus DecodeChat(grpc::ByteBuffer* bytes, call::CallRequest* request);
  CallStatus DecodeListModels(grpc::ByteBuffer* bytes, call::CallRequest* request);
  void Begin(call::CallRequest request);
  void Refuse(CallStatus status) override;
  void Notify(event_loop::Loop::Task event);
  void ReportOver(const call::CallSummary& summary);
  void AddTrailers(const call::CallEnd& end);

  Method method() const { return static_cast<Method>(source().method); }

  CallContext* const shared_;
  call::LoopThread* const loop_;
  // A Call is on its way to the loop, or there. Whichever is set second, this or gone(), is
  // followed by a look at the other.
  std::atomic<bool> begun_{false};
  CallReport report_;  // `begun` is unset until a call has come
  // On the loop's thread only.
  call::Call* call_ = nullptr;  // the loop's
  bool metadata_sent_ = false;
  bool abandoned_ = false;
};

}  // namespace sparkgate::rpc

#endif  // SPARKGATE_SERVICE_RPC_SERVER_CALL_H_
