#include "service/call/call.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "service/call/local_statuses.h"
#include "service/translate/response_decoder.h"
#include "service/translate/upstream_error.h"

namespace sparkgate::call {

using content_coding::ContentDecoder;

namespace {

// So much of an error's body is read, and so long: enough for any error object, and no way to hold
// us.
constexpr size_t kErrorBodyBytes = 64 * 1024;
constexpr std::chrono::seconds kErrorBodyTime{5};

constexpr size_t kMaxCodingName = 32;

// A reader that was told by FinishStalled and does not read on is cut after this.
constexpr std::chrono::milliseconds kForceCancelTime{1000};

// gRPC gives a call back within milliseconds after it was cancelled. 1.51 can lose the completion
// of a Finish that races with a cancellation: what is not back after this never comes.
constexpr std::chrono::milliseconds kAbandonTime{10'000};

// So long an end that our own timers or the drain decide on waits for what is being decoded.
constexpr std::chrono::milliseconds kDecodingTime{1000};

// All of a field, which a server may send in several lines.
std::string FindAll(const HeaderList& headers, std::string_view name) {
  std::string all;
  for (const auto& [key, value] : headers) {
    if (key == name) all += (all.empty() ? "" : ",") + value;
  }
  return all;
}

// Whether the body is an answer by its declaration, so that there is no need to see it first.
bool IsDeclaredAnswer(const HeaderList& headers) {
  const std::string* const type = FindHeader(headers, "content-type");
  return type != nullptr &&
         (type->rfind("text/event-stream", 0) == 0 || type->rfind("application/json", 0) == 0);
}

// Of those without a body, 204 and 205, no answer can come.
bool IsSuccess(int http_status) {
  return http_status >= 200 && http_status < 300 && http_status != 204 && http_status != 205;
}

// What stands before the first byte of JSON or of an event stream, and says nothing.
std::string_view WithoutSpace(std::string_view bytes) {
  const size_t begin = bytes.find_first_not_of(" \t\r\n");
  return begin == std::string_view::npos ? std::string_view() : bytes.substr(begin);
}

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

// --- From the transfer ---------------------------------------------------------------------------

void Call::OnHead(upstream::Head head) {
  head_ = std::move(head);
  for (auto& [name, value] : head_.headers) limits_.secrets.RemoveFrom(&value);
  summary_.end.upstream_metadata = translate::PassedHeaders(head_.headers);
  decoder_ = content_coding::ContentDecoder(FindAll(head_.headers, "content-encoding"));
  if (!IsSuccess(head_.status)) {
    Enter(Phase::kErrorBody);
    if (head_.status < 200) return OnErrorBody();  // 101: what follows is no HTTP, and never ends
    const bool malformed = head_.status == 400 || head_.status == 422;
    if (malformed && request_.refused != nullptr) refused_request_ = transfer_->TakeRequest();
    deadlines_.Set(Deadline::kErrorBody, Now() + kErrorBodyTime);
    return SetTimer();
  }
  Enter(Phase::kUndecided);
  if (IsDeclaredAnswer(head_.headers)) SetMetadataDue();
  Changed();
}

void Call::OnBody(std::string_view bytes) {
  summary_.bytes_received += bytes.size();
  const auto result = decoder_.Decode(bytes, [this](std::string_view decoded) {
    OnDecodedBytes(decoded);
    return !ended();
  });
  if (ended()) return;
  if (result != ContentDecoder::Result::kOk) return OnUndecodable(result);
  SetTimer();
}

void Call::OnDecodedBytes(std::string_view bytes) {
  if (phase_ == Phase::kUndecided) {
    const std::string_view begin = WithoutSpace(bytes);
    if (begin.empty()) return;
    if (begin.front() == '<') {
      Enter(Phase::kErrorBody);
      deadlines_.Set(Deadline::kErrorBody, Now() + kErrorBodyTime);
    } else {
      Enter(Phase::kAnswer);
      SetMetadataDue();
    }
  }
  if (phase_ == Phase::kAnswer) {
    // Before the first content its own limit holds: a role is no reason to expect the rest.
    if (content_seen() && !complete()) deadlines_.Set(Deadline::kIdle, Now() + limits_.idle);
    return OnAnswerBytes(bytes);
  }
  error_body_.append(bytes.substr(0, kErrorBodyBytes - error_body_.size()));
  if (error_body_.size() == kErrorBodyBytes) OnErrorBody();
}

void Call::OnUndecodable(ContentDecoder::Result result) {
  if (refused()) return OnErrorBody();
  const std::string coding = SafeText(decoder_.coding(), kMaxCodingName);
  End(ProtocolError(result == ContentDecoder::Result::kUnsupported
                        ? "answered in the content coding " + coding + ", which nobody asked for"
                        : "sent " + coding + " that is broken",
                    request_.endpoint));
}

void Call::OnEnd(const upstream::TransferEnd& end) {
  summary_.end.attempts = earlier_attempts_ + end.attempts;
  summary_.detail = end.detail;
  limits_.secrets.RemoveFrom(&summary_.detail);
  transfer_.reset();
  if (phase_ == Phase::kUndecided || phase_ == Phase::kAnswer) {
    const bool clean = end.how == How::kComplete || end.how == How::kClosed;
    return OnAnswerEnd(clean && !decoder_.complete() ? How::kCut : end.how);
  }
  if (phase_ == Phase::kErrorBody) return OnErrorBody();
  if (end.proxy_status >= 300) return End(ProxyRefused(end.proxy_status, limits_.proxy_has_auth));
  End(TransferFailed(end.how, request_.endpoint));
}

bool Call::refused() const { return phase_ == Phase::kErrorBody && !IsSuccess(head_.status); }

void Call::OnErrorBody() {
  if (refused()) {
    const translate::OwnField field = translate::RefusedOwnField(head_.status, error_body_);
    if (!AskAgainWithout(field)) End(RefusalStatus(field));
    return;
  }
  CallStatus status = translate::ErrorAfterOk(error_body_);
  End(status.ok() ? ProtocolError("answered with a page", request_.endpoint) : std::move(status));
}

// `field`: of ours, that the upstream seems to have refused.
CallStatus Call::RefusalStatus(translate::OwnField field) {
  if (head_.status == 407 && limits_.proxy_forwards) {
    return ProxyRefused(head_.status, limits_.proxy_has_auth);
  }
  CallStatus status = translate::HttpErrorStatus(head_.status, head_.headers, error_body_);
  translate::ExplainOwnField(field, &status);
  const bool redirect = head_.status >= 300 && head_.status < 400;
  if (redirect) summary_.detail = "redirect to " + translate::RedirectTarget(head_.headers);
  return status;
}

// The caller did not ask for the field, and the refusal has run nothing: once more, without it.
bool Call::AskAgainWithout(translate::OwnField field) {
  if (!refused_request_ || earlier_attempts_ > 0) return false;
  upstream::Request request = *std::exchange(refused_request_, {});
  if (!translate::RemoveOwnField(field, &request.body)) return false;
  request_.refused->Add(field);
  earlier_attempts_ = summary_.end.attempts;
  summary_.end.attempts = earlier_attempts_ + 1;
  head_ = upstream::Head();
  error_body_.clear();
  Enter(Phase::kAwaitingHead);
  transfer_ = loop_->StartTransfer(std::move(request), this);
  SetTimer();
  return true;
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
