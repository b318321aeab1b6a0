#include "client/call_error.h"

#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace sparkgate::client {
namespace {

google::rpc::ErrorInfo Info(const std::string& domain, const std::string& reason) {
  google::rpc::ErrorInfo info;
  info.set_domain(domain);
  info.set_reason(reason);
  return info;
}

TEST(CallError, ReadsEveryDetail) {
  google::rpc::Status status;
  auto info = Info("sparkgate", "RATE_LIMITED");
  (*info.mutable_metadata())["may_have_run"] = "false";
  (*info.mutable_metadata())["http_status"] = "429";
  status.add_details()->PackFrom(info);
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(2);
  retry.mutable_retry_delay()->set_nanos(500'000'000);
  status.add_details()->PackFrom(retry);
  google::rpc::QuotaFailure quota;
  quota.add_violations()->set_description("requests per minute");
  status.add_details()->PackFrom(quota);
  google::rpc::BadRequest bad;
  bad.add_field_violations()->set_field("messages[0].role");
  bad.mutable_field_violations(0)->set_description("is required");
  status.add_details()->PackFrom(bad);

  const CallError error = DecodeCallError(absl::StatusCode::kResourceExhausted, "slow down",
                                          status.SerializeAsString(), {{"x-request-id", "r-9"}});
  EXPECT_EQ(error.code, absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(error.message, "slow down");
  EXPECT_EQ(error.reason, "RATE_LIMITED");
  EXPECT_EQ(error.reason_code, v1::ERROR_REASON_RATE_LIMITED);
  EXPECT_EQ(error.metadata.at("http_status"), "429");
  EXPECT_EQ(error.may_have_run, false);
  EXPECT_EQ(error.retry_delay, std::chrono::milliseconds(2500));
  ASSERT_EQ(error.field_violations.size(), 1u);
  EXPECT_EQ(error.field_violations[0].field, "messages[0].role");
  EXPECT_EQ(error.quota_violations, std::vector<std::string>{"requests per minute"});
  EXPECT_EQ(error.request_id(), "r-9");
}

TEST(CallError, WithoutDetailsNothingIsInvented) {
  const CallError error = DecodeCallError(absl::StatusCode::kUnavailable, "gone", "", {});
  EXPECT_EQ(error.reason, "");
  EXPECT_EQ(error.reason_code, v1::ERROR_REASON_UNSPECIFIED);
  EXPECT_EQ(error.may_have_run, std::nullopt);
  EXPECT_EQ(error.retry_delay, std::nullopt);
  EXPECT_EQ(error.request_id(), "");
}

TEST(CallError, RubbishAndOthersDetailsAreLeftOut) {
  EXPECT_EQ(DecodeCallError(absl::StatusCode::kInternal, "m", "\xff\xff rubbish", {}).reason, "");
  google::rpc::Status status;
  status.add_details()->PackFrom(Info("example.com", "RATE_LIMITED"));
  status.add_details()->set_type_url("type.googleapis.com/some.Unknown");
  const CallError error =
      DecodeCallError(absl::StatusCode::kInternal, "m", status.SerializeAsString(), {});
  EXPECT_EQ(error.reason, "");
}

TEST(CallError, AReasonNewerThanThisClientKeepsItsName) {
  google::rpc::Status status;
  status.add_details()->PackFrom(Info("sparkgate", "FROM_THE_FUTURE"));
  const CallError error =
      DecodeCallError(absl::StatusCode::kInternal, "m", status.SerializeAsString(), {});
  EXPECT_EQ(error.reason, "FROM_THE_FUTURE");
  EXPECT_EQ(error.reason_code, v1::ERROR_REASON_UNSPECIFIED);
}

TEST(CallError, ABrokenRetryDelayIsNone) {
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(-1);
  google::rpc::Status status;
  status.add_details()->PackFrom(retry);
  EXPECT_EQ(
      DecodeCallError(absl::StatusCode::kInternal, "", status.SerializeAsString(), {}).retry_delay,
      std::nullopt);
}

TEST(MetadataCheck, TakesWhatGrpcTakes) {
  EXPECT_TRUE(CheckMetadata({}).ok());
  EXPECT_TRUE(CheckMetadata({{"x-a_b.c-1", " any ~ text, with = signs"}}).ok());
  EXPECT_TRUE(CheckMetadata({{"trace-bin", std::string("\x00\xff\n", 3)}}).ok());
}

TEST(MetadataCheck, RefusesWhatWouldEndTheProcess) {
  for (const char* name : {"", "Upper", "a b", "grpc-timeout", "a:b", "ü"}) {
    EXPECT_FALSE(CheckMetadata({{name, "x"}}).ok()) << name;
  }
  for (const char* value : {"a\nb", "\x7f", "ü", "\t"}) {
    EXPECT_FALSE(CheckMetadata({{"x-a", value}}).ok()) << value;
  }
}

TEST(MetadataCheck, NeverRepeatsAValue) {
  const absl::Status status = CheckMetadata({{"x-key", "secret\n"}});
  EXPECT_EQ(std::string(status.message()).find("secret"), std::string::npos);
}

}  // namespace
}  // namespace sparkgate::client
