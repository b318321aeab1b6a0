#include "service/telemetry/library_logs.h"

#include <string>

#include "google/protobuf/stubs/logging.h"
#include "grpc/support/log.h"
#include "gtest/gtest.h"
#include "service/telemetry/testing/log_capture.h"

namespace sparkgate::telemetry {
namespace {

TEST(LibraryLogsTest, BothLibrariesComeThroughTheLogger) {
  LogCapture capture;
  LoggerOptions options;
  options.fd = capture.fd();
  options.flush_time = std::chrono::seconds(60);
  gpr_log_verbosity_init();  // as grpc_init does
  testing::internal::CaptureStderr();
  {
    Logger logger(options);
    RouteLibraryLogs(&logger);
    gpr_log(GPR_ERROR, "from %s", "grpc");
    GOOGLE_LOG(WARNING) << "from protobuf";
    for (int i = 0; i < 1000; ++i) gpr_log(GPR_ERROR, "noise %d", i);
    RouteLibraryLogs(nullptr);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  const auto lines = capture.Lines();
  ASSERT_GE(lines.size(), 7u);
  EXPECT_LE(lines.size(), 17u);  // five of the noise, or some more if seconds ended meanwhile
  EXPECT_EQ(lines[0]["level"], "error");
  EXPECT_EQ(lines[0]["message"], "from grpc");
  EXPECT_EQ(lines[0]["library"], "grpc");
  EXPECT_EQ(lines[0]["site"].get<std::string>().substr(0, 21), "library_logs_test.cc:");
  EXPECT_EQ(lines[1]["level"], "warning");
  EXPECT_EQ(lines[1]["message"], "from protobuf");
  EXPECT_EQ(lines[1]["library"], "protobuf");
  EXPECT_EQ(lines[2]["message"], "noise 0");
}

TEST(LibraryLogsTest, GivesBothTheirOwnWaysBack) {
  LogCapture capture;
  LoggerOptions options;
  options.fd = capture.fd();
  {
    Logger logger(options);
    RouteLibraryLogs(&logger);
    RouteLibraryLogs(nullptr);
  }
  gpr_log_verbosity_init();
  testing::internal::CaptureStderr();
  gpr_log(GPR_ERROR, "grpc by itself");
  GOOGLE_LOG(ERROR) << "protobuf by itself";
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("grpc by itself"), std::string::npos);
  EXPECT_NE(said.find("protobuf by itself"), std::string::npos);
  EXPECT_EQ(capture.Finish(), "");
}

}  // namespace
}  // namespace sparkgate::telemetry
