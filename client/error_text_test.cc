#include "client/error_text.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace sparkgate::client {
namespace {

using Code = absl::StatusCode;

CallError Make(Code code, v1::ErrorReason reason, std::optional<bool> may_have_run) {
  CallError error;
  error.code = code;
  error.reason_code = reason;
  if (reason != v1::ERROR_REASON_UNSPECIFIED) {
    error.reason = v1::ErrorReason_Name(reason).substr(sizeof "ERROR_REASON_" - 1);
  }
  error.may_have_run = may_have_run;
  return error;
}

TEST(ErrorText, ARateLimitSaysWhenToComeAgain) {
  CallError error = Make(Code::kResourceExhausted, v1::ERROR_REASON_RATE_LIMITED, false);
  error.message = "too fast";
  error.retry_delay = std::chrono::milliseconds(1250);
  error.quota_violations = {"60 requests per minute"};
  error.trailers = {{"x-request-id", "r1"}};
  EXPECT_EQ(Explain(error),
            "The upstream has had too many calls or tokens for now. (RATE_LIMITED)\n"
            "  it said: too fast\n"
            "  limit: 60 requests per minute\n"
            "  Trying again helps, in 1.3 s. Nothing ran, so nothing was billed.\n"
            "  request id r1");
  EXPECT_EQ(ExitCodeFor(error), kExitTryLater);
}

TEST(ErrorText, AWrongRequestNamesTheFields) {
  CallError error = Make(Code::kInvalidArgument, v1::ERROR_REASON_INVALID_REQUEST, false);
  error.field_violations = {{"messages[0].role", "is required"}};
  EXPECT_EQ(Explain(error),
            "The request is wrong. (INVALID_REQUEST)\n"
            "  messages[0].role: is required\n"
            "  Trying again without a change will not help. Nothing ran, so nothing was billed.");
  EXPECT_EQ(ExitCodeFor(error), kExitRequest);
}

TEST(ErrorText, WhatMayHaveRunIsSaid) {
  const CallError error = Make(Code::kAborted, v1::ERROR_REASON_UPSTREAM_STREAM_TRUNCATED, true);
  EXPECT_EQ(Explain(error),
            "The answer was cut off before its end. (UPSTREAM_STREAM_TRUNCATED)\n"
            "  Trying again may help. It may have run: what was generated may be billed, and again "
            "with a second try.");
  EXPECT_EQ(ExitCodeFor(error), kExitFailed);
}

TEST(ErrorText, AServerThatIsNotThereIsToldFromALostConnection) {
  CallError error = Make(Code::kUnavailable, v1::ERROR_REASON_UNSPECIFIED, std::nullopt);
  error.message = "failed to connect to all addresses; last error: refused";
  EXPECT_NE(Explain(error).find("The server cannot be reached. (UNAVAILABLE)"), std::string::npos);
  EXPECT_NE(Explain(error).find("Nothing ran"), std::string::npos);
  EXPECT_EQ(ExitCodeFor(error), kExitTryLater);
  error.message = "Socket closed";
  EXPECT_NE(Explain(error).find("The connection to the server was lost."), std::string::npos);
  EXPECT_NE(Explain(error).find("is not known"), std::string::npos);
  EXPECT_EQ(ExitCodeFor(error), kExitFailed);
}

struct Row {
  Code code;
  v1::ErrorReason reason;
  ExitCode exit;
};

class ExitCodes : public testing::TestWithParam<Row> {};

TEST_P(ExitCodes, AreAsDocumented) {
  EXPECT_EQ(ExitCodeFor(Make(GetParam().code, GetParam().reason, false)), GetParam().exit);
}

INSTANTIATE_TEST_SUITE_P(
    All, ExitCodes,
    testing::Values(Row{Code::kNotFound, v1::ERROR_REASON_MODEL_NOT_FOUND, kExitRequest},
                    Row{Code::kPermissionDenied, v1::ERROR_REASON_FORBIDDEN, kExitRequest},
                    Row{Code::kUnauthenticated, v1::ERROR_REASON_UPSTREAM_AUTH_FAILED,
                        kExitRequest},
                    Row{Code::kInternal, v1::ERROR_REASON_UPSTREAM_AUTH_FAILED, kExitRequest},
                    Row{Code::kResourceExhausted, v1::ERROR_REASON_BILLING_LIMIT, kExitRequest},
                    Row{Code::kResourceExhausted, v1::ERROR_REASON_UNSPECIFIED, kExitRequest},
                    Row{Code::kResourceExhausted, v1::ERROR_REASON_OVERLOADED, kExitTryLater},
                    Row{Code::kResourceExhausted, v1::ERROR_REASON_SLOW_READER, kExitFailed},
                    Row{Code::kUnavailable, v1::ERROR_REASON_DRAINING, kExitTryLater},
                    Row{Code::kUnimplemented, v1::ERROR_REASON_UNSPECIFIED, kExitRequest},
                    Row{Code::kInternal, v1::ERROR_REASON_UPSTREAM_INTERNAL, kExitFailed},
                    Row{Code::kDeadlineExceeded, v1::ERROR_REASON_UNSPECIFIED, kExitFailed},
                    Row{Code::kUnknown, v1::ERROR_REASON_UNSPECIFIED, kExitFailed},
                    Row{Code::kCancelled, v1::ERROR_REASON_UNSPECIFIED, kExitCancelled}));

TEST(ErrorText, EveryReasonHasASentenceOfItsOwn) {
  std::set<std::string> sentences;
  int reasons = 0;
  for (int number = v1::ErrorReason_MIN + 1; number <= v1::ErrorReason_MAX; ++number) {
    ASSERT_TRUE(v1::ErrorReason_IsValid(number));
    ++reasons;
    const std::string text =
        Explain(Make(Code::kUnknown, static_cast<v1::ErrorReason>(number), true));
    sentences.insert(text.substr(0, text.find(" (")));
  }
  EXPECT_EQ(sentences.count("The call failed."), 0u);
  EXPECT_EQ(static_cast<int>(sentences.size()), reasons);
}

}  // namespace
}  // namespace sparkgate::client
