// What a call does while a part of its answer is decoded by a worker.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "service/call/testing/call_fixture.h"

namespace sparkgate::call {
namespace {

using How = upstream::TransferEnd::How;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_F(CallTest, ALargeEventIsDecodedElsewhereWithWhatFollowsInOrder) {
  limits_.large_bytes = 180;
  StartStream();
  Head();
  Body(ContentEvent("small "));
  Written();
  Body(ContentEvent(std::string(200, 'L')) + ContentEvent(" tail") + kFinishEvent);
  ASSERT_EQ(loop_.jobs.size(), 1u);
  EXPECT_TRUE(loop_.transfer->paused);
  loop_.RunJob();
  loop_.EndTurns();
  EXPECT_FALSE(loop_.transfer->paused);
  ASSERT_EQ(writer_.written.size(), 2u);
  EXPECT_EQ(Text(1), std::string(200, 'L') + " tail");
}

TEST_F(CallTest, WhileAnEventIsDecodedElsewhereTheUpstreamsTimersStandStill) {
  limits_.large_bytes = 180;
  limits_.content_gap = seconds(10);
  limits_.idle = seconds(10);
  StartStream();
  Head();
  Body(ContentEvent("small "));
  Written();
  Pass(seconds(4));
  const std::string large = ContentEvent(std::string(200, 'L'));
  Body(large + large);  // the second waits for a worker of its own
  Pass(seconds(60));    // the workers are busy
  loop_.RunJob();
  loop_.EndTurns();
  Written();
  ASSERT_EQ(loop_.jobs.size(), 1u);
  Pass(seconds(60));
  loop_.RunJob();
  loop_.EndTurns();
  Written();
  EXPECT_FALSE(writer_.finished);
  EXPECT_FALSE(loop_.wrong);
  EXPECT_FALSE(loop_.transfer->paused);
  Pass(seconds(9));
  EXPECT_FALSE(writer_.finished);
  Pass(seconds(1));
  ASSERT_TRUE(writer_.finished) << "and then they go on";
  EXPECT_EQ(Status().reason, v1::ERROR_REASON_UPSTREAM_STALLED);
}

TEST_F(CallTest, WhatIsBeingDecodedLeavesBeforeATimersOrTheDrainsEnd) {
  for (const bool drain : {false, true}) {
    SCOPED_TRACE(drain ? "drain" : "max_call_time");
    writer_ = FakeWriter();
    limits_.large_bytes = 180;
    StartStream();
    Head();
    Body(ContentEvent(std::string(200, 'L')) + ContentEvent(" tail"));
    if (drain) {
      loop_.call->OnDrain();
    } else {
      Pass(limits_.max_call_time);
    }
    EXPECT_FALSE(writer_.finished);
    loop_.RunJob();
    loop_.EndTurns();
    ASSERT_TRUE(writer_.finished);
    ASSERT_EQ(writer_.written.size(), 1u);
    EXPECT_EQ(Text(0), std::string(200, 'L') + " tail");
    EXPECT_EQ(Status().reason, drain ? v1::ERROR_REASON_DRAIN_CUT : v1::ERROR_REASON_MAX_CALL_TIME);
    EXPECT_EQ(loop_.transfer, nullptr);
    loop_.call->OnDone();
  }
}

TEST_F(CallTest, AnEndDoesNotWaitForWorkersForLong) {
  limits_.large_bytes = 180;
  StartStream();
  Head();
  Body(ContentEvent(std::string(200, 'L')));
  loop_.call->OnDrain();
  Pass(seconds(1));
  ASSERT_TRUE(writer_.finished);
  EXPECT_EQ(Status().reason, v1::ERROR_REASON_DRAIN_CUT);
  loop_.RunJob();
  loop_.EndTurns();
  EXPECT_TRUE(writer_.written.empty());
}

TEST_F(CallTest, AWholeBodyThatIsBeingDecodedIsAnAnswerWhateverTheClockSays) {
  limits_.large_bytes = 10;
  StartChat();
  Head(200, {{"content-type", "application/json"}});
  Body(R"({"choices":[{"index":0,"message":{"content":"hi"},"finish_reason":"stop"}]})");
  End(How::kComplete);
  Pass(limits_.max_call_time);
  EXPECT_FALSE(writer_.finished);
  loop_.RunJob();
  loop_.EndTurns();
  ASSERT_TRUE(writer_.finished);
  EXPECT_TRUE(Status().ok()) << Status().message;
}

TEST_F(CallTest, ALargeChatBodyIsDecodedElsewhereAndACancelDoesNotWaitForIt) {
  limits_.large_bytes = 10;
  StartChat();
  Head(200, {{"content-type", "application/json"}});
  Body("{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hi\"}}]}");
  End(How::kComplete);
  ASSERT_EQ(loop_.jobs.size(), 1u);
  loop_.call->OnCancelled();
  loop_.EndTurns();
  ASSERT_TRUE(writer_.finished);
  EXPECT_EQ(Status().code, absl::StatusCode::kCancelled);
  loop_.RunJob();
  loop_.EndTurns();
  EXPECT_TRUE(writer_.written.empty());
}

TEST_F(CallTest, AChatBodyWithoutLengthCountsIfItIsWhole) {
  StartChat();
  Head(200, {{"content-type", "application/json"}});
  const std::string body =
      "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hi\"}}]}";
  Body(body);
  End(How::kClosed);
  EXPECT_TRUE(Status().ok());

  writer_ = FakeWriter();
  StartChat();
  Head(200, {{"content-type", "application/json"}});
  Body(body.substr(0, body.size() - 1));
  End(How::kClosed);
  EXPECT_EQ(Status().reason, v1::ERROR_REASON_UPSTREAM_STREAM_TRUNCATED);
}

TEST_F(CallTest, AChatBodyOverTheLimitEndsTheCallAtOnce) {
  limits_.max_chat_body_bytes = 10;
  StartChat();
  Head(200, {{"content-type", "application/json"}});
  Body("{\"choices\":[");
  ASSERT_TRUE(writer_.finished);
  EXPECT_EQ(Status().reason, v1::ERROR_REASON_UPSTREAM_PROTOCOL_ERROR);
  EXPECT_EQ(loop_.transfer, nullptr);
}

}  // namespace
}  // namespace sparkgate::call
