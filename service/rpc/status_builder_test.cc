#include "service/rpc/status_builder.h"

#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace sparkgate::rpc {
namespace {

google::rpc::Status Details(const grpc::Status& status) {
  google::rpc::Status details;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  return details;
}

template <typename Detail>
int Count(const google::rpc::Status& details, Detail* last = nullptr) {
  int count = 0;
  for (const auto& any : details.details()) {
    Detail detail;
    if (!any.UnpackTo(&detail)) continue;
    ++count;
    if (last) *last = detail;
  }
  return count;
}

call::CallEnd RateLimited() {
  call::CallEnd end;
  end.status.code = absl::StatusCode::kResourceExhausted;
  end.status.reason = v1::ERROR_REASON_RATE_LIMITED;
  end.status.message = "Too many calls.";
  end.status.http_status = 429;
  end.status.upstream_code = "rate";
  end.status.upstream_request_id = "up-1";
  end.status.retry_delay = std::chrono::milliseconds(1500);
  end.status.pushback = Pushback::kDelay;
  end.status.quota_failure = true;
  end.attempts = 2;
  end.messages_sent = 3;
  end.finished_choices = 1;
  return end;
}

TEST(StatusBuilder, OkIsPlain) {
  const grpc::Status status = BuildStatus({}, "req");
  EXPECT_TRUE(status.ok());
  EXPECT_TRUE(status.error_details().empty());
}

TEST(StatusBuilder, EveryErrorHasExactlyOneErrorInfoWithItsMetadata) {
  const grpc::Status status = BuildStatus(RateLimited(), "req");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  const google::rpc::Status details = Details(status);
  EXPECT_EQ(details.code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(details.message(), status.error_message());
  google::rpc::ErrorInfo info;
  ASSERT_EQ(Count(details, &info), 1);
  EXPECT_EQ(info.domain(), "sparkgate");
  EXPECT_EQ(info.reason(), "RATE_LIMITED");
  const auto& metadata = info.metadata();
  EXPECT_EQ(metadata.at("may_have_run"), "false");
  EXPECT_EQ(metadata.at("http_status"), "429");
  EXPECT_EQ(metadata.at("upstream_code"), "rate");
  EXPECT_EQ(metadata.at("upstream_request_id"), "up-1");
  EXPECT_EQ(metadata.at("attempts"), "2");
  EXPECT_EQ(metadata.at("messages_sent"), "3");
  EXPECT_EQ(metadata.at("finished_choices"), "1");
  google::rpc::RetryInfo retry;
  ASSERT_EQ(Count(details, &retry), 1);
  EXPECT_EQ(retry.retry_delay().seconds(), 1);
  EXPECT_EQ(retry.retry_delay().nanos(), 500'000'000);
  EXPECT_EQ(Count<google::rpc::QuotaFailure>(details), 1);
  EXPECT_EQ(Count<google::rpc::BadRequest>(details), 0);
}

TEST(StatusBuilder, SaysWhatHappenedWhatWasDeliveredAndWhatToDo) {
  call::CallEnd end = RateLimited();
  end.status.advice = "Slow down.";
  EXPECT_EQ(BuildStatus(end, "req").error_message(),
            "Too many calls. 3 messages were delivered: genuine, but incomplete. Slow down.");
  end.messages_sent = 1;
  EXPECT_EQ(BuildStatus(end, "req").error_message(),
            "Too many calls. 1 message was delivered: genuine, but incomplete. Slow down.");
  end.messages_sent = 0;
  EXPECT_EQ(BuildStatus(end, "req").error_message(),
            "Too many calls. Nothing was delivered. Slow down.");
  end.status.message.assign(2000, 'm');
  EXPECT_EQ(BuildStatus(end, "req").error_message().size(), 1000u);
  EXPECT_EQ(BuildStatus(end, "req").error_message().substr(990), "Slow down.");
}

TEST(StatusBuilder, StaysUnderFourKibibytesWhateverIsWrong) {
  call::CallEnd end;
  end.status.code = absl::StatusCode::kInvalidArgument;
  end.status.reason = v1::ERROR_REASON_INVALID_REQUEST;
  end.status.message = std::string(1000, 'm');
  for (int i = 0; i < 200; ++i) {
    end.status.violations.push_back({"messages[" + std::to_string(i) + "].role", "is required"});
  }
  const grpc::Status status = BuildStatus(end, "req");
  EXPECT_LT(status.error_message().size() + status.error_details().size(), 4096u);
  google::rpc::BadRequest bad_request;
  ASSERT_EQ(Count(Details(status), &bad_request), 1);
  EXPECT_GT(bad_request.field_violations_size(), 20);
  EXPECT_EQ(bad_request.field_violations(0).field(), "messages[0].role");
}

TEST(StatusBuilder, ALongMessageIsCutBetweenCharacters) {
  call::CallEnd end = RateLimited();
  end.status.advice.clear();
  end.status.message = "a";
  while (end.status.message.size() < 2000) end.status.message += "\u00e9";
  const std::string message = BuildStatus(end, "req").error_message();
  EXPECT_EQ(message.size(), 999u);
  EXPECT_EQ(message.substr(997), "\u00e9");
}

TEST(StatusBuilder, ACancelledCallNeedsNoDetails) {
  call::CallEnd end;
  end.status.code = absl::StatusCode::kCancelled;
  EXPECT_TRUE(BuildStatus(end, "req").error_details().empty());
}

TEST(StatusBuilder, PushbackSaysNeverOrWhen) {
  CallStatus status;
  EXPECT_EQ(PushbackTrailer(status), "");
  status.pushback = Pushback::kNever;
  EXPECT_EQ(PushbackTrailer(status), "-1");
  status.pushback = Pushback::kDelay;
  EXPECT_EQ(PushbackTrailer(status), "1000");
  status.retry_delay = std::chrono::milliseconds(250);
  EXPECT_EQ(PushbackTrailer(status), "250");
}

}  // namespace
}  // namespace sparkgate::rpc
