#ifndef SPARKGATE_SERVICE_CALL_CALL_H_
#define SPARKGATE_SERVICE_CALL_CALL_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "service/call/call_loop.h"
#include "service/call/response_writer.h"
#include "service/content_coding/content_decoder.h"
#include "service/translate/known_secrets.h"
#include "service/translate/own_fields.h"
#include "service/upstream/transfer.h"

namespace sparkgate::call {

// The limits of a call, and the secrets that none may repeat; one object for the whole server.
struct CallLimits {
  translate::KnownSecrets secrets;
  bool proxy_has_auth = false;  // the proxy is told a user and a password
  bool proxy_forwards = false;  // there is a proxy, and no tunnel through it: a 407 is the proxy's
  std::chrono::milliseconds first_content{
      120'000};                                   // StreamChat: from the start to the first content
  std::chrono::milliseconds content_gap{60'000};  // StreamChat: from one content to the next
  std::chrono::milliseconds idle{60'000};         // StreamChat: between any two bytes of the body
  std::chrono::milliseconds end_grace{3'000};  // StreamChat: from the last finish reason to an end
  std::chrono::milliseconds max_call_time{600'000};
  std::chrono::milliseconds reader_stall{30'000};  // a write that the caller does not take
  size_t outbox_bytes = 256 * 1024;
  size_t max_event_bytes = 16 * 1024 * 1024;
  size_t max_chat_body_bytes = 64 * 1024 * 1024;  // also of a list of models
  size_t large_bytes = 64 * 1024;                 // what is larger is decoded off the loop
};

// What a call is asked to do. Made before the loop hears of the call.
struct CallRequest {
  Endpoint endpoint = Endpoint::kCompletion;
  bool stream = false;
  upstream::Request upstream;
  int requested_choices = 1;
  std::optional<Clock::time_point> deadline;  // the caller's
  uint64_t connection = 0;                    // the caller's: workers are fair between connections
  bool merge = true;                          // adjacent increments may become one message
  translate::RefusedFields* refused = nullptr;  // the upstream's; null: no request is made anew
  std::chrono::milliseconds heartbeat{0};  // of silence, then a message that says nothing; 0: none
};

// What a call did, for the log. No content.
struct CallSummary {
  CallEnd end;
  bool upstream_started = false;
  std::optional<Clock::time_point> first_content;
  uint64_t bytes_received = 0;  // of the upstream's body
  uint64_t bytes_sent = 0;      // serialised messages
  int prompt_tokens = -1;       // -1: the upstream gave none
  int completion_tokens = -1;
  int anomalies = 0;
  bool forced = false;     // the caller did not read: Finish while a write was out, or cut after it
  bool abandoned = false;  // gRPC did not give the call back
  std::string detail;      // how the transfer ended, for operators alone
};

// One call from Started to Done: the state machine between a caller (ResponseWriter) and an
// upstream (Transfer).
//
// Its state is four variables: the upstream (none, open, over, with a paused flag), the final
// status (empty, then set once: the first cause wins), whether a write is in flight, and the caller
// (open, closing). Three functions change it: SetFinalStatus, Pump and FinishStalled. What the
// bytes of an answer mean is the business of the two kinds of call, StreamCall and UnaryCall.
//
// Owned by its CallLoop. Everything here runs on the loop's thread.
class Call : public upstream::TransferSink {
 public:
  // `loop`, `writer` and `limits` must outlive the call.
  Call(CallLoop* loop, ResponseWriter* writer, const CallLimits& limits, CallRequest request);
  ~Call() override = default;

  // Events of the caller's side; see ResponseWriter.
  void OnStarted();
  void OnWriteDone(bool ok);
  void OnCancelled();
  void OnFinishFailed();
  void OnDone();

  // The server ends before the call did. Before OnStarted: the call is not begun.
  void OnDrain();

  // From the loop.
  void OnTimer();
  void OnTurnEnd() { Pump(); }

  // From the transfer.
  void OnHead(upstream::Head head) final;
  void OnBody(std::string_view bytes) final;
  void OnEnd(const upstream::TransferEnd& end) final;

  const CallSummary& summary() const { return summary_; }
  uint64_t connection() const { return request_.connection; }

  // The loop's own place for what it knows of this call.
  void* loop_data = nullptr;

 protected:
  using How = upstream::TransferEnd::How;

  // Sets the final status if there is none yet; in every case the upstream is closed. On an error
  // what was held back of the answer leaves first.
  void SetFinalStatus(CallStatus status);

  // The answer is complete in its own terms while the connection is still in use.
  void SetOkAndLinger(bool dirty);

  // Makes the upstream wait while a part of its answer is decoded elsewhere, until ReleaseUpstream.
  // Its timers stand still until NoteDecoded: our own work is not its fault.
  void HoldUpstream();
  void NoteDecoded();
  void ReleaseUpstream();

  // What was decoded has been dealt with: an end that waited for it is due.
  void SetDeferredStatus();

  // Content arrived: the next is due within content_gap.
  void NoteContent();
  // The answer looks complete (or does not, any more): its end is due within end_grace.
  void NoteComplete(bool complete);

  // There may be something to write, or a timer has moved.
  void Changed();

  bool has_final_status() const { return final_status_.has_value(); }
  const CallRequest& request() const { return request_; }
  CallLoop* loop() const { return loop_; }
  const CallLimits& limits() const { return limits_; }
  const HeaderList& upstream_headers() const { return head_.headers; }
  CallSummary& mutable_summary() { return summary_; }

  // Makes the upstream wait for the caller, or lets it go on.
  void CheckOutbox(bool full, bool half_empty);

 private:
  static constexpr Clock::time_point kNever = Clock::time_point::max();

  // What kind of answer this is. The first bytes that are given are none that a page begins with.
  virtual void OnAnswerBytes(std::string_view bytes) = 0;
  virtual void OnAnswerEnd(How how) = 0;
  // end_grace is over, or something else ends a call whose answer is complete.
  virtual void OnComplete() {}
  // A message that says nothing: the caller has had none for a while.
  virtual void QueueHeartbeat() {}
  virtual bool HasMessage() const = 0;
  virtual std::string TakeMessage() = 0;
  virtual void DropMessages() = 0;
  virtual void ReleaseHeld() = 0;  // the call ends with an error
  virtual void AfterWrite() = 0;

  void SetFinalStatusOnceDecoded(CallStatus status);
  bool complete() const { return end_due_ != kNever; }
  void Pump();
  void FinishStalled(CallStatus status);
  void GiveUpOnCaller(CallStatus status);
  void Finish(std::optional<std::string> last_message);
  void RemoveSecrets(CallStatus* status) const;
  void CloseUpstream();
  void CheckUpstreamTimers(Clock::time_point now);
  // `reason`: one of the two below, for which they stand still.
  void StopUpstreamTimers(bool* reason);
  void RestartUpstreamTimers(bool* reason);
  bool upstream_timers_stopped() const { return paused_for_reader_ || decoding_elsewhere_; }
  void Beat();
  void SetTimer();
  Clock::time_point NextDue() const;
  void OnDecodedBytes(std::string_view bytes);
  void OnUndecodable(content_coding::ContentDecoder::Result result);
  void OnErrorBody();
  bool AskAgainWithout(translate::OwnField field);
  bool may_have_run() const {
    return summary_.upstream_started && (!transfer_ || transfer_->MayHaveBeenSeen());
  }

  CallLoop* const loop_;
  ResponseWriter* const writer_;
  const CallLimits& limits_;
  CallRequest request_;

  // The four variables.
  std::unique_ptr<upstream::Transfer> transfer_;  // null: none yet, or over
  bool paused_for_reader_ = false;
  bool held_by_answer_ = false;
  bool decoding_elsewhere_ = false;
  std::optional<CallStatus> final_status_;
  std::optional<CallStatus>
      deferred_status_;  // the final status, once what is being decoded is back
  bool write_in_flight_ = false;
  enum class Caller { kOpen, kClosing } caller_ = Caller::kOpen;

  // What the upstream is answering with. Of a 2xx the first byte that is no space decides.
  enum class Body { kNone, kUndecided, kAnswer, kError, kPage } body_ = Body::kNone;
  upstream::Head head_;
  content_coding::ContentDecoder decoder_;
  std::string error_body_;  // the beginning of a body that is no answer
  std::optional<upstream::Request> refused_request_;
  int earlier_attempts_ = 0;  // of a request that was made anew
  bool metadata_due_ = false;
  bool metadata_sent_ = false;
  bool upstream_metadata_sent_ = false;

  // When something is due; kNever if it is not.
  Clock::time_point total_due_ = kNever;
  bool total_is_callers_ = false;
  Clock::time_point content_due_ = kNever;
  bool content_seen_ = false;
  Clock::time_point idle_due_ = kNever;
  Clock::time_point end_due_ = kNever;  // in its place, once the answer is complete
  Clock::time_point heartbeat_due_ = kNever;
  Clock::time_point error_body_due_ = kNever;
  Clock::time_point deferred_due_ = kNever;
  Clock::time_point write_due_ = kNever;
  Clock::time_point force_cancel_due_ =
      kNever;                               // set from Finish on: no call waits for Done without it
  Clock::time_point abandon_due_ = kNever;  // set when force_cancel_due_ has come
  Clock::time_point stopped_at_{};          // the upstream's timers

  CallSummary summary_;
};

}  // namespace sparkgate::call

#endif  // SPARKGATE_SERVICE_CALL_CALL_H_
