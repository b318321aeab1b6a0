#include "service/call_log.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "service/telemetry/testing/log_capture.h"

namespace sparkgate {
namespace {

using std::chrono::microseconds;

constexpr std::chrono::steady_clock::time_point kBegun{std::chrono::hours(1)};

nlohmann::ordered_json LineOf(const rpc::CallReport& report,
                              microseconds duration = microseconds(0)) {
  telemetry::LogCapture capture;
  telemetry::LoggerOptions options;
  options.fd = capture.fd();
  options.flush_time = std::chrono::seconds(60);
  {
    telemetry::Logger logger(options);
    LogCall(report, kBegun + duration, &logger);
  }
  const auto lines = capture.Lines();
  EXPECT_EQ(lines.size(), 1u);
  return lines.empty() ? nlohmann::ordered_json() : lines[0];
}

rpc::CallReport ReportOf(absl::StatusCode code,
                         v1::ErrorReason reason = v1::ERROR_REASON_UNSPECIFIED) {
  rpc::CallReport report;
  report.begun = kBegun;
  report.summary.end.status.code = code;
  report.summary.end.status.reason = reason;
  return report;
}

TEST(CallLog, TellsEverythingOfACall) {
  rpc::CallReport report =
      ReportOf(absl::StatusCode::kAborted, v1::ERROR_REASON_UPSTREAM_STREAM_TRUNCATED);
  report.method = rpc::Method::kStreamChat;
  report.request_id = "req-1";
  report.peer = "ipv4:127.0.0.1:40000";
  report.model = "sim/echo";
  call::CallSummary& summary = report.summary;
  summary.end.status.upstream_request_id = "up-1";
  summary.end.status.http_status = 200;
  summary.end.status.may_have_run = true;
  summary.detail = "closed without an end";
  summary.forced = true;
  summary.first_content = kBegun + microseconds(250125);
  summary.end.attempts = 2;
  summary.end.messages_sent = 7;
  summary.bytes_sent = 700;
  summary.bytes_received = 7000;
  summary.end.finished_choices = 1;
  summary.anomalies = 3;
  summary.prompt_tokens = 0;
  summary.completion_tokens = 12;
  nlohmann::ordered_json line = LineOf(report, microseconds(1500250));
  line.erase("time");
  EXPECT_EQ(line.dump(),
            "{\"level\":\"warning\",\"message\":\"call\",\"method\":\"StreamChat\","
            "\"request_id\":\"req-1\",\"peer\":\"ipv4:127.0.0.1:40000\",\"model\":\"sim/echo\","
            "\"upstream_request_id\":\"up-1\",\"code\":\"ABORTED\","
            "\"reason\":\"UPSTREAM_STREAM_TRUNCATED\",\"detail\":\"closed without an end\","
            "\"http_status\":200,\"may_have_run\":true,\"forced\":true,"
            "\"duration_ms\":1500.25,\"time_to_first_content_ms\":250.125,\"attempts\":2,"
            "\"messages_sent\":7,\"bytes_sent\":700,\"bytes_received\":7000,"
            "\"finished_choices\":1,\"anomalies\":3,\"prompt_tokens\":0,\"completion_tokens\":12}");
}

TEST(CallLog, LeavesOutWhatDoesNotApply) {
  nlohmann::ordered_json line = LineOf(ReportOf(absl::StatusCode::kOk));
  line.erase("time");
  EXPECT_EQ(line.dump(),
            "{\"level\":\"info\",\"message\":\"call\",\"method\":\"Chat\",\"code\":\"OK\","
            "\"duration_ms\":0,\"attempts\":0,\"messages_sent\":0,\"bytes_sent\":0,"
            "\"bytes_received\":0}");
}

TEST(CallLog, LevelSaysWhoseFaultItWas) {
  const struct {
    absl::StatusCode code;
    v1::ErrorReason reason;
    const char* level;
  } cases[] = {
      {absl::StatusCode::kOk, v1::ERROR_REASON_UNSPECIFIED, "info"},
      {absl::StatusCode::kCancelled, v1::ERROR_REASON_UNSPECIFIED, "info"},
      {absl::StatusCode::kResourceExhausted, v1::ERROR_REASON_RATE_LIMITED, "warning"},
      {absl::StatusCode::kInternal, v1::ERROR_REASON_UPSTREAM_INTERNAL, "warning"},
      {absl::StatusCode::kInternal, v1::ERROR_REASON_SPARKGATE_INTERNAL, "error"},
  };
  for (const auto& c : cases) {
    const nlohmann::ordered_json line = LineOf(ReportOf(c.code, c.reason));
    EXPECT_EQ(line["level"], c.level) << line;
    EXPECT_EQ(line.contains("may_have_run"), c.code != absl::StatusCode::kOk);
    EXPECT_EQ(line.contains("caller_cancelled"), c.code == absl::StatusCode::kCancelled);
  }
}

TEST(CallLog, BoundsNamesFromOutside) {
  rpc::CallReport report = ReportOf(absl::StatusCode::kOk);
  report.model = std::string(100000, 'm');
  report.request_id = std::string(127, 'r') + "\xC3\xA9";  // cut within a character
  const nlohmann::ordered_json line = LineOf(report);
  EXPECT_EQ(line["model"], std::string(128, 'm'));
  EXPECT_EQ(line["request_id"], std::string(127, 'r') + "\xEF\xBF\xBD");
}

TEST(CallLog, ACallThatGrpcDidNotGiveBackIsAnError) {
  rpc::CallReport report = ReportOf(absl::StatusCode::kOk);
  report.summary.abandoned = true;
  const nlohmann::ordered_json line = LineOf(report);
  EXPECT_EQ(line["level"], "error");
  EXPECT_EQ(line["abandoned"], true);
}

}  // namespace
}  // namespace sparkgate
