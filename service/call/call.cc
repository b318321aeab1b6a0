#include "service/call/call.h"

#include <algorithm>
#include <utility>

#include "base/safe_text.h"
#include "service/call/local_statuses.h"
#include "service/translate/models_decoder.h"
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

std::string_view Find(const HeaderList& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

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
  const std::string_view type = Find(headers, "content-type");
  return type.substr(0, 17) == "text/event-stream" || type.substr(0, 16) == "application/json";
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

// --- Events of the caller's side -----------------------------------------------------------------

void Call::OnStarted() {
  if (final_status_) return;  // cancelled or drained before it began
  const Clock::time_point now = loop_->Now();
  total_due_ = now + limits_.max_call_time;
  if (request_.deadline && *request_.deadline <= total_due_) {
    total_due_ = *request_.deadline;
    total_is_callers_ = true;
  }
  if (total_due_ <= now) return SetFinalStatus(CallerDeadline(false));
  if (request_.stream) content_due_ = now + limits_.first_content;
  if (request_.stream && request_.heartbeat.count() > 0) heartbeat_due_ = now + request_.heartbeat;
  summary_.upstream_started = true;
  summary_.end.attempts = 1;
  transfer_ = loop_->StartTransfer(std::move(request_.upstream), this);
  SetTimer();
}

void Call::OnWriteDone(bool ok) {
  write_in_flight_ = false;
  write_due_ = kNever;
  if (!ok) return OnCancelled();
  AfterWrite();
  Changed();
}

void Call::OnCancelled() {
  // gRPC's own timer may be the first to see the caller's deadline.
  const bool late = request_.deadline && *request_.deadline <= loop_->Now();
  GiveUpOnCaller(late ? CallerDeadline(may_have_run()) : Cancelled(may_have_run()));
}

// An answer that the caller did not get is no success, whatever the upstream made of it.
void Call::OnFinishFailed() {
  CallStatus& status = summary_.end.status;
  if (!status.ok()) return;
  status = summary_.forced ? SlowReader(limits_.reader_stall) : Cancelled(may_have_run());
}

void Call::OnDone() {
  CloseUpstream();
  loop_->Free(this);
}

void Call::OnDrain() {
  if (caller_ != Caller::kOpen) return;
  if (!may_have_run()) return SetFinalStatus(Draining());
  if (write_in_flight_) return FinishStalled(DrainCut());
  if (complete() && !decoding_elsewhere_) return OnComplete();
  SetFinalStatusOnceDecoded(DrainCut());
}

// --- The three functions that change the state ---------------------------------------------------

void Call::SetFinalStatus(CallStatus status) {
  if (!final_status_) {
    final_status_ = std::move(status);
    if (!final_status_->ok()) ReleaseHeld();
  }
  CloseUpstream();
  Changed();
}

// What has arrived and is only not decoded yet is the caller's, and an answer that is complete ends
// well; but a worker may be long in coming.
void Call::SetFinalStatusOnceDecoded(CallStatus status) {
  if (!decoding_elsewhere_) return SetFinalStatus(std::move(status));
  if (deferred_status_) return;
  deferred_status_ = std::move(status);
  deferred_due_ = loop_->Now() + kDecodingTime;
  total_due_ = kNever;
  SetTimer();
}

void Call::Pump() {
  if (caller_ != Caller::kOpen || write_in_flight_) return;
  if (metadata_due_ && (!final_status_ || final_status_->ok() || HasMessage())) {
    metadata_due_ = false;
    metadata_sent_ = true;
    upstream_metadata_sent_ = head_.status != 0;
    writer_->SendInitialMetadata(summary_.end.upstream_metadata);
  }
  if (final_status_ && !HasMessage()) return Finish(std::nullopt);
  if (!HasMessage()) return;
  std::string message = TakeMessage();
  ++summary_.end.messages_sent;
  summary_.bytes_sent += message.size();
  if (final_status_ && !HasMessage()) return Finish(std::move(message));
  write_in_flight_ = true;
  write_due_ = loop_->Now() + limits_.reader_stall;
  if (heartbeat_due_ != kNever) heartbeat_due_ = loop_->Now() + request_.heartbeat;
  SetTimer();
  writer_->Write(std::move(message));
}

// A status cannot overtake a message that the reader does not take, but it can wait behind it: a
// reader that wakes up gets it, one that does not is cut by OnTimer. Upstream and memory are freed
// here.
void Call::FinishStalled(CallStatus status) {
  GiveUpOnCaller(std::move(status));
  summary_.forced = true;
  Finish(std::nullopt);
}

void Call::GiveUpOnCaller(CallStatus status) {
  // OK stands for everything before it; it does not hold for messages that are dropped here.
  if (final_status_ && final_status_->ok() && HasMessage()) final_status_.reset();
  SetFinalStatus(std::move(status));
  DropMessages();
}

void Call::Finish(std::optional<std::string> last_message) {
  caller_ = Caller::kClosing;
  write_due_ = kNever;
  // The last message and the status wait for the reader too, and so does gRPC with its Done.
  force_cancel_due_ = loop_->Now() + (summary_.forced ? kForceCancelTime : limits_.reader_stall);
  SetTimer();
  if (final_status_->http_status == 0) final_status_->http_status = head_.status;
  if (final_status_->upstream_request_id.empty()) {
    final_status_->upstream_request_id = translate::UpstreamRequestId(head_.headers);
  }
  if (request_.endpoint == Endpoint::kModels) {
    final_status_ = translate::WordedForModels(*std::move(final_status_));
  }
  RemoveSecrets(&*final_status_);
  summary_.end.status = *final_status_;
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

void Call::CloseUpstream() {
  transfer_.reset();
  paused_for_reader_ = false;
  held_by_answer_ = false;
  decoding_elsewhere_ = false;
  total_due_ = content_due_ = idle_due_ = end_due_ = error_body_due_ = deferred_due_ = kNever;
  heartbeat_due_ = kNever;
}

void Call::Changed() {
  SetTimer();
  loop_->WantTurnEnd(this);
}

// --- From the transfer ---------------------------------------------------------------------------

void Call::OnHead(upstream::Head head) {
  head_ = std::move(head);
  for (auto& [name, value] : head_.headers) limits_.secrets.RemoveFrom(&value);
  summary_.end.upstream_metadata = translate::PassedHeaders(head_.headers);
  decoder_ = content_coding::ContentDecoder(FindAll(head_.headers, "content-encoding"));
  if (!IsSuccess(head_.status)) {
    body_ = Body::kError;
    if (head_.status < 200) return OnErrorBody();  // 101: what follows is no HTTP, and never ends
    const bool malformed = head_.status == 400 || head_.status == 422;
    if (malformed && request_.refused != nullptr) refused_request_ = transfer_->TakeRequest();
    error_body_due_ = loop_->Now() + kErrorBodyTime;
    return SetTimer();
  }
  body_ = Body::kUndecided;
  metadata_due_ = !metadata_sent_ && IsDeclaredAnswer(head_.headers);
  Changed();
}

void Call::OnBody(std::string_view bytes) {
  summary_.bytes_received += bytes.size();
  const auto result = decoder_.Decode(bytes, [this](std::string_view decoded) {
    OnDecodedBytes(decoded);
    return !final_status_;
  });
  if (final_status_) return;
  if (result != ContentDecoder::Result::kOk) return OnUndecodable(result);
  SetTimer();
}

void Call::OnDecodedBytes(std::string_view bytes) {
  if (body_ == Body::kUndecided) {
    const std::string_view begin = WithoutSpace(bytes);
    if (begin.empty()) return;
    if (begin.front() == '<') {
      body_ = Body::kPage;
      error_body_due_ = loop_->Now() + kErrorBodyTime;
    } else {
      body_ = Body::kAnswer;
      metadata_due_ = !metadata_sent_;
    }
  }
  if (body_ == Body::kAnswer) {
    // Before the first content its own limit holds: a role is no reason to expect the rest.
    if (content_seen_) idle_due_ = loop_->Now() + limits_.idle;
    return OnAnswerBytes(bytes);
  }
  error_body_.append(bytes.substr(0, kErrorBodyBytes - error_body_.size()));
  if (error_body_.size() == kErrorBodyBytes) OnErrorBody();
}

void Call::OnUndecodable(ContentDecoder::Result result) {
  if (body_ == Body::kError) return OnErrorBody();
  const std::string coding = SafeText(decoder_.coding(), kMaxCodingName);
  SetFinalStatus(
      ProtocolError(result == ContentDecoder::Result::kUnsupported
                        ? "answered in the content coding " + coding + ", which nobody asked for"
                        : "sent " + coding + " that is broken",
                    request_.endpoint));
}

void Call::OnEnd(const upstream::TransferEnd& end) {
  summary_.end.attempts = earlier_attempts_ + end.attempts;
  summary_.detail = end.detail;
  limits_.secrets.RemoveFrom(&summary_.detail);
  transfer_.reset();
  if (body_ == Body::kAnswer || body_ == Body::kUndecided) {
    const bool clean = end.how == How::kComplete || end.how == How::kClosed;
    return OnAnswerEnd(clean && !decoder_.complete() ? How::kCut : end.how);
  }
  if (body_ != Body::kNone) return OnErrorBody();
  if (end.proxy_status >= 300) {
    return SetFinalStatus(ProxyRefused(end.proxy_status, limits_.proxy_has_auth));
  }
  SetFinalStatus(TransferFailed(end.how, request_.endpoint));
}

void Call::OnErrorBody() {
  CallStatus status;
  if (body_ == Body::kError && head_.status == 407 && limits_.proxy_forwards) {
    status = ProxyRefused(head_.status, limits_.proxy_has_auth);
  } else if (body_ == Body::kError) {
    const translate::OwnField field = translate::RefusedOwnField(head_.status, error_body_);
    if (AskAgainWithout(field)) return;
    status = translate::HttpErrorStatus(head_.status, head_.headers, error_body_);
    translate::ExplainOwnField(field, &status);
    const bool redirect = head_.status >= 300 && head_.status < 400;
    if (redirect) summary_.detail = "redirect to " + translate::RedirectTarget(head_.headers);
  } else {
    status = translate::ErrorAfterOk(error_body_);
    if (status.ok()) {
      status = ProtocolError("answered with a page", request_.endpoint);
    }
  }
  SetFinalStatus(std::move(status));
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
  body_ = Body::kNone;
  error_body_.clear();
  error_body_due_ = kNever;
  transfer_ = loop_->StartTransfer(std::move(request), this);
  SetTimer();
  return true;
}

void Call::SetOkAndLinger(bool dirty) {
  if (transfer_) {
    transfer_->Linger(dirty);
    transfer_.reset();
  }
  SetFinalStatus(CallStatus());
}

// --- Waiting ------------------------------------------------------------------------------------

void Call::HoldUpstream() {
  StopUpstreamTimers(&decoding_elsewhere_);
  if (held_by_answer_) return;
  held_by_answer_ = true;
  if (transfer_ && !paused_for_reader_) transfer_->Pause();
}

void Call::NoteDecoded() {
  RestartUpstreamTimers(&decoding_elsewhere_);
  SetTimer();
}

void Call::SetDeferredStatus() {
  if (deferred_status_ && !final_status_ && !decoding_elsewhere_)
    SetFinalStatus(*std::exchange(deferred_status_, {}));
}

void Call::ReleaseUpstream() {
  held_by_answer_ = false;
  if (transfer_ && !paused_for_reader_) transfer_->Resume();
}

void Call::CheckOutbox(bool full, bool half_empty) {
  if (!transfer_) return;
  if (full && !paused_for_reader_) {
    StopUpstreamTimers(&paused_for_reader_);
    if (!held_by_answer_) transfer_->Pause();
  } else if (half_empty && paused_for_reader_) {
    RestartUpstreamTimers(&paused_for_reader_);
    if (!held_by_answer_) transfer_->Resume();
  }
}

// The time for which we make the upstream wait is none of its own.
void Call::StopUpstreamTimers(bool* reason) {
  if (!upstream_timers_stopped()) stopped_at_ = loop_->Now();
  *reason = true;
}

void Call::RestartUpstreamTimers(bool* reason) {
  if (!*reason) return;
  *reason = false;
  if (upstream_timers_stopped()) return;
  const Clock::duration waited = loop_->Now() - stopped_at_;
  if (content_due_ != kNever) content_due_ += waited;
  if (idle_due_ != kNever) idle_due_ += waited;
  if (end_due_ != kNever) end_due_ += waited;
}

void Call::NoteContent() {
  content_seen_ = true;
  const Clock::time_point now = loop_->Now();
  if (!summary_.first_content) summary_.first_content = now;
  content_due_ = now + limits_.content_gap;
  if (idle_due_ == kNever) idle_due_ = now + limits_.idle;
}

void Call::NoteComplete(bool complete) {
  if (complete == this->complete()) return;
  end_due_ = complete ? loop_->Now() + limits_.end_grace : kNever;
  content_due_ = complete ? kNever : loop_->Now() + limits_.content_gap;
}

// --- Time ---------------------------------------------------------------------------------------

Clock::time_point Call::NextDue() const {
  Clock::time_point next = std::min({total_due_, heartbeat_due_, error_body_due_, write_due_,
                                     force_cancel_due_, abandon_due_, deferred_due_});
  if (upstream_timers_stopped()) return next;
  return std::min({next, content_due_, end_due_, complete() ? kNever : idle_due_});
}

void Call::SetTimer() { loop_->SetTimer(this, NextDue()); }

void Call::OnTimer() {
  const Clock::time_point now = loop_->Now();
  if (force_cancel_due_ <= now) {
    force_cancel_due_ = kNever;
    abandon_due_ = now + kAbandonTime;
    summary_.forced = true;
    SetTimer();
    return writer_->Cancel();
  }
  if (abandon_due_ <= now) {
    abandon_due_ = kNever;
    summary_.abandoned = true;
    SetTimer();
    return writer_->Abandon();
  }
  if (!final_status_) CheckUpstreamTimers(now);
  if (heartbeat_due_ <= now) Beat();
  if (write_due_ <= now && caller_ == Caller::kOpen)
    return FinishStalled(SlowReader(limits_.reader_stall));
  SetTimer();
}

// Proxies cut what is silent, and a model may think for minutes. The headers leave before the
// upstream's are there, which then come as trailers.
void Call::Beat() {
  heartbeat_due_ = loop_->Now() + request_.heartbeat;
  if (write_in_flight_ || HasMessage()) return;
  metadata_due_ = !metadata_sent_;
  QueueHeartbeat();
  Changed();
}

void Call::CheckUpstreamTimers(Clock::time_point now) {
  if (deferred_due_ <= now) return SetFinalStatus(*std::exchange(deferred_status_, {}));
  if (total_due_ <= now) {
    if (complete() && !total_is_callers_ && !decoding_elsewhere_) return OnComplete();
    return SetFinalStatusOnceDecoded(total_is_callers_
                                         ? CallerDeadline(may_have_run())
                                         : MaxCallTime(limits_.max_call_time, may_have_run()));
  }
  if (error_body_due_ <= now) return OnErrorBody();
  if (upstream_timers_stopped()) return;
  if (complete()) {
    if (end_due_ <= now) OnComplete();
    return;
  }
  if (content_due_ <= now) {
    return SetFinalStatus(content_seen_ ? Stalled(Awaited::kNextContent, limits_.content_gap)
                                        : Stalled(Awaited::kFirstContent, limits_.first_content));
  }
  if (idle_due_ <= now) SetFinalStatus(Stalled(Awaited::kAnyByte, limits_.idle));
}

}  // namespace sparkgate::call
