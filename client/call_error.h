#ifndef SPARKGATE_CLIENT_CALL_ERROR_H_
#define SPARKGATE_CLIENT_CALL_ERROR_H_

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "sparkgate/v1/error_reason.pb.h"

namespace sparkgate::client {

// gRPC metadata: lower-case names, repeated names allowed.
using Metadata = std::multimap<std::string, std::string>;

// A field of the request that was refused, for example "messages[2].role".
struct FieldViolation {
  std::string field;
  std::string description;
};

// Why a call failed: a plain value, copyable, free of gRPC. The codes are gRPC's own numbers.
struct CallError {
  absl::StatusCode code = absl::StatusCode::kUnknown;
  std::string message;

  // The ErrorReason's name without prefix, as it came. Empty: the status is not Sparkgate's but was
  // made by a gRPC library or a proxy on the way. UNSPECIFIED beside a name: newer than this
  // client.
  std::string reason;
  v1::ErrorReason reason_code = v1::ERROR_REASON_UNSPECIFIED;

  std::map<std::string, std::string> metadata;  // the ErrorInfo's: http_status, upstream_code, …
  std::optional<std::chrono::milliseconds> retry_delay;
  std::vector<FieldViolation> field_violations;
  std::vector<std::string> quota_violations;

  // Whether the upstream may have worked, and billed. Absent: nobody can know.
  std::optional<bool> may_have_run;

  Metadata trailers;

  // `x-request-id` of the trailers; empty if there was none.
  std::string request_id() const;
};

// Makes a CallError of what gRPC hands over. `details` is the serialised google.rpc.Status of
// `grpc-status-details-bin`, possibly empty; what does not parse in it is left out.
CallError DecodeCallError(absl::StatusCode code, std::string message, const std::string& details,
                          Metadata trailers);

// Whether gRPC can send this metadata: names of a-z, 0-9, '-', '_' and '.', not beginning with
// "grpc-"; values of printable ASCII unless the name ends in "-bin". INVALID_ARGUMENT names the
// first that it cannot send, never its value, which may be a secret.
absl::Status CheckMetadata(const Metadata& metadata);

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_CALL_ERROR_H_
