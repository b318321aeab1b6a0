#include "client/error_text.h"

#include <chrono>
#include <string_view>

namespace sparkgate::client {
namespace {

using Code = absl::StatusCode;

struct Phrase {
  v1::ErrorReason reason;
  const char* text;
};

constexpr Phrase kPhrases[] = {
    {v1::ERROR_REASON_INVALID_REQUEST, "The request is wrong."},
    {v1::ERROR_REASON_CONTEXT_LENGTH_EXCEEDED, "The conversation is too long for this model."},
    {v1::ERROR_REASON_REQUEST_TOO_LARGE, "The request is too large."},
    {v1::ERROR_REASON_UPSTREAM_AUTH_FAILED, "The upstream refused the API key."},
    {v1::ERROR_REASON_FORBIDDEN, "The upstream does not allow this call."},
    {v1::ERROR_REASON_MODEL_NOT_FOUND,
     "There is no such model, or it is not deployed, or not for this key."},
    {v1::ERROR_REASON_BILLING_LIMIT, "The account is out of money or over its spending limit."},
    {v1::ERROR_REASON_RATE_LIMITED, "The upstream has had too many calls or tokens for now."},
    {v1::ERROR_REASON_OVERLOADED, "The server has as many calls as it can take."},
    {v1::ERROR_REASON_DEPLOYMENT_NOT_READY, "The model's deployment is still starting."},
    {v1::ERROR_REASON_UPSTREAM_OVERLOADED, "The upstream is overloaded."},
    {v1::ERROR_REASON_UPSTREAM_UNREACHABLE, "The server could not reach the upstream."},
    {v1::ERROR_REASON_UPSTREAM_TLS_FAILED, "The server did not accept the upstream's certificate."},
    {v1::ERROR_REASON_CIRCUIT_OPEN,
     "The upstream keeps failing, so the server has stopped asking it."},
    {v1::ERROR_REASON_DRAINING, "This server is about to end."},
    {v1::ERROR_REASON_UPSTREAM_PROTOCOL_ERROR,
     "The upstream answered something that is not a chat completion."},
    {v1::ERROR_REASON_UPSTREAM_INTERNAL, "The upstream failed."},
    {v1::ERROR_REASON_UPSTREAM_TIMEOUT, "The upstream gave up waiting."},
    {v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, "The upstream failed before the model was reached."},
    {v1::ERROR_REASON_UPSTREAM_CONNECTION_LOST,
     "The connection to the upstream was lost before it answered."},
    {v1::ERROR_REASON_UPSTREAM_STREAM_TRUNCATED, "The answer was cut off before its end."},
    {v1::ERROR_REASON_UPSTREAM_STALLED, "The upstream was silent for too long."},
    {v1::ERROR_REASON_UPSTREAM_STREAM_ERROR, "The upstream reported an error within its answer."},
    {v1::ERROR_REASON_SLOW_READER, "The answer was not read fast enough."},
    {v1::ERROR_REASON_CALLER_DEADLINE, "The time for this call ran out."},
    {v1::ERROR_REASON_MAX_CALL_TIME, "The answer took longer than the server allows."},
    {v1::ERROR_REASON_REQUEST_TIMEOUT, "The request did not reach the server in time."},
    {v1::ERROR_REASON_DRAIN_CUT, "The server ended before the answer did."},
    {v1::ERROR_REASON_SPARKGATE_INTERNAL, "The server itself failed."},
};

bool Contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// gRPC says only in words that it never had a connection, which is the one case without details in
// which it is certain that nothing ran.
bool NeverConnected(const CallError& error) {
  return error.reason.empty() && error.code == Code::kUnavailable &&
         (Contains(error.message, "failed to connect") ||
          Contains(error.message, "DNS resolution failed") ||
          Contains(error.message, "No address"));
}

const char* PhraseForCode(const CallError& error) {
  switch (error.code) {
    case Code::kCancelled:
      return "The call was cancelled.";
    case Code::kInvalidArgument:
      return "The request is wrong.";
    case Code::kDeadlineExceeded:
      return "The time for this call ran out.";
    case Code::kUnimplemented:
      return "This server does not offer chat completions; is the address right?";
    case Code::kResourceExhausted:
      return "A message is larger than the server or this client takes.";
    case Code::kUnauthenticated:
      return "The server does not know who is calling.";
    case Code::kPermissionDenied:
      return "The server does not allow this call.";
    case Code::kUnavailable:
      return NeverConnected(error) ? "The server cannot be reached."
                                   : "The connection to the server was lost.";
    default:
      return "The call failed.";
  }
}

const char* PhraseFor(const CallError& error) {
  for (const Phrase& phrase : kPhrases) {
    if (error.reason_code == phrase.reason) return phrase.text;
  }
  return PhraseForCode(error);
}

std::optional<bool> MayHaveRun(const CallError& error) {
  if (error.may_have_run) return error.may_have_run;
  if (NeverConnected(error) || error.code == Code::kUnimplemented) return false;
  return std::nullopt;
}

std::string Seconds(std::chrono::milliseconds delay) {
  // Rounded up: a person who waits as long as it says must not come too early.
  const auto tenths = (delay.count() + 99) / 100;
  std::string text = std::to_string(tenths / 10);
  if (tenths % 10 != 0) text += "." + std::to_string(tenths % 10);
  return text + " s";
}

std::string RetrySentence(const CallError& error) {
  switch (ExitCodeFor(error)) {
    case kExitRequest:
      if (error.reason_code == v1::ERROR_REASON_BILLING_LIMIT) {
        return "Trying again helps only when the account has been settled.";
      }
      return "Trying again without a change will not help.";
    case kExitTryLater:
      return error.retry_delay ? "Trying again helps, in " + Seconds(*error.retry_delay) + "."
                               : "Trying again in a moment may help.";
    case kExitCancelled:
      return "";
    default:
      return "Trying again may help.";
  }
}

std::string BillingSentence(const CallError& error) {
  const std::optional<bool> ran = MayHaveRun(error);
  if (!ran) return "Whether it ran, and was billed, is not known.";
  if (!*ran) return "Nothing ran, so nothing was billed.";
  return ExitCodeFor(error) == kExitCancelled
             ? "What was generated until then is billed."
             : "It may have run: what was generated may be billed, and again with a second try.";
}

std::string NameOf(const CallError& error) {
  return error.reason.empty() ? absl::StatusCodeToString(error.code) : error.reason;
}

ExitCode ExitCodeForExhausted(const CallError& error) {
  switch (error.reason_code) {
    case v1::ERROR_REASON_RATE_LIMITED:
    case v1::ERROR_REASON_OVERLOADED:
      return kExitTryLater;
    case v1::ERROR_REASON_SLOW_READER:
      return kExitFailed;
    case v1::ERROR_REASON_BILLING_LIMIT:
      return kExitRequest;
    default:
      return error.retry_delay ? kExitTryLater : kExitRequest;
  }
}

}  // namespace

ExitCode ExitCodeFor(const CallError& error) {
  switch (error.code) {
    case Code::kCancelled:
      return kExitCancelled;
    case Code::kUnavailable:
      // Sparkgate's own says that nothing ran; the library's, of a connection that was lost, does
      // not.
      return error.reason.empty() && !NeverConnected(error) ? kExitFailed : kExitTryLater;
    case Code::kResourceExhausted:
      return ExitCodeForExhausted(error);
    case Code::kInvalidArgument:
    case Code::kNotFound:
    case Code::kPermissionDenied:
    case Code::kUnauthenticated:
    case Code::kUnimplemented:
    case Code::kFailedPrecondition:
    case Code::kOutOfRange:
      return kExitRequest;
    default:
      // A key that the server was given wrongly is INTERNAL, because the caller is not at fault,
      // and yet the next try ends the same way.
      return error.reason_code == v1::ERROR_REASON_UPSTREAM_AUTH_FAILED ? kExitRequest
                                                                        : kExitFailed;
  }
}

std::string Explain(const CallError& error, Billing billing) {
  std::string text = std::string(PhraseFor(error)) + " (" + NameOf(error) + ")";
  if (!error.message.empty()) text += "\n  it said: " + error.message;
  for (const FieldViolation& violation : error.field_violations) {
    text += "\n  " + violation.field + ": " + violation.description;
  }
  for (const std::string& violation : error.quota_violations) text += "\n  limit: " + violation;
  const std::string retry = RetrySentence(error);
  if (billing == Billing::kNever) {
    if (!retry.empty()) text += "\n  " + retry;
  } else {
    text += "\n  " + retry + (retry.empty() ? "" : " ") + BillingSentence(error);
  }
  if (!error.request_id().empty()) text += "\n  request id " + error.request_id();
  return text;
}

}  // namespace sparkgate::client
