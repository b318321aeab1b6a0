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
constexpr std::string_view kBlindly =
    "It may have run and been billed: do not send it again blindly.";
constexpr std::string_view kOperator = "Tell whoever runs Sparkgate.";
constexpr std::string_view kBlindlyAndOperator =
    "It may have run and been billed: do not send it again blindly, and tell whoever runs "
    "Sparkgate.";

struct NumberedRow {
  int low, high;  // HTTP status, both inclusive
  StatusRow row;
};

// The first row that fits counts.
const NumberedRow kRows[] = {
    {400,
     400,
     {StatusCode::kInvalidArgument, v1::ERROR_REASON_INVALID_REQUEST, Pushback::kNever, false,
      false, kNoRetry, "The upstream refused the request", kCorrect}},
    {422,
     422,
     {StatusCode::kInvalidArgument, v1::ERROR_REASON_INVALID_REQUEST, Pushback::kNever, false,
      false, kNoRetry, "The upstream refused the request", kCorrect}},
    {413,
     413,
     {StatusCode::kInvalidArgument, v1::ERROR_REASON_REQUEST_TOO_LARGE, Pushback::kNever, false,
      false, kNoRetry, "The request is too large for the upstream", "Send less at once."}},
    {401,
     401,
     {StatusCode::kInternal, v1::ERROR_REASON_UPSTREAM_AUTH_FAILED, Pushback::kNever, false, false,
      kNoRetry, "The upstream refused Sparkgate's key", kOperator}},
    {403,
     403,
     {StatusCode::kPermissionDenied, v1::ERROR_REASON_FORBIDDEN, Pushback::kNever, false, false,
      kNoRetry, "The upstream does not allow this call", "Check the model and the account."}},
    {451,
     451,
     {StatusCode::kPermissionDenied, v1::ERROR_REASON_FORBIDDEN, Pushback::kNever, false, false,
      kNoRetry, "The upstream may not answer this call for legal reasons",
      "Check the model and the account."}},
    {404,
     404,
     {StatusCode::kNotFound, v1::ERROR_REASON_MODEL_NOT_FOUND, Pushback::kNever, false, false,
      kNoRetry, "The upstream does not know this model", "Check the model's name."}},
    {410,
     410,
     {StatusCode::kNotFound, v1::ERROR_REASON_MODEL_NOT_FOUND, Pushback::kNever, false, false,
      kNoRetry, "The upstream does not have this model any more", "Choose another model."}},
    {402,
     402,
     {StatusCode::kResourceExhausted, v1::ERROR_REASON_BILLING_LIMIT, Pushback::kNever, false, true,
      kNoRetry, "The upstream account has no plan or is over its limit",
      "The account's owner must settle it."}},
    {412,
     412,
     {StatusCode::kResourceExhausted, v1::ERROR_REASON_BILLING_LIMIT, Pushback::kNever, false, true,
      kNoRetry, "The upstream account is suspended or over its spending limit",
      "The account's owner must settle it."}},
    {425,
     425,
     {StatusCode::kUnavailable, v1::ERROR_REASON_DEPLOYMENT_NOT_READY, Pushback::kNone, false,
      false, kStartRetry, "The deployment is swapping weights", kAgain}},
    {429,
     429,
     {StatusCode::kResourceExhausted, v1::ERROR_REASON_RATE_LIMITED, Pushback::kDelay, false, true,
      kRetry, "The upstream has had too many calls or tokens",
      "Slow down and send it again after the retry delay."}},
    {503,
     503,
     {StatusCode::kUnavailable, v1::ERROR_REASON_UPSTREAM_OVERLOADED, Pushback::kNone, false, false,
      kRetry, "The upstream is overloaded", kAgain}},
    {529,
     529,
     {StatusCode::kUnavailable, v1::ERROR_REASON_UPSTREAM_OVERLOADED, Pushback::kNone, false, false,
      kRetry, "The upstream is overloaded", kAgain}},
    {521,
     523,
     {StatusCode::kUnavailable, v1::ERROR_REASON_UPSTREAM_UNREACHABLE, Pushback::kNone, false,
      false, kRetry, "The upstream's edge did not reach its origin", kAgain}},
    {525,
     526,
     {StatusCode::kUnavailable, v1::ERROR_REASON_UPSTREAM_UNREACHABLE, Pushback::kNone, false,
      false, kRetry, "The upstream's edge did not reach its origin", kAgain}},
    {530,
     530,
     {StatusCode::kUnavailable, v1::ERROR_REASON_UPSTREAM_UNREACHABLE, Pushback::kNone, false,
      false, kRetry, "The upstream's edge did not reach its origin", kAgain}},
    {408,
     408,
     {StatusCode::kAborted, v1::ERROR_REASON_UPSTREAM_TIMEOUT, Pushback::kNever, true, false,
      kNoRetry, "The upstream gave up waiting", kBlindly}},
    {504,
     504,
     {StatusCode::kAborted, v1::ERROR_REASON_UPSTREAM_TIMEOUT, Pushback::kNever, true, false,
      kNoRetry, "The upstream gave up waiting", kBlindly}},
    {524,
     524,
     {StatusCode::kAborted, v1::ERROR_REASON_UPSTREAM_TIMEOUT, Pushback::kNever, true, false,
      kNoRetry, "The upstream gave up waiting", kBlindly}},
    {502,
     502,
     {StatusCode::kAborted, v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, Pushback::kNever, true, false,
      kNoRetry, "Something before the model failed", kBlindly}},
    {501,
     501,
     {StatusCode::kInternal, v1::ERROR_REASON_UPSTREAM_PROTOCOL_ERROR, Pushback::kNever, false,
      false, kNoRetry, "The upstream cannot do this", kOperator}},
    {300,
     499,
     {StatusCode::kInternal, v1::ERROR_REASON_UPSTREAM_PROTOCOL_ERROR, Pushback::kNever, false,
      false, kNoRetry, "The upstream answered what a chat completions server does not", kOperator}},
    {500,
     599,
     {StatusCode::kInternal, v1::ERROR_REASON_UPSTREAM_INTERNAL, Pushback::kNever, true, false,
      kNoRetry, "The upstream failed", kBlindly}},
};

