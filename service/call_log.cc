#include "service/call_log.h"

#include <chrono>
#include <string>
#include <string_view>

namespace sparkgate {
namespace {

constexpr std::string_view kReasonPrefix = "ERROR_REASON_";

std::string ReasonName(v1::ErrorReason reason) {
  if (reason == v1::ERROR_REASON_UNSPECIFIED) return "";
  return v1::ErrorReason_Name(reason).substr(kReasonPrefix.size());
}

std::chrono::microseconds Since(std::chrono::steady_clock::time_point begun,
                                std::chrono::steady_clock::time_point now) {
  return std::chrono::duration_cast<std::chrono::microseconds>(now - begun);
}

std::string_view NameOf(rpc::Method method) {
  switch (method) {
    case rpc::Method::kChat:
      return "Chat";
    case rpc::Method::kStreamChat:
      return "StreamChat";
    case rpc::Method::kListModels:
      return "ListModels";
  }
  return "";
}

}  // namespace

telemetry::CallRecord MakeCallRecord(const rpc::CallReport& report) {
  const call::CallSummary& summary = report.summary;
  const CallStatus& status = summary.end.status;
  telemetry::CallRecord record;
  record.method = NameOf(report.method);
  record.request_id = report.request_id;
  record.peer = report.peer;
  record.model = report.model;
  record.upstream_request_id = status.upstream_request_id;
  record.code = absl::StatusCodeToString(status.code);
  record.reason = ReasonName(status.reason);
  record.detail = summary.detail;
  record.http_status = status.http_status;
  record.caller_cancelled = status.code == absl::StatusCode::kCancelled;
  record.may_have_run = status.may_have_run;
  record.forced = summary.forced;
  record.abandoned = summary.abandoned;
  record.duration = Since(report.begun, std::chrono::steady_clock::now());
  if (summary.first_content) {
    record.time_to_first_content = Since(report.begun, *summary.first_content);
  }
  record.attempts = summary.end.attempts;
  record.messages_sent = summary.end.messages_sent;
  record.bytes_sent = summary.bytes_sent;
  record.bytes_received = summary.bytes_received;
  record.finished_choices = summary.end.finished_choices;
  record.anomalies = summary.anomalies;
  if (summary.prompt_tokens >= 0) record.prompt_tokens = summary.prompt_tokens;
  if (summary.completion_tokens >= 0) record.completion_tokens = summary.completion_tokens;
  return record;
}

}  // namespace sparkgate
