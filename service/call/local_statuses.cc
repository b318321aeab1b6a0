#include "service/call/local_statuses.h"

#include <string>

namespace sparkgate::call {
namespace {

using How = upstream::TransferEnd::How;

constexpr std::string_view kAgain = "It was not begun, so sending it again costs nothing.";
constexpr std::string_view kBlindly =
    "It may have run and been billed: do not send it again blindly.";

constexpr std::chrono::milliseconds kRetryDelay{1000};

// The call may have been worked on: nobody may send it again by himself.
CallStatus MayHaveRun(absl::StatusCode code, v1::ErrorReason reason, std::string message) {
  CallStatus status;
  status.code = code;
  status.reason = reason;
  status.message = std::move(message);
  status.advice = kBlindly;
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
  status.advice = kAgain;
  status.retry_delay = retry_delay;
  return status;
}

CallStatus WithRun(CallStatus status, bool may_have_run) {
  status.may_have_run = may_have_run;
  status.pushback = may_have_run ? Pushback::kNever : Pushback::kNone;
  status.advice = may_have_run ? kBlindly : kAgain;
  return status;
}

std::string Milliseconds(std::chrono::milliseconds time) {
  if (time.count() % 1000 == 0) return std::to_string(time.count() / 1000) + " s";
  return std::to_string(time.count()) + " ms";
}

std::string_view TextOf(Awaited awaited) {
  switch (awaited) {
    case Awaited::kFirstContent:
      return "the first content (--first_content_timeout)";
    case Awaited::kNextContent:
      return "the next content (--content_gap_timeout)";
    case Awaited::kAnyByte:
      return "any byte at all (--idle_timeout)";
  }
  return "";
}

CallStatus TooLarge(std::string_view what, size_t limit, std::string_view flag) {
  return MayHaveRun(absl::StatusCode::kInternal, v1::ERROR_REASON_UPSTREAM_PROTOCOL_ERROR,
                    "The upstream sent " + std::string(what) + " over " + std::to_string(limit) +
                        " bytes, the most that " + std::string(flag) + " lets in.");
}

std::string ProxysObjection(int http_status, bool has_auth) {
  if (http_status != 407) return "the connection";
  if (has_auth) return "the user and password of --upstream_proxy_auth_file";
  return "to go on without a user and a password, and none were given by "
         "--upstream_proxy_auth_file";
}

CallStatus CertificateRefused() {
  CallStatus status = NotSeen(v1::ERROR_REASON_UPSTREAM_TLS_FAILED,
                              "The upstream's certificate was refused.", std::chrono::seconds(30));
  status.advice =
      "It was not begun; have the upstream's address and Sparkgate's CA file checked before it is "
      "sent again.";
  return status;
}

}  // namespace

CallStatus TransferFailed(How how, Endpoint endpoint) {
  switch (how) {
    case How::kNotConnected:
      return NotSeen(v1::ERROR_REASON_UPSTREAM_UNREACHABLE,
                     "No connection to the upstream could be made.", kRetryDelay);
    case How::kNotSeen:
      return NotSeen(v1::ERROR_REASON_UPSTREAM_UNREACHABLE,
                     "The connection to the upstream broke before the request was received.",
                     kRetryDelay);
    case How::kCertificateRefused:
      return CertificateRefused();
    case How::kLost:
      return MayHaveRun(absl::StatusCode::kAborted, v1::ERROR_REASON_UPSTREAM_CONNECTION_LOST,
                        "The connection to the upstream was lost after the request had left and "
                        "before any answer came.");
    case How::kProtocol:
      return ProtocolError("broke the rules of HTTP", endpoint);
    case How::kComplete:
    case How::kClosed:
    case How::kCut:
      break;
  }
  return Truncated("The connection to the upstream was lost in the middle of the answer");
}

CallStatus ProxyRefused(int http_status, bool has_auth) {
  CallStatus status = NotSeen(v1::ERROR_REASON_UPSTREAM_UNREACHABLE,
                              "The proxy on the way to the upstream refused " +
                                  ProxysObjection(http_status, has_auth) + " (HTTP " +
                                  std::to_string(http_status) + ").",
                              std::chrono::seconds(30));
  if (http_status == 407) {
    status.advice = "It was not begun; have that file checked before it is sent again.";
  } else {
    status.advice =
        "It was not begun; have --upstream_proxy and what the proxy allows checked before it is "
        "sent again.";
  }
  return status;
}

CallStatus Truncated(std::string_view what) {
  return MayHaveRun(absl::StatusCode::kAborted, v1::ERROR_REASON_UPSTREAM_STREAM_TRUNCATED,
                    std::string(what) + '.');
}

CallStatus ProtocolError(std::string_view what, Endpoint endpoint) {
  return MayHaveRun(absl::StatusCode::kInternal, v1::ERROR_REASON_UPSTREAM_PROTOCOL_ERROR,
                    "The upstream " + std::string(what) + ": that is no " +
                        std::string(NameOf(endpoint)) +
                        "; if it always does so, its address is the wrong one.");
}

CallStatus Stalled(Awaited awaited, std::chrono::milliseconds limit) {
  return MayHaveRun(absl::StatusCode::kAborted, v1::ERROR_REASON_UPSTREAM_STALLED,
                    "The upstream was given " + Milliseconds(limit) + " for " +
                        std::string(TextOf(awaited)) + " and sent none.");
}

CallStatus CallerDeadline(bool may_have_run) {
  CallStatus status;
  status.code = absl::StatusCode::kDeadlineExceeded;
  status.reason = v1::ERROR_REASON_CALLER_DEADLINE;
  status.message = "The caller's deadline passed before the answer was complete.";
  return WithRun(std::move(status), may_have_run);
}

CallStatus MaxCallTime(std::chrono::milliseconds limit, bool may_have_run) {
  CallStatus status;
  status.code = absl::StatusCode::kDeadlineExceeded;
  status.reason = v1::ERROR_REASON_MAX_CALL_TIME;
  status.message = "The answer was not complete after " + Milliseconds(limit) +
                   ", the most that --max_call_time gives to one call.";
  status = WithRun(std::move(status), may_have_run);
  if (may_have_run) {
    status.advice =
        "It may have run and been billed: do not send it again as it is, but ask for less at once.";
  }
  return status;
}

CallStatus SlowReader(std::chrono::milliseconds limit) {
  return MayHaveRun(absl::StatusCode::kResourceExhausted, v1::ERROR_REASON_SLOW_READER,
                    "The caller read nothing for " + Milliseconds(limit) +
                        " (--reader_stall_timeout) while the answer waited, so the rest was "
                        "dropped; read faster.");
}

CallStatus DrainCut() {
  return MayHaveRun(absl::StatusCode::kAborted, v1::ERROR_REASON_DRAIN_CUT,
                    "This server is shutting down and the answer was not complete in the time that "
                    "--drain_grace gave it.");
}

CallStatus Cancelled(bool may_have_run) {
  CallStatus status;
  status.code = absl::StatusCode::kCancelled;
  status.message = "The caller left.";
  return WithRun(std::move(status), may_have_run);
}

CallStatus TooLargeEvent(size_t limit) { return TooLarge("an event", limit, "--max_event_bytes"); }

CallStatus TooLargeAnswer(size_t limit) {
  return TooLarge("an answer", limit, "--max_chat_body_bytes");
}

CallStatus Draining() {
  return NotSeen(v1::ERROR_REASON_DRAINING,
                 "This server is shutting down; another one will take the call.",
                 std::chrono::milliseconds(100));
}

CallStatus InvalidRequest(std::string message) {
  CallStatus status;
  status.code = absl::StatusCode::kInvalidArgument;
  status.reason = v1::ERROR_REASON_INVALID_REQUEST;
  status.pushback = Pushback::kNever;
  status.message = std::move(message);
  return status;
}

CallStatus TooManyElements(size_t limit) {
  CallStatus status;
  status.code = absl::StatusCode::kInvalidArgument;
  status.reason = v1::ERROR_REASON_REQUEST_TOO_LARGE;
  status.message = "The request has over " + std::to_string(limit) +
                   " messages, parts, strings and map entries together, the most that "
                   "--max_request_elements lets in.";
  status.advice = "It was not sent: send fewer of them.";
  status.pushback = Pushback::kNever;
  return status;
}

CallStatus RequestTimeout(std::chrono::milliseconds limit) {
  CallStatus status;
  status.code = absl::StatusCode::kDeadlineExceeded;
  status.reason = v1::ERROR_REASON_REQUEST_TIMEOUT;
  status.message = "The request was not complete after " + Milliseconds(limit) +
                   ", the most that --request_timeout gives a caller to send it.";
  status.advice = kAgain;
  return status;
}

CallStatus Overloaded(int max_calls) {
  CallStatus status;
  status.code = absl::StatusCode::kResourceExhausted;
  status.reason = v1::ERROR_REASON_OVERLOADED;
  status.message = "This server already runs " + std::to_string(max_calls) +
                   " calls, the most that --max_calls lets in.";
  status.advice = "It was not begun: send it again after the retry delay.";
  status.pushback = Pushback::kDelay;
  status.retry_delay = kRetryDelay;
  return status;
}

CallStatus TooManyUnfinishedRequests(int limit) {
  CallStatus status = Overloaded(0);
  status.message = "This connection already has " + std::to_string(limit) +
                   " calls whose request is not complete, the most that one may have.";
  return status;
}

CallStatus TooManyConnections(int max_connections) {
  CallStatus status = Overloaded(0);
  status.message = "This server already has " + std::to_string(max_connections) +
                   " connections, the most that --max_connections lets in; on this one it answers "
                   "health checks alone.";
  return status;
}

}  // namespace sparkgate::call
