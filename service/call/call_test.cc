// What a call does in single situations; every order of events is in call_order_test.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "service/call/testing/call_fixture.h"

namespace sparkgate::call {
namespace {

using How = upstream::TransferEnd::How;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_F(CallTest, AStreamIsHandedOnAndEndsWithUsageOnItsLastMessage) {
  StartStream();
  Head();
  EXPECT_EQ(writer_.metadata_sent, 1);
  Body(ContentEvent("one"));
  Written();
  Body(std::string(kFinishEvent) + kDoneEvent);
  ASSERT_TRUE(writer_.finished);
  EXPECT_TRUE(Status().ok());
  ASSERT_EQ(writer_.written.size(), 2u);
  EXPECT_EQ(Text(0), "one");
  EXPECT_EQ(Message(1).usage().total_tokens(), 7);
  EXPECT_EQ(writer_.finished->messages_sent, 2);
  EXPECT_EQ(writer_.finished->finished_choices, 1);
  EXPECT_EQ(loop_.lingered, 1);
  EXPECT_FALSE(loop_.lingered_dirty);
}

TEST_F(CallTest, BytesBehindTheEndMarkMakeTheConnectionUnfit) {
  StartStream();
  Head();
  Body(ContentEvent("one") + kFinishEvent + kDoneEvent + ContentEvent("never"));
  EXPECT_TRUE(loop_.lingered_dirty);
  for (size_t i = 0; i < writer_.written.size(); ++i) EXPECT_NE(Text(i), "never");
}

TEST_F(CallTest, WhatWaitsBehindAWriteIsMerged) {
  StartStream();
  Head();
  Body(ContentEvent("a"));
  Body(ContentEvent("b"));
  Body(ContentEvent("c"));
  Written();
  ASSERT_EQ(writer_.written.size(), 2u);
  EXPECT_EQ(Text(1), "bc");
}

TEST_F(CallTest, OneToOneOnRequest) {
  merge_ = false;
  StartStream();
  Head();
  Body(ContentEvent("a") + ContentEvent("b") + ContentEvent("c"));
  for (int i = 0; i < 2; ++i) Written();
  ASSERT_EQ(writer_.written.size(), 3u);
  EXPECT_EQ(Text(2), "c");
}

TEST_F(CallTest, HeartbeatsLeaveOnlyInSilenceAndSayNothing) {
  heartbeat_ = seconds(15);
  StartStream();
  Pass(seconds(14));
  EXPECT_EQ(writer_.metadata_sent, 0);
  Pass(seconds(1));
  EXPECT_EQ(writer_.metadata_sent, 1) << "the headers, before the upstream's are there";
  ASSERT_EQ(writer_.written.size(), 1u);
  EXPECT_EQ(Message(0).ShortDebugString(), "choices { delta { } }");
  Pass(seconds(15));
  EXPECT_EQ(writer_.written.size(), 1u) << "while a message is out there is no silence";
  Written();
  Head(200, {{"content-type", "text/event-stream"}, {"x-request-id", "up"}});
  EXPECT_EQ(writer_.metadata_sent, 1);
  Body(ContentEvent("a"));
  Written();
  Pass(seconds(14));
  EXPECT_EQ(writer_.written.size(), 2u);
  Body(ContentEvent("b"));
  Written();
  Pass(seconds(14));
  EXPECT_EQ(writer_.written.size(), 3u);
  Pass(seconds(1));
  EXPECT_EQ(writer_.written.size(), 4u);
  Written();
  Body(std::string(kFinishEvent) + kDoneEvent);
  ASSERT_TRUE(writer_.finished);
  EXPECT_TRUE(Status().ok());
  EXPECT_EQ(writer_.finished->upstream_metadata.front().second, "up") << "as trailers";
  EXPECT_FALSE(writer_.wrong);
}

TEST_F(CallTest, AFullOutboxMakesTheUpstreamWaitAndHalfEmptyLetsItGoOn) {
  limits_.outbox_bytes = 1000;
  StartStream();
  Head();
  Body(ContentEvent("first"));  // leaves at once; what follows waits behind it
  Body(ContentEvent(std::string(600, 'x')));
  EXPECT_FALSE(loop_.transfer->paused);
  Body(ContentEvent(std::string(600, 'y')));
  EXPECT_TRUE(loop_.transfer->paused);
  Written();  // all that waited leaves as one message, and is not the caller's yet
  EXPECT_EQ(Text(1).size(), 1200u);
  EXPECT_TRUE(loop_.transfer->paused);
  Written();
  EXPECT_FALSE(loop_.transfer->paused);
}

TEST_F(CallTest, WhileWePauseTheUpstreamsTimersStandStill) {
  limits_.outbox_bytes = 100;
  limits_.content_gap = seconds(60);
  limits_.idle = seconds(60);
  limits_.reader_stall = seconds(300);
  StartStream();
  Head();
  Body(ContentEvent("first"));
  Body(ContentEvent(std::string(200, 'x')));
  ASSERT_TRUE(loop_.transfer->paused);
  Pass(seconds(200));
  EXPECT_FALSE(writer_.finished);
  Written();
  Written();
  ASSERT_FALSE(loop_.transfer->paused);
  Pass(seconds(59));
  EXPECT_FALSE(writer_.finished);
  Pass(seconds(2));
  ASSERT_TRUE(writer_.finished);
  EXPECT_EQ(Status().reason, v1::ERROR_REASON_UPSTREAM_STALLED);
}

TEST_F(CallTest, AReaderThatStallsIsToldAndThenCut) {
  limits_.reader_stall = seconds(30);
  StartStream();
  Head();
  Body(ContentEvent("first"));
  Body(ContentEvent("second"));
  Pass(seconds(29));
  EXPECT_FALSE(writer_.finished);
  Pass(seconds(1));
  ASSERT_TRUE(writer_.finished);
  EXPECT_EQ(Status().reason, v1::ERROR_REASON_SLOW_READER);
  EXPECT_EQ(Status().code, absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(loop_.transfer, nullptr);
  EXPECT_EQ(writer_.cancels, 0);
  Pass(seconds(1));
  EXPECT_EQ(writer_.cancels, 1);
}

TEST_F(CallTest, AFinishedAnswerThatNobodyReadsIsNoSuccess) {
  StartStream();
  Head();
  Body(ContentEvent("first"));
  Body(ContentEvent("second") + kFinishEvent + kDoneEvent);
  Pass(limits_.reader_stall);
  ASSERT_TRUE(writer_.finished);
  EXPECT_EQ(Status().reason, v1::ERROR_REASON_SLOW_READER);
}

TEST_F(CallTest, ALastMessageThatNobodyReadsIsCutAndIsNoSuccess) {
  for (const bool chat : {false, true}) {
    SCOPED_TRACE(chat ? "Chat" : "StreamChat");
    writer_ = FakeWriter();
    if (chat) {
      StartChat();
      Head(200, {{"content-type", "application/json"}});
      Body(R"({"choices":[{"index":0,"message":{"content":"hi"},"finish_reason":"stop"}]})");
      End(How::kComplete);
    } else {
      StartStream();
      Head();
      Body(ContentEvent("all") + kFinishEvent + kDoneEvent);
    }
    ASSERT_TRUE(writer_.finished);
    EXPECT_TRUE(Status().ok());
    Pass(limits_.reader_stall - milliseconds(1));
    EXPECT_EQ(writer_.cancels, 0);
    Pass(milliseconds(1));
    EXPECT_EQ(writer_.cancels, 1);
    loop_.call->OnFinishFailed();
    EXPECT_EQ(loop_.call->summary().end.status.reason, v1::ERROR_REASON_SLOW_READER);
    EXPECT_TRUE(loop_.call->summary().forced);
    EXPECT_TRUE(loop_.TimerArmed());  // for Done
    loop_.call->OnDone();
  }
}

TEST_F(CallTest, ACallThatGrpcDoesNotGiveBackIsAbandonedOnceAndFreedIfItComesLate) {
  limits_.reader_stall = seconds(2);
  StartStream();
  Head();
  Body(ContentEvent("a") + kFinishEvent + kDoneEvent);
  ASSERT_TRUE(writer_.finished || writer_.write_out);
  if (writer_.write_out) Written();
  Pass(seconds(2));
  EXPECT_EQ(writer_.cancels, 1);
  EXPECT_EQ(writer_.abandons, 0);
  Pass(seconds(10));
  EXPECT_EQ(writer_.abandons, 1);
  EXPECT_TRUE(loop_.call->summary().abandoned);
  EXPECT_FALSE(loop_.TimerArmed());
  loop_.call->OnDrain();
  loop_.call->OnDone();
  EXPECT_EQ(loop_.freed, 1);
  EXPECT_FALSE(writer_.wrong);
}

TEST_F(CallTest, ALastMessageThatFailsIsACallerWhoLeft) {
  StartStream();
  Head();
  Body(ContentEvent("all") + kFinishEvent + kDoneEvent);
  ASSERT_TRUE(writer_.finished);
  loop_.call->OnFinishFailed();
  EXPECT_EQ(loop_.call->summary().end.status.code, absl::StatusCode::kCancelled);
  EXPECT_TRUE(loop_.call->summary().end.status.may_have_run);
}

TEST_F(CallTest, AnErrorStaysTheCauseIfItDoesNotReachTheCaller) {
  StartStream();
  Head();
  End(How::kCut);
  ASSERT_TRUE(writer_.finished);
  loop_.call->OnFinishFailed();
  EXPECT_EQ(loop_.call->summary().end.status.reason, v1::ERROR_REASON_UPSTREAM_STREAM_TRUNCATED);
}

TEST_F(CallTest, TheCallersDeadlineAndOursAreToldApart) {
  deadline_ = loop_.now + seconds(5);
  StartStream();
  Pass(seconds(5));
  EXPECT_EQ(Status().reason, v1::ERROR_REASON_CALLER_DEADLINE);

  writer_ = FakeWriter();
  deadline_.reset();
  limits_.max_call_time = seconds(3);
  StartStream();
  Pass(seconds(3));
  EXPECT_EQ(Status().reason, v1::ERROR_REASON_MAX_CALL_TIME);
  EXPECT_EQ(Status().code, absl::StatusCode::kDeadlineExceeded);
}

TEST_F(CallTest, ADeadlineThatHasPassedNeverReachesTheUpstream) {
  deadline_ = loop_.now - milliseconds(1);
  StartStream();
  loop_.EndTurns();
  EXPECT_EQ(loop_.started, 0);
  EXPECT_EQ(Status().reason, v1::ERROR_REASON_CALLER_DEADLINE);
  EXPECT_FALSE(Status().may_have_run);
}

TEST_F(CallTest, ARefusalIsMappedWithItsBodyAndSendsNoInitialMetadata) {
  StartStream();
  Head(429, {{"content-type", "application/json"}, {"retry-after", "7"}, {"x-request-id", "up-1"}});
  Body("{\"error\":{\"message\":\"rate limit exceeded\",\"code\":\"rate\"}}");
  End(How::kComplete);
  ASSERT_TRUE(writer_.finished);
  EXPECT_EQ(Status().reason, v1::ERROR_REASON_RATE_LIMITED);
  EXPECT_EQ(Status().http_status, 429);
  EXPECT_EQ(Status().upstream_request_id, "up-1");
  EXPECT_EQ(*Status().retry_delay, seconds(7));
  EXPECT_EQ(writer_.metadata_sent, 0);
}

TEST_F(CallTest, ARefusalThatNeverEndsIsNotWaitedFor) {
  StartStream();
  Head(500, {});
  Body("oh");
  Pass(seconds(6));
  ASSERT_TRUE(writer_.finished);
  EXPECT_EQ(Status().reason, v1::ERROR_REASON_UPSTREAM_INTERNAL);
}

TEST_F(CallTest, SwitchingProtocolsIsNoAnswerAndHasNoBodyToWaitFor) {
  StartStream();
  Head(101, {});
  ASSERT_TRUE(writer_.finished);
  EXPECT_EQ(Status().reason, v1::ERROR_REASON_UPSTREAM_PROTOCOL_ERROR);
}

TEST_F(CallTest, AnotherMediaTypeIsAnErrorAndAnErrorObjectInItIsRead) {
  StartStream();
  Head(200, {{"content-type", "application/json; charset=utf-8"}});
  Body("{\"error\":{\"message\":\"overloaded\",\"code\":503}}");
  End(How::kComplete);
  EXPECT_EQ(Status().reason, v1::ERROR_REASON_UPSTREAM_STREAM_ERROR);
  EXPECT_EQ(Status().code, absl::StatusCode::kAborted);

  writer_ = FakeWriter();
  StartStream();
  Head(200, {{"content-type", "text/html"}});
  Body("<html>");
  End(How::kComplete);
  EXPECT_EQ(Status().reason, v1::ERROR_REASON_UPSTREAM_PROTOCOL_ERROR);
}

TEST_F(CallTest, ACodingThatCannotBeUndoneIsNamed) {
  StartStream();
  Head(200, {{"content-type", "text/event-stream"}, {"content-encoding", "zstd"}});
  Body("\x28\xb5\x2f\xfd");
  ASSERT_TRUE(writer_.finished);
  EXPECT_NE(Status().message.find("zstd"), std::string::npos);
  EXPECT_EQ(Status().reason, v1::ERROR_REASON_UPSTREAM_PROTOCOL_ERROR);
  EXPECT_EQ(loop_.transfer, nullptr);
}

TEST_F(CallTest, HowATransferEndsBeforeItsHeadDecidesWhetherItMayHaveRun) {
  struct Row {
    How how;
    absl::StatusCode code;
    v1::ErrorReason reason;
    bool may_have_run;
  };
  const Row rows[] = {
      {How::kNotConnected, absl::StatusCode::kUnavailable, v1::ERROR_REASON_UPSTREAM_UNREACHABLE,
       false},
      {How::kNotSeen, absl::StatusCode::kUnavailable, v1::ERROR_REASON_UPSTREAM_UNREACHABLE, false},
      {How::kCertificateRefused, absl::StatusCode::kUnavailable,
       v1::ERROR_REASON_UPSTREAM_TLS_FAILED, false},
      {How::kLost, absl::StatusCode::kAborted, v1::ERROR_REASON_UPSTREAM_CONNECTION_LOST, true},
      {How::kCut, absl::StatusCode::kAborted, v1::ERROR_REASON_UPSTREAM_STREAM_TRUNCATED, true},
      {How::kProtocol, absl::StatusCode::kInternal, v1::ERROR_REASON_UPSTREAM_PROTOCOL_ERROR, true},
  };
  for (const Row& row : rows) {
    writer_ = FakeWriter();
    loop_.call.reset();
    StartChat();
    End(row.how);
    ASSERT_TRUE(writer_.finished);
    EXPECT_EQ(Status().code, row.code);
    EXPECT_EQ(Status().reason, row.reason);
    EXPECT_EQ(Status().may_have_run, row.may_have_run);
    EXPECT_EQ(Status().pushback, row.may_have_run ? Pushback::kNever : Pushback::kNone);
    EXPECT_EQ(Status().retry_delay.has_value(), !row.may_have_run);
  }
}

TEST_F(CallTest, ADrainBeforeTheStartCostsTheCallerNothing) {
  loop_.call = std::make_unique<UnaryCall>(&loop_, &writer_, limits_, CallRequest());
  loop_.call->OnDrain();
  loop_.call->OnStarted();
  loop_.EndTurns();
  EXPECT_EQ(loop_.started, 0);
  ASSERT_TRUE(writer_.finished);
  EXPECT_EQ(Status().reason, v1::ERROR_REASON_DRAINING);
  EXPECT_EQ(Status().code, absl::StatusCode::kUnavailable);
  EXPECT_FALSE(Status().may_have_run);
}

TEST_F(CallTest, WhatEndsACallThatStillConnectsSaysThatItHasNotRun) {
  loop_.request_left = false;
  StartChat();
  loop_.call->OnDrain();
  loop_.EndTurns();
  ASSERT_TRUE(writer_.finished);
  EXPECT_EQ(Status().reason, v1::ERROR_REASON_DRAINING);
  EXPECT_FALSE(Status().may_have_run);

  writer_ = FakeWriter();
  limits_.max_call_time = seconds(3);
  StartStream();
  Pass(seconds(3));
  EXPECT_EQ(Status().reason, v1::ERROR_REASON_MAX_CALL_TIME);
  EXPECT_FALSE(Status().may_have_run);
}

TEST_F(CallTest, DrainCutsARunningCallAndForcesOneThatWrites) {
  StartChat();
  loop_.call->OnDrain();
  loop_.EndTurns();
  EXPECT_EQ(Status().reason, v1::ERROR_REASON_DRAIN_CUT);

  writer_ = FakeWriter();
  StartStream();
  Head();
  Body(ContentEvent("text"));
  loop_.call->OnDrain();
  ASSERT_TRUE(writer_.finished) << "without waiting for the write";
  EXPECT_EQ(Status().reason, v1::ERROR_REASON_DRAIN_CUT);
}

}  // namespace
}  // namespace sparkgate::call
