#include "service/telemetry/log_call.h"

#include <string>

#include "gtest/gtest.h"
#include "service/telemetry/testing/log_capture.h"

namespace sparkgate::telemetry {
namespace {

nlohmann::ordered_json LineOf(const CallRecord& record) {
  LogCapture capture;
  LoggerOptions options;
  options.fd = capture.fd();
  options.flush_time = std::chrono::seconds(60);
  {
    Logger logger(options);
    LogCall(record, &logger);
  }
  const auto lines = capture.Lines();
  EXPECT_EQ(lines.size(), 1u);
  return lines.empty() ? nlohmann::ordered_json() : lines[0];
}

TEST(LogCallTest, TellsEverythingOfACall) {
  CallRecord record;
  record.method = "StreamChat";
  record.request_id = "req-1";
  record.peer = "ipv4:127.0.0.1:40000";
  record.model = "sim/echo";
  record.upstream_request_id = "up-1";
  record.code = "ABORTED";
  record.reason = "UPSTREAM_STREAM_TRUNCATED";
  record.detail = "closed without an end";
  record.http_status = 200;
  record.caller_cancelled = true;
  record.may_have_run = true;
  record.forced = true;
  record.duration = std::chrono::microseconds(1500250);
  record.time_to_first_content = std::chrono::microseconds(250125);
  record.attempts = 2;
  record.messages_sent = 7;
  record.bytes_sent = 700;
  record.bytes_received = 7000;
  record.finished_choices = 1;
  record.anomalies = 3;
  record.prompt_tokens = 0;
  record.completion_tokens = 12;
  nlohmann::ordered_json line = LineOf(record);
  line.erase("time");
  EXPECT_EQ(line.dump(),
            "{\"level\":\"warning\",\"message\":\"call\",\"method\":\"StreamChat\","
            "\"request_id\":\"req-1\",\"peer\":\"ipv4:127.0.0.1:40000\",\"model\":\"sim/echo\","
            "\"upstream_request_id\":\"up-1\",\"code\":\"ABORTED\","
            "\"reason\":\"UPSTREAM_STREAM_TRUNCATED\",\"detail\":\"closed without an end\","
            "\"http_status\":200,\"caller_cancelled\":true,\"may_have_run\":true,\"forced\":true,"
            "\"duration_ms\":1500.25,\"time_to_first_content_ms\":250.125,\"attempts\":2,"
            "\"messages_sent\":7,\"bytes_sent\":700,\"bytes_received\":7000,"
            "\"finished_choices\":1,\"anomalies\":3,\"prompt_tokens\":0,\"completion_tokens\":12}");
}

TEST(LogCallTest, LeavesOutWhatDoesNotApply) {
  CallRecord record;
  record.method = "Chat";
  record.code = "OK";
  nlohmann::ordered_json line = LineOf(record);
  line.erase("time");
  EXPECT_EQ(line.dump(),
            "{\"level\":\"info\",\"message\":\"call\",\"method\":\"Chat\",\"code\":\"OK\","
            "\"duration_ms\":0,\"attempts\":0,\"messages_sent\":0,\"bytes_sent\":0,"
            "\"bytes_received\":0}");
}

TEST(LogCallTest, LevelSaysWhoseFaultItWas) {
  const struct {
    const char* code;
    const char* reason;
    const char* level;
  } cases[] = {{"OK", "", "info"},
               {"CANCELLED", "", "info"},
               {"RESOURCE_EXHAUSTED", "RATE_LIMITED", "warning"},
               {"INTERNAL", "UPSTREAM_INTERNAL", "warning"},
               {"INTERNAL", "SPARKGATE_INTERNAL", "error"}};
  for (const auto& c : cases) {
    CallRecord record;
    record.code = c.code;
    record.reason = c.reason;
    const nlohmann::ordered_json line = LineOf(record);
    EXPECT_EQ(line["level"], c.level) << c.code << " " << c.reason;
    EXPECT_EQ(line.contains("may_have_run"), record.code != "OK");
  }
}

TEST(LogCallTest, BoundsNamesFromOutside) {
  CallRecord record;
  record.code = "OK";
  record.model = std::string(100000, 'm');
  record.request_id = std::string(127, 'r') + "\xC3\xA9";  // cut within a character
  const nlohmann::ordered_json line = LineOf(record);
  EXPECT_EQ(line["model"], std::string(128, 'm'));
  EXPECT_EQ(line["request_id"], std::string(127, 'r') + "\xEF\xBF\xBD");
}

TEST(LogCallTest, ACallThatGrpcDidNotGiveBackIsAnError) {
  CallRecord record;
  record.code = "OK";
  record.abandoned = true;
  const nlohmann::ordered_json line = LineOf(record);
  EXPECT_EQ(line["level"], "error");
  EXPECT_EQ(line["abandoned"], true);
}

}  // namespace
}  // namespace sparkgate::telemetry
