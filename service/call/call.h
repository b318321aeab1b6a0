#ifndef SPARKGATE_SERVICE_CALL_CALL_H_
#define SPARKGATE_SERVICE_CALL_CALL_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "service/call/call_loop.h"
#include "service/call/deadlines.h"
#include "service/call/response_writer.h"
#include "service/content_coding/content_decoder.h"
#include "service/translate/own_fields.h"
#include "service/translate/redaction.h"
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
  size_t outbox_bytes = 64 * 1024;
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
// upstream (Transfer). What the bytes of an answer mean is the business of the two kinds of call,
// StreamCall and UnaryCall.
//
//   kNew ─▶ kAwaitingHead ─▶ kUndecided ─▶ kAnswer ────┬─▶ kDelivering ─▶ kFinishing ─▶ Done
//                 ▲    │         └──────▶ kErrorBody ──┤
//                 │    └──────────────────▶  │         │
//                 └── without a field of ours ┘        │
//   any phase before kDelivering ──────────────────────┘
//
// The final status is set once, on the way to kDelivering: the first cause wins. There are two ways
// there. End: what was held of the answer leaves before it. DropCaller: the caller is gone or does
// not read, so that nothing more is built or sent; only this replaces an OK whose messages have not
// all left. Beside the phase there are a write that is in flight, and two reasons to make the
// upstream wait.
//
// Owned by its loop. Everything here runs on the loop's thread.
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

 protected:
  using How = upstream::TransferEnd::How;

  // Sets the final status if there is none yet, and closes the upstream. On an error what was held
  // back of the answer leaves first.
  void End(CallStatus status);
  // The answer is complete in its own terms: ends with OK, and the connection may be kept. `dirty`:
  // something follows that must not be there.
  void EndWithOk(bool dirty);
  bool ended() const { return phase_ >= Phase::kDelivering; }

  // Runs `work` on another thread, then `done` here unless the call has ended. Meanwhile the
  // upstream waits, and its deadlines stand still: our own work is not its fault. `work` must not
  // refer to the call.
  void DecodeElsewhere(size_t bytes, std::function<void()> work, std::function<void()> done);
  bool decoding() const { return decoding_; }

  // Content arrived: the next is due within content_gap.
  void NoteContent();
  // The answer looks complete (or does not, any more): its end is due within end_grace.
  void NoteComplete(bool complete);
  // There are messages to write.
  void NoteMessages(bool outbox_full);
  // The outbox has room again.
  void NoteOutboxHalfEmpty() { MakeUpstreamWait(&paused_for_reader_, false); }

  Clock::time_point Now() const { return loop_->Now(); }
  const CallRequest& request() const { return request_; }
  const CallLimits& limits() const { return limits_; }
  const HeaderList& upstream_headers() const { return head_.headers; }
  CallSummary& mutable_summary() { return summary_; }

 private:
  // What kind of answer this is. The first bytes that are given are none that a page begins with.
  virtual void OnAnswerBytes(std::string_view bytes) = 0;
  virtual void OnAnswerEnd(How how) = 0;
  // The answer is complete, and its end did not come in time, or the call has to end now.
  virtual void OnComplete() {}
  // A message that says nothing: the caller has had none for a while.
  virtual void QueueHeartbeat() {}
  virtual bool HasMessage() const = 0;
  virtual std::string TakeMessage() = 0;
  virtual void DropMessages() = 0;
  virtual void ReleaseHeld() = 0;  // the call ends with an error
  virtual void AfterWrite() = 0;

  void Enter(Phase phase);
  void EndOnceDecoded(CallStatus status);
  void OnDecoded(const std::function<void()>& done);
  void DropCaller(CallStatus status);
  void FinishStalled(CallStatus status);
  void Pump();
  void Finish(std::optional<std::string> last_message);
  void RemoveSecrets(CallStatus* status) const;
  void SetMetadataDue() {
    if (metadata_ == Metadata::kNotDue) metadata_ = Metadata::kDue;
  }
  void MakeUpstreamWait(bool* reason, bool wait);
  void OnDue(Deadline deadline);
  void Beat();
  void Changed();
  void SetTimer() { loop_->SetTimer(deadlines_.Next()); }
  void OnDecodedBytes(std::string_view bytes);
  void OnUndecodable(content_coding::ContentDecoder::Result result);
  void OnErrorBody();
  CallStatus RefusalStatus(translate::OwnField field);
  bool AskAgainWithout(translate::OwnField field);

  bool complete() const { return deadlines_.IsSet(Deadline::kEnd); }
  // The upstream refused the request: the body of another status than 2xx.
  bool refused() const;
  bool content_seen() const { return summary_.first_content.has_value(); }
  bool may_have_run() const {
    return summary_.upstream_started && (!transfer_ || transfer_->MayHaveBeenSeen());
  }

  CallLoop* const loop_;
  ResponseWriter* const writer_;
  const CallLimits& limits_;
  CallRequest request_;

  Phase phase_ = Phase::kNew;
  Deadlines deadlines_;
  CallSummary summary_;  // end.status: the final status, from kDelivering on

  // The upstream.
  std::unique_ptr<upstream::Transfer> transfer_;  // null: none yet, or over
  upstream::Head head_;
  content_coding::ContentDecoder decoder_;
  std::string error_body_;          // the beginning of a body that is no answer
  bool paused_for_reader_ = false;  // the first reason to make it wait
  bool decoding_ = false;           // the second: a part of the answer is being decoded elsewhere
  std::optional<CallStatus> ends_with_;  // once that is back
  bool total_is_callers_ = false;        // the deadline is the caller's, not max_call_time
  std::optional<upstream::Request> refused_request_;  // for asking once more
  int earlier_attempts_ = 0;                          // of a request that was made anew

  // The caller.
  bool write_in_flight_ = false;
  enum class Metadata { kNotDue, kDue, kSent } metadata_ = Metadata::kNotDue;
  bool upstream_metadata_sent_ = false;  // with it: there was a head by then
};

}  // namespace sparkgate::call

#endif  // SPARKGATE_SERVICE_CALL_CALL_H_
