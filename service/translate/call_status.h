#ifndef SPARKGATE_SERVICE_TRANSLATE_CALL_STATUS_H_
#define SPARKGATE_SERVICE_TRANSLATE_CALL_STATUS_H_

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/header_list.h"
#include "sparkgate/v1/error_reason.pb.h"

namespace sparkgate {

// What the upstream was asked for.
enum class Endpoint { kCompletion, kModels };

constexpr std::string_view NameOf(Endpoint endpoint) {
  return endpoint == Endpoint::kModels ? "list of models" : "chat completion";
}

// One thing that is wrong with a request.
struct FieldViolation {
  std::string field;  // path in the caller's terms: "messages[2].content_parts[0].image_url.url"
  std::string description;  // what would be right
};

// What the trailer `grpc-retry-pushback-ms` tells a stock retry policy.
enum class Pushback {
  kNone,   // no trailer: the caller's policy decides
  kNever,  // -1: do not send again
  kDelay,  // after retry_delay
};

// How a call ended: everything that the gRPC status and its google.rpc details are built from. A
// plain value, since no layer below rpc knows gRPC.
struct CallStatus {
  absl::StatusCode code = absl::StatusCode::kOk;
  v1::ErrorReason reason = v1::ERROR_REASON_UNSPECIFIED;

  // A sentence that says what happened. Valid UTF-8, under 800 bytes, without secrets and prompts.
  std::string message;

  // A sentence that says what to do. What was delivered is inserted before it when the call ends.
  // "" if the message says it already and nothing can have been delivered.
  std::string advice;

  // The upstream may have begun to work on the request, and bill a second attempt again.
  bool may_have_run = false;

  Pushback pushback = Pushback::kNone;
  std::optional<std::chrono::milliseconds> retry_delay;  // becomes RetryInfo
  bool quota_failure = false;                            // becomes QuotaFailure
  std::vector<FieldViolation> violations;                // become BadRequest

  int http_status = 0;              // 0: the upstream gave none
  std::string upstream_code;        // the error object's own `code` or `type`
  std::string upstream_request_id;  // as the upstream named the call

  bool ok() const { return code == absl::StatusCode::kOk; }
};

}  // namespace sparkgate

#endif  // SPARKGATE_SERVICE_TRANSLATE_CALL_STATUS_H_
