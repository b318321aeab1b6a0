#include "client/call_error.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace sparkgate::client {
namespace {

void Apply(const google::rpc::ErrorInfo& info, CallError* error) {
  if (info.domain() != "sparkgate") return;
  error->reason = info.reason();
  v1::ErrorReason_Parse("ERROR_REASON_" + info.reason(), &error->reason_code);
  error->metadata.insert(info.metadata().begin(), info.metadata().end());
  const auto ran = error->metadata.find("may_have_run");
  if (ran != error->metadata.end()) error->may_have_run = ran->second == "true";
}

void Apply(const google::rpc::RetryInfo& info, CallError* error) {
  // A Duration holds 10,000 years at most, which milliseconds in 64 bits can count; a broken one is
  // cut to that.
  constexpr int64_t kMostSeconds = 315'576'000'000;
  const int64_t seconds = info.retry_delay().seconds();
  if (seconds < 0 || seconds > kMostSeconds) return;
  error->retry_delay =
      std::chrono::milliseconds(seconds * 1000 + info.retry_delay().nanos() / 1'000'000);
}

void Apply(const google::rpc::BadRequest& bad, CallError* error) {
  for (const auto& violation : bad.field_violations()) {
    error->field_violations.push_back({violation.field(), violation.description()});
  }
}

void Apply(const google::rpc::QuotaFailure& quota, CallError* error) {
  for (const auto& violation : quota.violations()) {
    error->quota_violations.push_back(violation.description());
  }
}

template <typename Detail>
void ApplyIf(const google::protobuf::Any& any, CallError* error) {
  Detail detail;
  if (any.Is<Detail>() && any.UnpackTo(&detail)) Apply(detail, error);
}

bool IsName(std::string_view name) {
  if (name.empty() || name.substr(0, 5) == "grpc-") return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

}  // namespace

std::string CallError::request_id() const {
  const auto found = trailers.find("x-request-id");
  return found == trailers.end() ? std::string() : found->second;
}

CallError DecodeCallError(absl::StatusCode code, std::string message, const std::string& details,
                          Metadata trailers) {
  CallError error;
  error.code = code;
  error.message = std::move(message);
  error.trailers = std::move(trailers);
  google::rpc::Status status;
  if (details.empty() || !status.ParseFromString(details)) return error;
  for (const google::protobuf::Any& any : status.details()) {
    ApplyIf<google::rpc::ErrorInfo>(any, &error);
    ApplyIf<google::rpc::RetryInfo>(any, &error);
    ApplyIf<google::rpc::BadRequest>(any, &error);
    ApplyIf<google::rpc::QuotaFailure>(any, &error);
  }
  return error;
}

absl::Status CheckMetadata(const Metadata& metadata) {
  for (const auto& [name, value] : metadata) {
    if (!IsName(name)) {
      return absl::InvalidArgumentError(
          "metadata name \"" + name +
          "\": a-z, 0-9, '-', '_' and '.' are allowed, and it must not begin with \"grpc-\"");
    }
    if (!EndsWith(name, "-bin") && !IsPrintableAscii(value)) {
      return absl::InvalidArgumentError("metadata " + name + ": the value must be printable ASCII");
    }
  }
  return absl::OkStatus();
}

}  // namespace sparkgate::client
