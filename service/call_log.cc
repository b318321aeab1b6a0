#include "service/call_log.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sparkgate {
namespace {

using telemetry::Level;
using Time = std::chrono::steady_clock::time_point;

// Names come from outside, and a whole prompt fits into one: a line has their beginnings.
constexpr size_t kMaxNameBytes = 128;

constexpr std::string_view kReasonPrefix = "ERROR_REASON_";

std::string ReasonName(v1::ErrorReason reason) {
  if (reason == v1::ERROR_REASON_UNSPECIFIED) return "";
  return v1::ErrorReason_Name(reason).substr(kReasonPrefix.size());
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

Level LevelOf(const call::CallSummary& summary) {
  const CallStatus& status = summary.end.status;
  if (summary.abandoned) return Level::kError;
  if (status.ok() || status.code == absl::StatusCode::kCancelled) return Level::kInfo;
  const bool own_fault = status.reason == v1::ERROR_REASON_SPARKGATE_INTERNAL;
  return own_fault ? Level::kError : Level::kWarning;
}

double Milliseconds(Time begun, Time now) {
  return std::chrono::duration_cast<std::chrono::microseconds>(now - begun).count() / 1000.0;
}

class Fields {
 public:
  void Text(std::string_view key, std::string_view text) {
    if (!text.empty()) fields_.push_back({key, text});
  }
  void Name(std::string_view key, std::string_view text) {
    Text(key, text.substr(0, kMaxNameBytes));
  }
  void Always(std::string_view key, telemetry::Value value) { fields_.push_back({key, value}); }
  void True(std::string_view key, bool value) {
    if (value) fields_.push_back({key, true});
  }
  void NotZero(std::string_view key, int64_t number) {
    if (number != 0) fields_.push_back({key, number});
  }
  void NotNegative(std::string_view key, int64_t number) {
    if (number >= 0) fields_.push_back({key, number});
  }
  const std::vector<telemetry::Field>& get() const { return fields_; }

 private:
  std::vector<telemetry::Field> fields_;
};

void Amounts(const rpc::CallReport& report, Time now, Fields* fields) {
  const call::CallSummary& summary = report.summary;
  fields->Always("duration_ms", Milliseconds(report.begun, now));
  if (summary.first_content.has_value()) {
    fields->Always("time_to_first_content_ms", Milliseconds(report.begun, *summary.first_content));
  }
  fields->Always("attempts", summary.end.attempts);
  fields->Always("messages_sent", summary.end.messages_sent);
  fields->Always("bytes_sent", summary.bytes_sent);
  fields->Always("bytes_received", summary.bytes_received);
  fields->NotZero("finished_choices", summary.end.finished_choices);
  fields->NotZero("anomalies", summary.anomalies);
  fields->NotNegative("prompt_tokens", summary.prompt_tokens);
  fields->NotNegative("completion_tokens", summary.completion_tokens);
}

}  // namespace

void LogCall(const rpc::CallReport& report, Time now, telemetry::Logger* logger) {
  const call::CallSummary& summary = report.summary;
  const CallStatus& status = summary.end.status;
  const Level level = LevelOf(summary);
  if (!logger->Enabled(level)) return;
  const std::string code = absl::StatusCodeToString(status.code);
  const std::string reason = ReasonName(status.reason);
  Fields fields;
  fields.Text("method", NameOf(report.method));
  fields.Name("request_id", report.request_id);
  fields.Name("peer", report.peer);
  fields.Name("model", report.model);
  fields.Name("upstream_request_id", status.upstream_request_id);
  fields.Always("code", code);
  fields.Text("reason", reason);
  fields.Text("detail", summary.detail);
  fields.NotZero("http_status", status.http_status);
  fields.True("caller_cancelled", status.code == absl::StatusCode::kCancelled);
  if (!status.ok()) fields.Always("may_have_run", status.may_have_run);
  fields.True("forced", summary.forced);
  fields.True("abandoned", summary.abandoned);
  Amounts(report, now, &fields);
  logger->Log(level, "call", fields.get());
}

}  // namespace sparkgate
