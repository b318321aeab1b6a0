#ifndef SPARKGATE_SERVICE_TRANSLATE_STATUS_ROWS_H_
#define SPARKGATE_SERVICE_TRANSLATE_STATUS_ROWS_H_

#include <chrono>
#include <string_view>

#include "service/translate/call_status.h"

// The status table, row by row.
namespace sparkgate::translate {

// What becomes of one kind of failure.
struct StatusRow {
  absl::StatusCode code;
  v1::ErrorReason reason;
  Pushback pushback;
  bool may_have_run;
  bool quota;
  std::chrono::milliseconds retry;  // if the upstream says nothing; 0: no RetryInfo
  std::string_view what;            // "The upstream … ", without its full stop
  std::string_view advice;          // a sentence
};

// Of an HTTP status other than 200. Never fails: what is unknown is a protocol error or, from 500
// on, the upstream's own fault.
const StatusRow& RowOfStatus(int http_status);

// Rows that the status alone does not tell.
const StatusRow& ContextLengthRow();
const StatusRow& DeploymentNotReadyRow();
const StatusRow& CallersKeyRow();
const StatusRow& StreamErrorRow();

// The HTTP status that an error's own code stands for, when it is a word; 0 if it is none of the
// known ones. `invalid_request_error` is none: Fireworks writes it into rate limit errors as well.
int StatusOfWord(std::string_view code);

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_STATUS_ROWS_H_