// 1xx as an answer, 2xx but 200, and numbers that are no HTTP status: it may have run.
const StatusRow kUnknown = {StatusCode::kInternal,
                            v1::ERROR_REASON_UPSTREAM_PROTOCOL_ERROR,
                            Pushback::kNever,
                            true,
                            false,
                            kNoRetry,
                            "The upstream answered what a chat completions server does not",
                            kBlindlyAndOperator};

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

const StatusRow& RowOfStatus(int http_status) {
  for (const NumberedRow& row : kRows) {
    if (http_status >= row.low && http_status <= row.high) return row.row;
  }
  return kUnknown;
}

const StatusRow& ContextLengthRow() {
  static const StatusRow kRow = {StatusCode::kInvalidArgument,
                                 v1::ERROR_REASON_CONTEXT_LENGTH_EXCEEDED,
                                 Pushback::kNever,
                                 false,
                                 false,
                                 kNoRetry,
                                 "The prompt is too long for the model",
                                 "Shorten it, or ask for fewer tokens."};
  return kRow;
}

const StatusRow& DeploymentNotReadyRow() {
  static const StatusRow kRow = {StatusCode::kUnavailable,
                                 v1::ERROR_REASON_DEPLOYMENT_NOT_READY,
                                 Pushback::kNone,
                                 false,
                                 false,
                                 kStartRetry,
                                 "The deployment is starting",
                                 kAgain};
  return kRow;
}

const StatusRow& CallersKeyRow() {
  static const StatusRow kRow = {StatusCode::kUnauthenticated,
                                 v1::ERROR_REASON_UPSTREAM_AUTH_FAILED,
                                 Pushback::kNever,
                                 false,
                                 false,
                                 kNoRetry,
                                 "The upstream refused your key",
                                 "Check the key."};
  return kRow;
}

const StatusRow& StreamErrorRow() {
  static const StatusRow kRow = {StatusCode::kInternal,
                                 v1::ERROR_REASON_UPSTREAM_STREAM_ERROR,
                                 Pushback::kNever,
                                 true,
                                 false,
                                 kNoRetry,
                                 "The upstream reported an error after its answer had begun",
                                 kBlindly};
  return kRow;
}

int StatusOfWord(std::string_view code) {
  for (const Word& word : kWords) {
    if (word.code == code) return word.status;
  }
  return 0;
}

}  // namespace sparkgate::translate
