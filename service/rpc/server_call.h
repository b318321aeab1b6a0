#ifndef SPARKGATE_SERVICE_RPC_SERVER_CALL_H_
#define SPARKGATE_SERVICE_RPC_SERVER_CALL_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "service/call/call.h"
#include "service/call/loop_thread.h"
#include "service/call/response_writer.h"
#include "service/call/worker_pool.h"
#include "service/event_loop/loop.h"
#include "service/rpc/acceptor.h"
#include "service/rpc/admission.h"
#include "service/rpc/queue.h"
#include "service/rpc/raw_service.h"
#include "service/rpc/request_timer.h"
#include "service/translate/echo_options.h"

namespace sparkgate::rpc {

enum class Method { kChat, kStreamChat, kListModels };
inline constexpr Method kMethods[] = {Method::kChat, Method::kStreamChat, Method::kListModels};
// Their full names, in this order.
std::vector<std::string> MethodNames();
constexpr bool IsUnary(Method method) { return method != Method::kStreamChat; }

// What is known of a call when it is over; for the log. No content, no secret.
struct CallReport {
  Method method = Method::kChat;
  std::string request_id;
  std::string peer;
  std::string model;
  std::chrono::steady_clock::time_point begun{};
  call::CallSummary summary;
};

// What all calls share. Outlives them.
struct CallContext {
  RawService service{MethodNames()};
  RequestTimer request_timer;
  Queue* queue = nullptr;
  std::vector<call::LoopThread*> loops;
  call::WorkerPool* workers = nullptr;
  Admission* admission = nullptr;
  const Acceptor* acceptor = nullptr;
  call::CallLimits limits;
  bool include_usage = true;
  translate::EchoOptions echo;
  translate::RefusedFields refused_fields;  // of the one upstream
  std::chrono::milliseconds heartbeat{0};   // see ServerOptions
  size_t max_request_elements = 65'536;
  std::vector<std::string> allowed_headers;
  std::function<void(const CallReport&)> on_over;  // any thread, once for each call
  // For each method: the requests that wait for its calls alternate between the loops.
  std::array<std::atomic<uint64_t>, std::size(kMethods)> next_loop{};
  std::atomic<int> awaiting{
      0};  // requests that wait for a call; all come back when the server ends
  // Calls begun and not yet destroyed, refused ones included; without the abandoned.
  std::atomic<int> open_calls{0};
  std::atomic<int> abandoned{0};  // calls that gRPC has not given back
};

// One call as gRPC sees it, from the request that waits for it to the last of its tags. The
// response writer of a Call (service/call), whose events it posts to the call's loop.
//
// Made by Await and destroyed by itself. Its tags may be pulled by the queue's thread and by any
// loop; the verbs are called on the call's own loop.
class ServerCall final : public call::ResponseWriter, private RequestTimer::Waiting {
 public:
  // Waits for one call of `method`; when it comes, the next one is awaited first.
  static void Await(CallContext* context, Method method);

  void SendInitialMetadata(const HeaderList& metadata) override;
  void Write(std::string message) override;
  void Finish(const call::CallEnd& end, std::optional<std::string> last_message) override;
  void Cancel() override { server_context_.TryCancel(); }
  void Abandon() override;

 private:
  // An operation in flight.
  class Operation final : public Tag {
   public:
    using Handler = void (ServerCall::*)(bool ok);
    Operation(ServerCall* port, Handler handler) : port_(port), handler_(handler) {}
    void OnTag(bool ok) override { (port_->*handler_)(ok); }

   private:
    ServerCall* const port_;
    const Handler handler_;
  };

  // Who may touch the core call. WhenDone may be pulled by one thread while another still handles
  // New.
  enum class State { kNew, kStarted, kRefused, kCancelledFirst };

  ServerCall(CallContext* context, Method method);
  ~ServerCall() override { context_->queue->RemoveUser(); }

  void OnNew(bool ok);
  void OnRequest(bool ok);
  void OnRequestLate() override;
  void OnInitialMetadata(bool) { Release(); }
  void OnWritten(bool ok);
  void OnFinished(bool ok);
  void OnWhenDone(bool);

  void Prepare();
  CallStatus Decode(call::CallRequest* request);
  CallStatus DecodeChat(call::CallRequest* request);
  CallStatus DecodeListModels(call::CallRequest* request);
  void Begin(call::CallRequest request);
  void Refuse(CallStatus status);
  void Notify(event_loop::Loop::Task event);
  void Release();
  void OnCallFreed(const call::CallSummary& summary);
  void ReportOver(const call::CallSummary& summary);
  void FinishOnWire(const grpc::Status& status, std::optional<std::string> last_message);
  void AddTrailers(const call::CallEnd& end);

  CallContext* const context_;
  const Method method_;
  call::LoopThread* const loop_;
  grpc::ServerContext server_context_;
  uint64_t connection_ = 0;  // of the caller; from OnNew on
  grpc::ByteBuffer request_;
  RawStream stream_;

  Operation new_{this, &ServerCall::OnNew};
  Operation read_{this, &ServerCall::OnRequest};
  Operation initial_metadata_{this, &ServerCall::OnInitialMetadata};
  Operation written_{this, &ServerCall::OnWritten};
  Operation finished_{this, &ServerCall::OnFinished};
  Operation when_done_{this, &ServerCall::OnWhenDone};

  // What still has to come back before the call is over: tags handed out, and from the start one
  // each for the request, WhenDone and Finish, since a call without Finish is not over either.
  std::atomic<int> outstanding_{3};
  std::atomic<State> state_{State::kNew};
  // gRPC has said that the call is cancelled. Nothing that is begun now can reach the caller, and
  // gRPC 1.51 loses the completion of a Finish that it gets then, once in some ten thousand calls.
  std::atomic<bool> gone_{false};
  bool started_on_loop_ = false;  // loop thread only
  bool metadata_sent_ = false;    // loop thread only
  bool abandoned_ = false;        // loop thread only
  call::Call* call_ = nullptr;    // owned by the loop; set before Started is posted
  CallReport report_;
};

}  // namespace sparkgate::rpc

#endif  // SPARKGATE_SERVICE_RPC_SERVER_CALL_H_
