// How a stream ends, and when it is at its end.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "service/call/testing/call_fixture.h"

namespace sparkgate::call {
namespace {

using How = upstream::TransferEnd::How;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_F(CallTest, TextBeforeAnErrorLeavesInOneOperationWithIt) {
  StartStream();
  Head();
  Sink().OnBody(ContentEvent("text"));
  upstream::TransferEnd end;
  end.how = How::kCut;
  Sink().OnEnd(end);
  loop_.EndTurns();
  ASSERT_TRUE(writer_.finished);
  EXPECT_EQ(Status().code, absl::StatusCode::kAborted);
  EXPECT_EQ(Status().reason, v1::ERROR_REASON_UPSTREAM_STREAM_TRUNCATED);
  EXPECT_TRUE(Status().may_have_run);
  ASSERT_EQ(writer_.written.size(), 1u);
  EXPECT_EQ(Text(0), "text");
}

TEST_F(CallTest, AnAnswerThatIsCompleteEndsWellWithoutAnEnd) {
  limits_.idle = seconds(1);
  StartStream();
  Head();
  Body(ContentEvent("text"));
  Written();
  Body(kFinishEvent);
  EXPECT_EQ(writer_.written.size(), 1u);
  for (int i = 0; i < 5; ++i) {
    Pass(milliseconds(500));
    Body(": beat\n\n");
  }
  EXPECT_FALSE(writer_.finished);
  Pass(milliseconds(501));
  ASSERT_TRUE(writer_.finished);
  EXPECT_TRUE(Status().ok());
  EXPECT_EQ(loop_.transfer, nullptr);
  EXPECT_EQ(loop_.lingered, 0);
  ASSERT_EQ(writer_.written.size(), 2u);
  EXPECT_EQ(Message(1).choices(0).finish_reason(), "stop");
  EXPECT_EQ(Message(1).usage().total_tokens(), 7);
}

TEST_F(CallTest, AnAnswerThatIsCompleteEndsWellWhateverElseIsDue) {
  for (const bool drain : {true, false}) {
    SCOPED_TRACE(drain);
    writer_ = FakeWriter();
    limits_.max_call_time = seconds(2);
    StartStream();
    Head();
    Body(kFinishEvent);
    if (drain) {
      loop_.call->OnDrain();
      loop_.EndTurns();
    } else {
      Pass(seconds(2));
    }
    ASSERT_TRUE(writer_.finished);
    EXPECT_TRUE(Status().ok());
  }
}

constexpr char kFinishWithContent[] =
    "data: "
    "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"word\"},\"finish_reason\":\"stop\"}]}\n\n";

TEST_F(CallTest, AFinishReasonWithEachChunkHoldsNothingBackAndEndsNothing) {
  StartStream();
  Head();
  for (size_t i = 0; i < 3; ++i) {
    Body(kFinishWithContent);
    ASSERT_EQ(writer_.written.size(), i + 1) << "held back";
    EXPECT_EQ(Text(i), "word");
    EXPECT_FALSE(Message(i).choices(0).has_finish_reason());
    Written();
    Pass(seconds(2));
    ASSERT_FALSE(writer_.finished);
  }
  Pass(limits_.content_gap);
  ASSERT_TRUE(writer_.finished);
  EXPECT_EQ(Status().reason, v1::ERROR_REASON_UPSTREAM_STALLED);
}

TEST_F(CallTest, AfterAVoidFinishReasonOnlyTheEndMarkEndsWell) {
  StartStream();
  Head();
  Body(kFinishWithContent);
  Body(kFinishWithContent);
  End(How::kComplete);
  while (writer_.write_out) Written();
  ASSERT_TRUE(writer_.finished);
  EXPECT_EQ(Status().reason, v1::ERROR_REASON_UPSTREAM_STREAM_TRUNCATED);
}

TEST_F(CallTest, TheLastEventCountsWithoutItsBlankLineIfTheBodyEndedCleanly) {
  const std::string finish = std::string(kFinishEvent);
  for (const size_t missing : {1, 2}) {
    for (const How how : {How::kComplete, How::kCut}) {
      SCOPED_TRACE(missing);
      writer_ = FakeWriter();
      StartStream();
      Head();
      Body(ContentEvent("a"));
      Written();
      Body(finish.substr(0, finish.size() - missing));
      End(how);
      if (writer_.write_out) Written();
      ASSERT_TRUE(writer_.finished);
      EXPECT_EQ(Status().ok(), how == How::kComplete);
      if (!Status().ok()) continue;
      EXPECT_EQ(Message(writer_.written.size() - 1).usage().total_tokens(), 7);
    }
  }
}

TEST_F(CallTest, BeforeTheFirstContentOnlyItsOwnLimitHolds) {
  limits_.first_content = seconds(100);
  limits_.idle = seconds(1);
  StartStream();
  Head();
  Body("data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]}\n\n");
  Written();
  Pass(seconds(99));
  EXPECT_FALSE(writer_.finished);
  Body(ContentEvent("a"));
  Written();
  Pass(seconds(1));
  ASSERT_TRUE(writer_.finished);
  EXPECT_EQ(Status().reason, v1::ERROR_REASON_UPSTREAM_STALLED);
}

TEST_F(CallTest, AFinishReasonAndTheFramingsEndAreAnEndToo) {
  StartStream();
  Head();
  Body(ContentEvent("text") + kFinishEvent);
  End(How::kComplete);
  Written();
  ASSERT_TRUE(writer_.finished);
  EXPECT_TRUE(Status().ok());
}

TEST_F(CallTest, AFinishReasonWithoutTheFramingsEndIsNone) {
  for (const How how : {How::kClosed, How::kCut}) {
    writer_ = FakeWriter();
    loop_.call.reset();
    StartStream();
    Head();
    Body(ContentEvent("text") + kFinishEvent);
    End(how);
    Written();
    ASSERT_TRUE(writer_.finished);
    EXPECT_EQ(Status().reason, v1::ERROR_REASON_UPSTREAM_STREAM_TRUNCATED);
  }
}

TEST_F(CallTest, AnEndMarkWithoutItsBlankLineCounts) {
  StartStream();
  Head();
  Body(ContentEvent("text") + "data: [DONE]");
  End(How::kCut);
  Written();
  ASSERT_TRUE(writer_.finished);
  EXPECT_TRUE(Status().ok());
}

TEST_F(CallTest, NoEventAtAllIsTruncatedAndAnEndMarkAloneIsAnError) {
  StartStream();
  Head();
  End(How::kComplete);
  EXPECT_EQ(Status().reason, v1::ERROR_REASON_UPSTREAM_STREAM_TRUNCATED);

  writer_ = FakeWriter();
  StartStream();
  Head();
  Body(kDoneEvent);
  EXPECT_EQ(Status().reason, v1::ERROR_REASON_UPSTREAM_PROTOCOL_ERROR);
}

TEST_F(CallTest, CommentsAreLifeButNoContent) {
  limits_.idle = seconds(10);
  limits_.first_content = seconds(25);
  StartStream();
  Head();
  for (int i = 0; i < 4; ++i) {
    Pass(seconds(6));
    ASSERT_FALSE(writer_.finished);
    Body(": still there\n\n");
  }
  Pass(seconds(2));
  ASSERT_TRUE(writer_.finished);
  EXPECT_EQ(Status().reason, v1::ERROR_REASON_UPSTREAM_STALLED);
  EXPECT_NE(Status().message.find("first content"), std::string::npos) << Status().message;
}

}  // namespace
}  // namespace sparkgate::call
