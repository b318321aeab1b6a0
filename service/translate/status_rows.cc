#include "service/translate/status_rows.h"

namespace sparkgate::translate {
namespace {

using absl::StatusCode;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kNoRetry = milliseconds::zero();
constexpr milliseconds kRetry = seconds(1);
// A deployment that starts takes many seconds; the upstream's own advice begins at five.
constexpr milliseconds kStartRetry = seconds(5);

constexpr std::string_view kCorrect = "Correct the request: sent again as it is, it fails again.";
constexpr std::string_view kAgain = "It did not run: send it again after the retry delay.";
constexpr std::string_view kOperator = "Tell whoever runs Sparkgate.";
constexpr std::string_view kBlindlyAndOperator =
    "It may have run and been billed: do not send it again blindly, and tell whoever runs "
    "Sparkgate.";
constexpr std::string_view kNotAChatServer =
    "The upstream answered what a chat completions server does not";

// It did not run, and would not if it were sent again.
constexpr StatusRow Refused(StatusCode code, v1::ErrorReason reason, std::string_view what,
                            std::string_view advice) {
  return {code, reason, Pushback::kNever, false, false, kNoRetry, what, advice};
}

constexpr StatusRow OverBillingLimit(std::string_view what) {
  return {StatusCode::kResourceExhausted,
          v1::ERROR_REASON_BILLING_LIMIT,
          Pushback::kNever,
          /*may_have_run=*/false,
          /*quota=*/true,
          kNoRetry,
          what,
          "The account's owner must settle it."};
}

// It did not run, and can be sent again.
constexpr StatusRow Unavailable(v1::ErrorReason reason, std::string_view what,
                                milliseconds retry = kRetry) {
  return {StatusCode::kUnavailable, reason, Pushback::kNone, false, false, retry, what, kAgain};
}

// It may have run, and must not be sent again by a policy.
constexpr StatusRow MayHaveRun(StatusCode code, v1::ErrorReason reason, std::string_view what,
                               std::string_view advice = kDoNotResendBlindly) {
  return {code, reason, Pushback::kNever, true, false, kNoRetry, what, advice};
}

constexpr StatusRow kInvalid =
    Refused(StatusCode::kInvalidArgument, v1::ERROR_REASON_INVALID_REQUEST,
            "The upstream refused the request", kCorrect);
constexpr StatusRow kRateLimited = {StatusCode::kResourceExhausted,
                                    v1::ERROR_REASON_RATE_LIMITED,
                                    Pushback::kDelay,
                                    /*may_have_run=*/false,
                                    /*quota=*/true,
                                    kRetry,
                                    "The upstream has had too many calls or tokens",
                                    "Slow down and send it again after the retry delay."};
constexpr StatusRow kOverloaded =
    Unavailable(v1::ERROR_REASON_UPSTREAM_OVERLOADED, "The upstream is overloaded");
constexpr StatusRow kUnreachable = Unavailable(v1::ERROR_REASON_UPSTREAM_UNREACHABLE,
                                               "The upstream's edge did not reach its origin");
constexpr StatusRow kTimedOut = MayHaveRun(StatusCode::kAborted, v1::ERROR_REASON_UPSTREAM_TIMEOUT,
                                           "The upstream gave up waiting");

struct NumberedRow {
  int low, high;  // HTTP status, both inclusive
  StatusRow row;
};

// The first row that fits counts.
constexpr NumberedRow kRows[] = {
    {400, 400, kInvalid},
    {422, 422, kInvalid},
    {413, 413,
     Refused(StatusCode::kInvalidArgument, v1::ERROR_REASON_REQUEST_TOO_LARGE,
             "The request is too large for the upstream", "Send less at once.")},
    {401, 401,
     Refused(StatusCode::kInternal, v1::ERROR_REASON_UPSTREAM_AUTH_FAILED,
             "The upstream refused Sparkgate's key", kOperator)},
    {403, 403,
     Refused(StatusCode::kPermissionDenied, v1::ERROR_REASON_FORBIDDEN,
             "The upstream does not allow this call", "Check the model and the account.")},
    {451, 451,
     Refused(StatusCode::kPermissionDenied, v1::ERROR_REASON_FORBIDDEN,
             "The upstream may not answer this call for legal reasons",
             "Check the model and the account.")},
    {404, 404,
     Refused(StatusCode::kNotFound, v1::ERROR_REASON_MODEL_NOT_FOUND,
             "The upstream does not know this model", "Check the model's name.")},
    {410, 410,
     Refused(StatusCode::kNotFound, v1::ERROR_REASON_MODEL_NOT_FOUND,
             "The upstream does not have this model any more", "Choose another model.")},
    {402, 402, OverBillingLimit("The upstream account has no plan or is over its limit")},
    {412, 412, OverBillingLimit("The upstream account is suspended or over its spending limit")},
    {425, 425,
     Unavailable(v1::ERROR_REASON_DEPLOYMENT_NOT_READY, "The deployment is swapping weights",
                 kStartRetry)},
    {429, 429, kRateLimited},
    {503, 503, kOverloaded},
    {529, 529, kOverloaded},
    {521, 523, kUnreachable},
    {525, 526, kUnreachable},
    {530, 530, kUnreachable},
    {408, 408, kTimedOut},
    {504, 504, kTimedOut},
    {524, 524, kTimedOut},
    {502, 502,
     MayHaveRun(StatusCode::kAborted, v1::ERROR_REASON_UPSTREAM_UNAVAILABLE,
                "Something before the model failed")},
    {501, 501,
     Refused(StatusCode::kInternal, v1::ERROR_REASON_UPSTREAM_PROTOCOL_ERROR,
             "The upstream cannot do this", kOperator)},
    {300, 499,
     Refused(StatusCode::kInternal, v1::ERROR_REASON_UPSTREAM_PROTOCOL_ERROR, kNotAChatServer,
             kOperator)},
    {500, 599,
     MayHaveRun(StatusCode::kInternal, v1::ERROR_REASON_UPSTREAM_INTERNAL, "The upstream failed")},
};

// 1xx as an answer, 2xx but 200, and numbers that are not an HTTP status.
constexpr StatusRow kUnknown =
    MayHaveRun(StatusCode::kInternal, v1::ERROR_REASON_UPSTREAM_PROTOCOL_ERROR, kNotAChatServer,
               kBlindlyAndOperator);

struct Word {
  std::string_view code;
  int status;
};

constexpr Word kWords[] = {
    {"INVALID_ARGUMENT", 400},      {"BAD_REQUEST", 400},          {"UNAUTHENTICATED", 401},
    {"invalid_api_key", 401},       {"authentication_error", 401}, {"insufficient_quota", 402},
    {"PERMISSION_DENIED", 403},     {"permission_error", 403},     {"NOT_FOUND", 404},
    {"model_not_found", 404},       {"not_found_error", 404},      {"PRECONDITION_FAILED", 412},
    {"RESOURCE_EXHAUSTED", 429},    {"rate_limit_exceeded", 429},  {"rate_limit_error", 429},
    {"DEPLOYMENT_SCALING_UP", 503}, {"UNAVAILABLE", 503},          {"overloaded_error", 529},
    {"DEADLINE_EXCEEDED", 504},
};

}  // namespace

const StatusRow kContextLengthRow =
    Refused(StatusCode::kInvalidArgument, v1::ERROR_REASON_CONTEXT_LENGTH_EXCEEDED,
            "The prompt is too long for the model", "Shorten it, or ask for fewer tokens.");
const StatusRow kDeploymentNotReadyRow =
    Unavailable(v1::ERROR_REASON_DEPLOYMENT_NOT_READY, "The deployment is starting", kStartRetry);
const StatusRow kCallersKeyRow =
    Refused(StatusCode::kUnauthenticated, v1::ERROR_REASON_UPSTREAM_AUTH_FAILED,
            "The upstream refused your key", "Check the key.");
const StatusRow kStreamErrorRow =
    MayHaveRun(StatusCode::kInternal, v1::ERROR_REASON_UPSTREAM_STREAM_ERROR,
               "The upstream reported an error after its answer had begun");

const StatusRow& RowOfStatus(int http_status) {
  for (const NumberedRow& row : kRows) {
    if (http_status >= row.low && http_status <= row.high) return row.row;
  }
  return kUnknown;
}

int StatusOfWord(std::string_view code) {
  for (const Word& word : kWords) {
    if (word.code == code) return word.status;
  }
  return 0;
}

}  // namespace sparkgate::translate
