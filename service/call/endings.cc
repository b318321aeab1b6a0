#include "service/call/endings.h"

#include <string>

namespace sparkgate::call {
namespace {

using How = upstream::TransferEnd::How;

// The call may have been worked on: nobody may send it again by himself.
CallStatus MayHaveRun(absl::StatusCode code, v1::ErrorReason reason, std::string message) {
  CallStatus status;
  status.code = code;
  status.reason = reason;
  status.message = std::move(message);
  status.may_have_run = true;
  status.pushback = Pushback::kNever;
  return status;
}

// The upstream has certainly not seen the call: sending it again costs nothing.
CallStatus NotSeen(v1::ErrorReason reason, std::string message,
                   std::chrono::milliseconds retry_delay) {
  CallStatus status;
  status.code = absl::StatusCode::kUnavailable;
  status.reason = reason;
  status.message = std::move(message);
  status.retry_delay = retry_delay;
  return status;
}

CallStatus WithRun(CallStatus status, bool may_have_run) {
  status.may_have_run = may_have_run;
  status.pushback = may_have_run ? Pushback::kNever : Pushback::kNone;
  return status;
}

std::string Milliseconds(std::chrono::milliseconds time) {
  if (time.count() % 1000 == 0) return std::to_string(time.count() / 1000) + " s";
  return std::to_string(time.count()) + " ms";
}

constexpr std::chrono::milliseconds kRetryDelay{1000};

}  // namespace

CallStatus TransferFailed(How how) {
  switch (how) {
    case How::kNotConnected:
      return NotSeen(v1::ERROR_REASON_UPSTREAM_UNREACHABLE,
                     "No connection to the upstream could be made, so the call was not begun; try "
                     "again.",
                     kRetryDelay);
    case How::kNotSeen:
      return NotSeen(v1::ERROR_REASON_UPSTREAM_UNREACHABLE,
                     "The connection to the upstream broke before the request was received, so the "
                     "call was not begun; try again.",
                     kRetryDelay);
    case How::kCertificateRefused:
      return NotSeen(v1::ERROR_REASON_UPSTREAM_TLS_FAILED,
                     "The upstream's certificate was refused, so the call was not begun; check the "
                     "upstream's address and Sparkgate's CA file.",
                     std::chrono::seconds(30));
    case How::kLost:
      return MayHaveRun(
          absl::StatusCode::kAborted, v1::ERROR_REASON_UPSTREAM_CONNECTION_LOST,
          "The connection to the upstream was lost after the request had left and before "
          "any answer came; the call may have run and may be billed.");
    case How::kProtocol:
      return ProtocolError("broke the rules of HTTP");
    case How::kComplete:
    case How::kClosed:
    case How::kCut:
      break;
  }
  return Truncated("The connection to the upstream was lost in the middle of the answer");
}

CallStatus Truncated(std::string_view what) {
  return MayHaveRun(
      absl::StatusCode::kAborted, v1::ERROR_REASON_UPSTREAM_STREAM_TRUNCATED,
      std::string(what) +
          "; what came before is genuine but incomplete, and the call may be billed.");
}

CallStatus ProtocolError(std::string_view what) {
  return MayHaveRun(absl::StatusCode::kInternal, v1::ERROR_REASON_UPSTREAM_PROTOCOL_ERROR,
                    "The upstream " + std::string(what) +
                        ", which is no chat completion; check the upstream's address. The call may "
                        "have run.");
}

CallStatus Stalled(std::string_view what, std::chrono::milliseconds limit) {
  return MayHaveRun(absl::StatusCode::kAborted, v1::ERROR_REASON_UPSTREAM_STALLED,
                    "The upstream was given " + Milliseconds(limit) + " for " + std::string(what) +
                        " and sent none; the call was ended and may be billed.");
}

CallStatus CallerDeadline(bool may_have_run) {
  CallStatus status;
  status.code = absl::StatusCode::kDeadlineExceeded;
  status.reason = v1::ERROR_REASON_CALLER_DEADLINE;
  status.message = "The caller's deadline passed before the answer was complete.";
  return WithRun(status, may_have_run);
}

CallStatus MaxCallTime(std::chrono::milliseconds limit, bool may_have_run) {
  CallStatus status;
  status.code = absl::StatusCode::kDeadlineExceeded;
  status.reason = v1::ERROR_REASON_MAX_CALL_TIME;
  status.message = "The answer was not complete after " + Milliseconds(limit) +
                   ", the most that this server gives to one call; ask for less at once.";
  return WithRun(status, may_have_run);
}

CallStatus SlowReader(std::chrono::milliseconds limit) {
  return MayHaveRun(absl::StatusCode::kResourceExhausted, v1::ERROR_REASON_SLOW_READER,
                    "The caller read nothing for " + Milliseconds(limit) +
                        " while the answer waited; the call was ended. Read faster.");
}

CallStatus DrainCut() {
  return MayHaveRun(
      absl::StatusCode::kAborted, v1::ERROR_REASON_DRAIN_CUT,
      "This server is shutting down and the answer was not complete in time; what came "
      "before is genuine but incomplete, and the call may be billed.");
}

CallStatus Cancelled(bool may_have_run) {
  CallStatus status;
  status.code = absl::StatusCode::kCancelled;
  status.message = "The caller left.";
  return WithRun(status, may_have_run);
}

CallStatus TooLargeAnswer(std::string_view what, size_t limit) {
  return MayHaveRun(absl::StatusCode::kInternal, v1::ERROR_REASON_UPSTREAM_PROTOCOL_ERROR,
                    "The upstream sent " + std::string(what) + " over " + std::to_string(limit) +
                        " bytes, the most that this server takes; the call has run.");
}

CallStatus Draining() {
  return NotSeen(v1::ERROR_REASON_DRAINING,
                 "This server is shutting down; another one will take the call.",
                 std::chrono::milliseconds(100));
}

CallStatus Overloaded(int max_calls) {
  CallStatus status;
  status.code = absl::StatusCode::kResourceExhausted;
  status.reason = v1::ERROR_REASON_OVERLOADED;
  status.message = "This server already runs " + std::to_string(max_calls) +
                   " calls, the most it may; try again in a second.";
  status.pushback = Pushback::kDelay;
  status.retry_delay = kRetryDelay;
  return status;
}

}  // namespace sparkgate::call
