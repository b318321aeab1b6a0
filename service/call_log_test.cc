#include "service/call_log.h"

#include <string>

#include "gtest/gtest.h"
#include "service/telemetry/testing/log_capture.h"

namespace sparkgate {
namespace {

using std::chrono::microseconds;

constexpr std::chrono::steady_clock::time_point kBegun{std::chrono::hours(1)};

nlohmann::ordered_json LineOf(const rpc::CallReport& report, microseconds duration) {
  telemetry::LogCapture capture;
  telemetry::LoggerOptions options;
  options.fd = capture.fd();
  options.flush_time = std::chrono::seconds(60);
  {
    telemetry::Logger logger(options);
    LogCall(report, report.begun + duration, &logger);
  }
  const auto lines = capture.Lines();
  EXPECT_EQ(lines.size(), 1u);
  return lines.empty() ? nlohmann::ordered_json() : lines[0];
}

nlohmann::ordered_json LineOf(const rpc::CallReport& report) {
  return LineOf(report, microseconds(0));
}

TEST(CallLogTest, TellsEverythingOfACall) {
  rpc::CallReport report;
  report.method = rpc::Method::kStreamChat;
  report.request_id = "req-1";
  report.peer = "ipv4:127.0.0.1:40000";
  report.model = "sim/echo";
  report.begun = kBegun;
  call::CallSummary& summary = report.summary;
  CallStatus& status = summary.end.status;
  status.upstream_request_id = "up-1";
  status.code = absl::StatusCode::kCancelled;
  status.reason = v1::ERROR_REASON_UPSTREAM_STREAM_TRUNCATED;
  summary.detail = "closed without an end";
  status.http_status = 200;
  status.may_have_run = true;
  summary.forced = true;
  summary.abandoned = true;
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
            "{\"level\":\"error\",\"message\":\"call\",\"method\":\"StreamChat\","
            "\"request_id\":\"req-1\",\"peer\":\"ipv4:127.0.0.1:40000\",\"model\":\"sim/echo\","
            "\"upstream_request_id\":\"up-1\",\"code\":\"CANCELLED\","
            "\"reason\":\"UPSTREAM_STREAM_TRUNCATED\",\"detail\":\"closed without an end\","
            "\"http_status\":200,\"caller_cancelled\":true,\"may_have_run\":true,\"forced\":true,"
            "\"abandoned\":true,"
            "\"duration_ms\":1500.25,\"time_to_first_content_ms\":250.125,\"attempts\":2,"
            "\"messages_sent\":7,\"bytes_sent\":700,\"bytes_received\":7000,"
            "\"finished_choices\":1,\"anomalies\":3,\"prompt_tokens\":0,\"completion_tokens\":12}");
}

TEST(CallLogTest, LeavesOutWhatDoesNotApply) {
  nlohmann::ordered_json line = LineOf(rpc::CallReport());
  line.erase("time");
  EXPECT_EQ(line.dump(),
            "{\"level\":\"info\",\"message\":\"call\",\"method\":\"Chat\",\"code\":\"OK\","
            "\"duration_ms\":0,\"attempts\":0,\"messages_sent\":0,\"bytes_sent\":0,"
            "\"bytes_received\":0}");
}

TEST(CallLogTest, LevelSaysWhoseFaultItWas) {
  using absl::StatusCode;
  const struct {
    StatusCode code;
    v1::ErrorReason reason;
    const char* level;
  } cases[] = {{StatusCode::kOk, v1::ERROR_REASON_UNSPECIFIED, "info"},
               {StatusCode::kCancelled, v1::ERROR_REASON_UNSPECIFIED, "info"},
               {StatusCode::kAborted, v1::ERROR_REASON_UPSTREAM_STREAM_TRUNCATED, "warning"},
               {StatusCode::kResourceExhausted, v1::ERROR_REASON_RATE_LIMITED, "warning"},
               {StatusCode::kInternal, v1::ERROR_REASON_UPSTREAM_INTERNAL, "warning"},
               {StatusCode::kInternal, v1::ERROR_REASON_SPARKGATE_INTERNAL, "error"}};
  for (const auto& c : cases) {
    rpc::CallReport report;
    report.summary.end.status.code = c.code;
    report.summary.end.status.reason = c.reason;
    const nlohmann::ordered_json line = LineOf(report);
    SCOPED_TRACE(line.dump());
    EXPECT_EQ(line["level"], c.level);
    EXPECT_EQ(line.contains("may_have_run"), c.code != StatusCode::kOk);
    EXPECT_EQ(line.contains("caller_cancelled"), c.code == StatusCode::kCancelled);
  }
}

TEST(CallLogTest, BoundsNamesFromOutside) {
  rpc::CallReport report;
  report.model = std::string(100000, 'm');
  report.request_id = std::string(127, 'r') + "\xC3\xA9";  // cut within a character
  const nlohmann::ordered_json line = LineOf(report);
  EXPECT_EQ(line["model"], std::string(128, 'm'));
  EXPECT_EQ(line["request_id"], std::string(127, 'r') + "\xEF\xBF\xBD");
}

TEST(CallLogTest, ACallThatGrpcDidNotGiveBackIsAnError) {
  rpc::CallReport report;
  report.summary.abandoned = true;
  const nlohmann::ordered_json line = LineOf(report);
  EXPECT_EQ(line["level"], "error");
  EXPECT_EQ(line["abandoned"], true);
}

}  // namespace
}  // namespace sparkgate
