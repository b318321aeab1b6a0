#include "service/rpc/status_builder.h"

#include <google/protobuf/util/time_util.h>

#include <string_view>

#include "base/text.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace sparkgate::rpc {
namespace {

constexpr char kDomain[] = "sparkgate";
constexpr std::string_view kReasonPrefix = "ERROR_REASON_";

// gRPC sends the message a second time beside the details; both together stay under 4 KiB, since
// many clients take 8 KiB of headers in all.
constexpr size_t kMaxDetailsBytes = 2800;
constexpr size_t kMaxMessageBytes = 1000;

template <typename Detail>
void Pack(const Detail& detail, google::rpc::Status* status) {
  status->add_details()->PackFrom(detail);
}

// What was delivered of the answer before it failed.
std::string Delivered(int messages) {
  if (messages == 0) return "Nothing was delivered.";
  if (messages == 1) return "1 message was delivered: genuine, but incomplete.";
  return std::to_string(messages) + " messages were delivered: genuine, but incomplete.";
}

// What happened, what was delivered, what to do.
std::string MessageOf(const call::CallEnd& end) {
  std::string tail;
  if (!end.status.advice.empty()) {
    tail = " " + Delivered(end.messages_sent) + " " + end.status.advice;
  }
  return SafeText(end.status.message, kMaxMessageBytes - tail.size()) + tail;
}

google::rpc::ErrorInfo MakeErrorInfo(const call::CallEnd& end, const std::string& request_id) {
  const CallStatus& status = end.status;
  google::rpc::ErrorInfo info;
  info.set_domain(kDomain);
  info.set_reason(v1::ErrorReason_Name(status.reason).substr(kReasonPrefix.size()));
  auto& metadata = *info.mutable_metadata();
  metadata["may_have_run"] = status.may_have_run ? "true" : "false";
  metadata["messages_sent"] = std::to_string(end.messages_sent);
  metadata["finished_choices"] = std::to_string(end.finished_choices);
  metadata["attempts"] = std::to_string(end.attempts);
  if (!request_id.empty()) metadata["request_id"] = request_id;
  if (status.http_status != 0) metadata["http_status"] = std::to_string(status.http_status);
  if (!status.upstream_code.empty()) metadata["upstream_code"] = status.upstream_code;
  if (!status.upstream_request_id.empty()) {
    metadata["upstream_request_id"] = status.upstream_request_id;
  }
  return info;
}

void AddViolations(const CallStatus& status, google::rpc::Status* details) {
  google::rpc::BadRequest bad_request;
  size_t room = kMaxDetailsBytes - std::min(details->ByteSizeLong(), kMaxDetailsBytes);
  for (const FieldViolation& violation : status.violations) {
    const size_t size = violation.field.size() + violation.description.size() + 16;
    if (size > room) break;
    room -= size;
    auto* added = bad_request.add_field_violations();
    added->set_field(violation.field);
    added->set_description(violation.description);
  }
  if (bad_request.field_violations_size() > 0) Pack(bad_request, details);
}

}  // namespace

grpc::Status BuildStatus(const call::CallEnd& end, const std::string& request_id) {
  const CallStatus& status = end.status;
  if (status.ok()) return grpc::Status::OK;
  const auto code = static_cast<grpc::StatusCode>(status.code);
  const std::string message = MessageOf(end);
  if (status.reason == v1::ERROR_REASON_UNSPECIFIED) return grpc::Status(code, message);

  google::rpc::Status details;
  details.set_code(code);
  details.set_message(message);
  Pack(MakeErrorInfo(end, request_id), &details);
  if (status.retry_delay) {
    google::rpc::RetryInfo retry;
    *retry.mutable_retry_delay() =
        google::protobuf::util::TimeUtil::MillisecondsToDuration(status.retry_delay->count());
    Pack(retry, &details);
  }
  if (status.quota_failure) {
    google::rpc::QuotaFailure quota;
    auto* violation = quota.add_violations();
    violation->set_subject("upstream account");
    violation->set_description(v1::ErrorReason_Name(status.reason).substr(kReasonPrefix.size()));
    Pack(quota, &details);
  }
  AddViolations(status, &details);
  return grpc::Status(code, message, details.SerializeAsString());
}

std::string PushbackTrailer(const CallStatus& status) {
  switch (status.pushback) {
    case Pushback::kNone:
      // Stock retry policies know nothing of RetryInfo.
      return status.retry_delay ? std::to_string(status.retry_delay->count()) : "";
    case Pushback::kNever:
      return "-1";
    case Pushback::kDelay:
      return std::to_string(status.retry_delay ? status.retry_delay->count() : 1000);
  }
  return "";
}

}  // namespace sparkgate::rpc
