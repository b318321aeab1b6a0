#include "service/call/call.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "service/call/local_statuses.h"
#include "service/translate/response_decoder.h"
#include "service/translate/upstream_error.h"

namespace sparkgate::call {

namespace {

// A reader that was told by FinishStalled and does not read on is cut after this.
constexpr std::chrono::milliseconds kForceCancelTime{1000};

// gRPC gives a call back within milliseconds after it was cancelled. 1.51 can lose the completion
// of a Finish that races with a cancellation: what is not back after this never comes.
constexpr std::chrono::milliseconds kAbandonTime{10'000};

// So long an end that our own timers or the drain decide on waits for what is being decoded.
constexpr std::chrono::milliseconds kDecodingTime{1000};

}  // namespace

Call::Call(CallLoop* loop, ResponseWriter* writer, const CallLimits& limits, CallRequest request)
    : loop_(loop), writer_(writer), limits_(limits), request_(std::move(request)) {}

void Call::Enter(Phase phase) {
  phase_ = phase;
  deadlines_.Enter(phase);
}

// --- Events of the caller's side -----------------------------------------------------------------

void Call::OnStarted() {
  if (ended()) return;  // cancelled or drained before it began
  const Clock::time_point now = Now();
  Clock::time_point total = now + limits_.max_call_time;
  if (request_.deadline && *request_.deadline <= total) {
    total = *request_.deadline;
    total_is_callers_ = true;
  }
  if (total <= now) return End(CallerDeadline(false));
  Enter(Phase::kAwaitingHead);
  deadlines_.Set(Deadline::kTotal, total);
  if (request_.stream) deadlines_.Set(Deadline::kFirstContent, now + limits_.first_content);
  if (request_.stream && request_.heartbeat.count() > 0) {
    deadlines_.Set(Deadline::kHeartbeat, now + request_.heartbeat);
  }
  summary_.upstream_started = true;
  summary_.end.attempts = 1;
  transfer_ = loop_->StartTransfer(std::move(request_.upstream), this);
  SetTimer();
}

void Call::OnWriteDone(bool ok) {
  write_in_flight_ = false;
  deadlines_.Clear(Deadline::kWrite);
  if (!ok) return OnCancelled();
  AfterWrite();
  Changed();
}

void Call::OnCancelled() {
  // gRPC's own timer may be the first to see the caller's deadline.
  const bool late = request_.deadline && *request_.deadline <= Now();
  DropCaller(late ? CallerDeadline(may_have_run()) : Cancelled(may_have_run()));
  Changed();
}

// An answer that the caller did not get is no success, whatever the upstream made of it.
void Call::OnFinishFailed() {
  CallStatus& status = summary_.end.status;
  if (!status.ok()) return;
  status = summary_.forced ? SlowReader(limits_.reader_stall) : Cancelled(may_have_run());
}

void Call::OnDone() {
  transfer_.reset();
  loop_->Free();
}

void Call::OnDrain() {
  if (phase_ == Phase::kFinishing) return;
  if (!may_have_run()) return End(Draining());
  if (write_in_flight_) return FinishStalled(DrainCut());
  if (complete() && !decoding_) return OnComplete();
  EndOnceDecoded(DrainCut());
}

// --- The ways to the end -------------------------------------------------------------------------

void Call::End(CallStatus status) {
  if (ended()) return;
  Enter(Phase::kDelivering);
  transfer_.reset();
  summary_.end.status = std::move(status);
  if (!summary_.end.status.ok()) ReleaseHeld();
  Changed();
}

void Call::EndWithOk(bool dirty) {
  if (transfer_) transfer_->Linger(dirty);
  End(CallStatus());
}

// What has arrived and is only not decoded yet is the caller's, and an answer that is complete ends
// well; but a worker may be long in coming.
void Call::EndOnceDecoded(CallStatus status) {
  if (!decoding_) return End(std::move(status));
  if (ends_with_) return;
  ends_with_ = std::move(status);
  deadlines_.Clear(Deadline::kTotal);
  deadlines_.Set(Deadline::kDecoding, Now() + kDecodingTime);
  SetTimer();
}

void Call::DropCaller(CallStatus status) {
  // OK stands for everything before it; it does not hold for messages that are dropped here.
  const bool undelivered = ended() && summary_.end.status.ok() && HasMessage();
  if (!ended() || undelivered) summary_.end.status = std::move(status);
  if (!ended()) Enter(Phase::kDelivering);
  transfer_.reset();
  DropMessages();
}

// A status cannot overtake a message that the reader does not take, but it can wait behind it: a
// reader that wakes up gets it, one that does not is cut by kForceCancel.
void Call::FinishStalled(CallStatus status) {
  DropCaller(std::move(status));
  summary_.forced = true;
  Finish(std::nullopt);
}

// At the end of a turn: whatever can go out.
void Call::Pump() {
  if (phase_ == Phase::kFinishing || write_in_flight_) return;
  const bool failed = ended() && !summary_.end.status.ok();
  if (metadata_ == Metadata::kDue && (!failed || HasMessage())) {
    metadata_ = Metadata::kSent;
    upstream_metadata_sent_ = head_.status != 0;
    writer_->SendInitialMetadata(summary_.end.upstream_metadata);
  }
  if (!HasMessage()) {
    if (ended()) Finish(std::nullopt);
    return;
  }
  std::string message = TakeMessage();
  ++summary_.end.messages_sent;
  summary_.bytes_sent += message.size();
  if (ended() && !HasMessage()) return Finish(std::move(message));
  write_in_flight_ = true;
  deadlines_.Set(Deadline::kWrite, Now() + limits_.reader_stall);
  if (deadlines_.IsSet(Deadline::kHeartbeat)) {
    deadlines_.Set(Deadline::kHeartbeat, Now() + request_.heartbeat);
  }
  SetTimer();
  writer_->Write(std::move(message));
}

void Call::Finish(std::optional<std::string> last_message) {
  Enter(Phase::kFinishing);
  // The last message and the status wait for the reader too, and so does gRPC with its Done.
  deadlines_.Set(Deadline::kForceCancel,
                 Now() + (summary_.forced ? kForceCancelTime : limits_.reader_stall));
  SetTimer();
  CallStatus& status = summary_.end.status;
  if (status.http_status == 0) status.http_status = head_.status;
  if (status.upstream_request_id.empty()) {
    status.upstream_request_id = translate::UpstreamRequestId(head_.headers);
  }
  if (request_.endpoint == Endpoint::kModels) {
    status = translate::WordedForModels(std::move(status));
  }
  RemoveSecrets(&status);
  CallEnd end = summary_.end;
  if (upstream_metadata_sent_) end.upstream_metadata.clear();
  writer_->Finish(end, std::move(last_message));
}

// Whatever in it may be the upstream's words.
void Call::RemoveSecrets(CallStatus* status) const {
  if (status->ok()) return;
  limits_.secrets.RemoveFrom(&status->message);
  limits_.secrets.RemoveFrom(&status->upstream_code);
  for (FieldViolation& violation : status->violations) {
    limits_.secrets.RemoveFrom(&violation.field);
    limits_.secrets.RemoveFrom(&violation.description);
  }
}

void Call::Changed() {
  SetTimer();
  loop_->WantTurnEnd();
}

// --- Making the upstream wait --------------------------------------------------------------------

void Call::DecodeElsewhere(size_t bytes, std::function<void()> work, std::function<void()> done) {
  MakeUpstreamWait(&decoding_, true);
  loop_->Offload(request_.connection, bytes, std::move(work),
                 [this, done = std::move(done)] { OnDecoded(done); });
}

void Call::OnDecoded(const std::function<void()>& done) {
  MakeUpstreamWait(&decoding_, false);
  if (ended()) return;
  done();
  if (ends_with_ && !decoding_) End(*std::exchange(ends_with_, {}));
  SetTimer();
}

// `reason`: paused_for_reader_ or decoding_.
void Call::MakeUpstreamWait(bool* reason, bool wait) {
  const bool waited = paused_for_reader_ || decoding_;
  *reason = wait;
  const bool waits = paused_for_reader_ || decoding_;
  deadlines_.StopUpstream(waits, Now());
  if (!transfer_ || waits == waited) return;
  if (waits) {
    transfer_->Pause();
  } else {
    transfer_->Resume();
  }
}

void Call::NoteMessages(bool outbox_full) {
  if (outbox_full && transfer_) MakeUpstreamWait(&paused_for_reader_, true);
  Changed();
}

void Call::NoteContent() {
  const Clock::time_point now = Now();
  if (!summary_.first_content) summary_.first_content = now;
  deadlines_.Clear(Deadline::kFirstContent);
  deadlines_.Set(Deadline::kNextContent, now + limits_.content_gap);
  if (!deadlines_.IsSet(Deadline::kIdle)) deadlines_.Set(Deadline::kIdle, now + limits_.idle);
}

void Call::NoteComplete(bool complete) {
  if (complete == this->complete()) return;
  deadlines_.Clear(Deadline::kFirstContent);
  if (complete) {
    deadlines_.Clear(Deadline::kNextContent);
    deadlines_.Clear(Deadline::kIdle);
    deadlines_.Set(Deadline::kEnd, Now() + limits_.end_grace);
  } else {
    deadlines_.Clear(Deadline::kEnd);
    deadlines_.Set(Deadline::kNextContent, Now() + limits_.content_gap);
    deadlines_.Set(Deadline::kIdle, Now() + limits_.idle);
  }
}

// --- Time ---------------------------------------------------------------------------------------

void Call::OnTimer() {
  if (const std::optional<Deadline> due = deadlines_.TakeDue(Now())) OnDue(*due);
  SetTimer();  // what else is due comes at once
}

void Call::OnDue(Deadline deadline) {
  switch (deadline) {
    case Deadline::kForceCancel:
      deadlines_.Set(Deadline::kAbandon, Now() + kAbandonTime);
      summary_.forced = true;
      return writer_->Cancel();
    case Deadline::kAbandon:
      summary_.abandoned = true;
      return writer_->Abandon();
    case Deadline::kDecoding:
      return End(*std::exchange(ends_with_, {}));
    case Deadline::kTotal:
      if (complete() && !total_is_callers_ && !decoding_) return OnComplete();
      return EndOnceDecoded(total_is_callers_ ? CallerDeadline(may_have_run())
                                              : MaxCallTime(limits_.max_call_time, may_have_run()));
    case Deadline::kErrorBody:
      return OnErrorBody();
    case Deadline::kEnd:
      return OnComplete();
    case Deadline::kFirstContent:
      return End(Stalled(Awaited::kFirstContent, limits_.first_content));
    case Deadline::kNextContent:
      return End(Stalled(Awaited::kNextContent, limits_.content_gap));
    case Deadline::kIdle:
      return End(Stalled(Awaited::kAnyByte, limits_.idle));
    case Deadline::kHeartbeat:
      return Beat();
    case Deadline::kWrite:
      return FinishStalled(SlowReader(limits_.reader_stall));
  }
}

// Proxies cut what is silent, and a model may think for minutes. The headers leave before the
// upstream's are there, which then come as trailers.
void Call::Beat() {
  deadlines_.Set(Deadline::kHeartbeat, Now() + request_.heartbeat);
  if (write_in_flight_ || HasMessage()) return;
  SetMetadataDue();
  QueueHeartbeat();
  Changed();
}

}  // namespace sparkgate::call
