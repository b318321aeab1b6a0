#ifndef SPARKGATE_SERVICE_TRANSLATE_STATUS_ROWS_H_
#define SPARKGATE_SERVICE_TRANSLATE_STATUS_ROWS_H_

#include <chrono>
#include <string_view>

#include "service/translate/call_status.h"

// The table from the upstream's errors to gRPC statuses.
namespace sparkgate::translate {

// What the caller is told of one kind of failure.
struct StatusRow {
  absl::StatusCode code;
  v1::ErrorReason reason;
  Pushback pushback;
  bool may_have_run;
  bool quota;
  std::chrono::milliseconds retry;  // unless the upstream says another; 0: no RetryInfo
  std::string_view what;            // "The upstream … ", without its full stop
  std::string_view advice;          // a sentence
};

inline constexpr std::string_view kDoNotResendBlindly =
    "It may have run and been billed: do not send it again blindly.";

// For an HTTP status other than 200. Of unknown ones, 500 to 599 are the upstream's failures and
// all others protocol errors.
const StatusRow& RowOfStatus(int http_status);

// For errors that the HTTP status alone does not tell.
extern const StatusRow kContextLengthRow;
extern const StatusRow kDeploymentNotReadyRow;
extern const StatusRow kCallersKeyRow;
extern const StatusRow kStreamErrorRow;

// The HTTP status that the code in an error's body stands for; 0 if it is not a known word.
// `invalid_request_error` is not: Fireworks writes it into rate limit errors as well.
int StatusOfWord(std::string_view code);

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_STATUS_ROWS_H_
