#include "service/translate/stream_translator.h"

#include <gtest/gtest.h>

#include "service/translate/testing/stream_fixture.h"

namespace sparkgate::translate {
namespace {

TEST(StreamTranslatorTest, TheUsualStream) {
  Stream stream;
  stream.Choices(R"({"index":0,"delta":{"role":"assistant"}})");
  EXPECT_FALSE(stream.outcome.content);
  stream.Text("Hel");
  EXPECT_TRUE(stream.outcome.content);
  stream.Text("lo").Finish();
  EXPECT_EQ(stream.messages.size(), 3u);  // the last one waits for usage
  EXPECT_TRUE(stream.translator_.AllChoicesFinished());
  stream.Push(kUsage);
  EXPECT_FALSE(stream.outcome.content);
  stream.Push(" [DONE]\n");
  EXPECT_TRUE(stream.outcome.done);
  stream.Release();
  ASSERT_EQ(stream.messages.size(), 4u);
  EXPECT_EQ(stream.AllText(), "Hello");
  EXPECT_EQ(stream.messages[0].id(), "i");
  EXPECT_EQ(stream.messages[0].created(), 7);
  EXPECT_EQ(stream.messages[0].model(), "m");
  EXPECT_EQ(stream.messages[0].choices(0).delta().role(), "assistant");
  for (int i = 1; i < 4; ++i) {
    EXPECT_FALSE(stream.messages[i].has_id());
    EXPECT_FALSE(stream.messages[i].has_created());
    EXPECT_FALSE(stream.messages[i].has_model());
    EXPECT_FALSE(stream.messages[i].choices(0).delta().has_role());
    EXPECT_EQ(stream.messages[i].has_usage(), i == 3);
    EXPECT_TRUE(stream.messages[i].choices(0).has_delta());
  }
  EXPECT_EQ(stream.messages[3].choices(0).finish_reason(), "stop");
  EXPECT_EQ(stream.messages[3].usage().total_tokens(), 3);
  EXPECT_EQ(stream.translator_.anomalies(), 0);
  EXPECT_EQ(stream.translator_.finished_choices(), 1);
}

TEST(StreamTranslatorTest, UsageOnTheFinishChunk) {
  Stream stream;
  stream.Text("a").Push(
      R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"total_tokens":3}})");
  stream.Push("[DONE]").Release();
  ASSERT_EQ(stream.messages.size(), 2u);
  EXPECT_EQ(stream.messages[1].choices(0).finish_reason(), "stop");
  EXPECT_EQ(stream.messages[1].usage().total_tokens(), 3);
}

TEST(StreamTranslatorTest, RunningTotalsLastWinsAndOnlyAtTheEnd) {
  Stream stream(2);
  stream.Choices(R"({"index":0,"delta":{"content":"a"}},{"index":1,"delta":{"content":"b"}})");
  stream.Push(
      R"({"choices":[{"index":1,"delta":{},"finish_reason":"stop"}],"usage":{"total_tokens":166}})");
  EXPECT_FALSE(stream.translator_.AllChoicesFinished());
  stream.Push(
      R"({"choices":[{"index":0,"delta":{},"finish_reason":"length"}],"usage":{"total_tokens":181}})");
  EXPECT_TRUE(stream.translator_.AllChoicesFinished());
  stream.Release();
  ASSERT_EQ(stream.messages.size(), 3u);
  EXPECT_EQ(stream.messages[0].choices_size(), 2);
  EXPECT_FALSE(stream.messages[1].has_usage());
  EXPECT_EQ(stream.messages[2].usage().total_tokens(), 181);
}

TEST(StreamTranslatorTest, AnEmptyChoiceBesideUsageIsFoldedIntoTheFinish) {
  Stream stream;
  stream.Text("a").Finish().Push(
      R"({"choices":[{"index":0,"delta":{}}],"usage":{"total_tokens":5}})");
  stream.Push("[DONE]").Release();
  ASSERT_EQ(stream.messages.size(), 2u);
  EXPECT_EQ(stream.messages[1].choices(0).finish_reason(), "stop");
  EXPECT_EQ(stream.messages[1].usage().total_tokens(), 5);
}

TEST(StreamTranslatorTest, UsageWithoutAHeldMessageGetsOneOfItsOwn) {
  Stream stream(2);
  stream.Choices(R"({"index":1,"delta":{"content":"a"}})").Push(kUsage).Push("[DONE]").Release();
  ASSERT_EQ(stream.messages.size(), 2u);
  ASSERT_EQ(stream.messages[1].choices_size(), 1);
  EXPECT_EQ(stream.messages[1].choices(0).index(), 1);
  EXPECT_TRUE(stream.messages[1].choices(0).has_delta());
  EXPECT_EQ(stream.messages[1].usage().total_tokens(), 3);
}

TEST(StreamTranslatorTest, NoUsageIsNoError) {
  Stream stream;
  stream.Text("a").Finish().Push("[DONE]").Release();
  ASSERT_EQ(stream.messages.size(), 2u);
  EXPECT_FALSE(stream.messages[1].has_usage());
}

TEST(StreamTranslatorTest, ABrokenStreamStillGivesWhatWasHeld) {
  Stream stream;
  stream.Text("a").Finish().Push(kUsage).Push("{broken");
  EXPECT_EQ(stream.outcome.status.code, absl::StatusCode::kInternal);
  EXPECT_EQ(stream.outcome.status.reason, v1::ERROR_REASON_UPSTREAM_PROTOCOL_ERROR);
  EXPECT_TRUE(stream.outcome.status.may_have_run);
  EXPECT_EQ(stream.outcome.status.pushback, Pushback::kNever);
  stream.Release(/*complete=*/false);
  ASSERT_EQ(stream.messages.size(), 2u);
  EXPECT_EQ(stream.messages[1].choices(0).finish_reason(), "stop");
  EXPECT_FALSE(stream.messages[1].has_usage());
}

TEST(StreamTranslatorTest, NothingSeenNothingReleased) {
  Stream stream(1, {{"fireworks-prompt-tokens", "3"}});
  stream.Push(kUsage).Push("[DONE]").Release();
  EXPECT_TRUE(stream.messages.empty());
  EXPECT_FALSE(stream.translator_.SawChoice());
}

TEST(StreamTranslatorTest, MetricsFromHeadersAndBodyOnTheLastMessage) {
  Stream stream(1, {{"fireworks-prompt-tokens", "3"}, {"fireworks-deployment", "d"}});
  stream.Text("a").Finish().Push(R"({"choices":[],"perf_metrics":{"prompt-tokens":4}})");
  stream.Release();
  ASSERT_EQ(stream.messages.size(), 2u);
  EXPECT_FALSE(stream.messages[0].has_perf_metrics());
  EXPECT_EQ(stream.messages[1].perf_metrics().prompt_tokens(), 4);
  EXPECT_EQ(stream.messages[1].perf_metrics().deployment(), "d");
}

TEST(StreamTranslatorTest, ContentAfterTheEndIsPassedOnAndCounted) {
  Stream stream;
  stream.Text("a").Finish().Text("b").Push(kUsage).Release();
  EXPECT_EQ(stream.AllText(), "ab");
  EXPECT_GT(stream.translator_.anomalies(), 0);
  EXPECT_EQ(stream.translator_.finished_choices(), 1);
  EXPECT_TRUE(stream.messages.back().has_usage());
  for (size_t i = 0; i + 1 < stream.messages.size(); ++i) {
    EXPECT_FALSE(stream.messages[i].has_usage());
  }
}

TEST(StreamTranslatorTest, AnIndexBeyondNIsPassedOnAndCounted) {
  Stream stream;
  stream.Choices(R"({"index":1,"delta":{"content":"a"},"finish_reason":"stop"})");
  EXPECT_EQ(stream.AllText(), "a");
  EXPECT_GT(stream.translator_.anomalies(), 0);
  EXPECT_FALSE(stream.translator_.AllChoicesFinished());
}

TEST(StreamTranslatorTest, EndlesslyManyChoicesAreMalformed) {
  Stream stream;
  for (int i = 0; i < 1000 && stream.outcome.status.ok(); ++i) {
    stream.Choices(R"({"index":)" + std::to_string(i) + R"(,"delta":{}})");
  }
  EXPECT_EQ(stream.outcome.status.reason, v1::ERROR_REASON_UPSTREAM_PROTOCOL_ERROR);
}

TEST(StreamTranslatorTest, OneIndexTwiceInAChunkIsTwoMessages) {
  Stream stream;
  stream.Choices(R"({"index":0,"delta":{"content":"a"}},{"index":0,"delta":{"content":"b"}})");
  ASSERT_EQ(stream.messages.size(), 2u);
  EXPECT_EQ(stream.messages[0].choices_size(), 1);
  EXPECT_EQ(stream.messages[0].id(), "i");
  EXPECT_FALSE(stream.messages[1].has_id());
  EXPECT_EQ(stream.AllText(), "ab");
}

TEST(StreamTranslatorTest, RolesComeOnce) {
  Stream missing, repeated;
  missing.Text("a").Text("b");
  EXPECT_EQ(missing.messages[0].choices(0).delta().role(), "assistant");
  EXPECT_FALSE(missing.messages[1].choices(0).delta().has_role());
  repeated.Choices(R"({"index":0,"delta":{"role":"assistant","content":"a"}})");
  repeated.Choices(R"({"index":0,"delta":{"role":"assistant","content":"b"}})");
  EXPECT_EQ(repeated.messages[0].choices(0).delta().role(), "assistant");
  EXPECT_FALSE(repeated.messages[1].choices(0).delta().has_role());
}

TEST(StreamTranslatorTest, TheFirstModelCounts) {
  Stream stream;
  for (const char* model : {"m", "m", "m@2", "m@2"}) {
    stream.Push(R"({"id":"i","created":1,"model":")" + std::string(model) +
                R"(","choices":[{"index":0,"delta":{"content":"a"}}]})");
  }
  EXPECT_EQ(stream.messages[0].model(), "m");
  EXPECT_FALSE(stream.messages[1].has_model());
  EXPECT_FALSE(stream.messages[2].has_model());
  EXPECT_FALSE(stream.messages[3].has_model());
  EXPECT_EQ(stream.translator_.anomalies(), 2);
}

TEST(StreamTranslatorTest, WrongChoicesEndTheCall) {
  for (const char* data :
       {R"({"choices":{}})", R"({"choices":[1]})", R"({"choices":[{"delta":"x"}]})",
        R"({"choices":"x"})", "{\"choices\":[]", "{} {}", "{nonsense}"}) {
    Stream stream;
    stream.Push(data);
    EXPECT_EQ(stream.outcome.status.reason, v1::ERROR_REASON_UPSTREAM_PROTOCOL_ERROR) << data;
    EXPECT_EQ(stream.outcome.status.code, absl::StatusCode::kInternal) << data;
    EXPECT_TRUE(stream.messages.empty());
  }
}

TEST(StreamTranslatorTest, Depth65IsMalformed) {
  const auto nested = [](int depth) {
    return R"({"choices":[],"x":)" + std::string(depth - 1, '[') + std::string(depth - 1, ']') +
           "}";
  };
  Stream stream;
  EXPECT_TRUE(stream.Push(nested(64)).outcome.status.ok());
  EXPECT_FALSE(stream.Push(nested(65)).outcome.status.ok());
}

TEST(StreamTranslatorTest, ErrorsAfterTheAnswerBegan) {
  struct Case {
    const char* type;
    const char* data;
    absl::StatusCode code;
    const char* upstream_code;
  };
  const Case cases[] = {
      {"", R"({"error":{"message":"x","code":"500"}})", absl::StatusCode::kInternal, "500"},
      {"", R"({"error":{"message":"x","code":400}})", absl::StatusCode::kInvalidArgument, "400"},
      {"", R"({"error":{"message":"x","code":503}})", absl::StatusCode::kAborted, "503"},
      {"", R"({"error":{"message":"x","code":null,"type":"t"}})", absl::StatusCode::kInternal, "t"},
      {"", R"({"error":"bare"})", absl::StatusCode::kInternal, ""},
      {"", R"({"error":{"code":"NOT_FOUND"},"choices":[]})", absl::StatusCode::kNotFound,
       "NOT_FOUND"},
      {"", R"({"error":{"message":"x","code":429}})", absl::StatusCode::kResourceExhausted, "429"},
      {"", R"({"object":"error","message":"x","code":400})", absl::StatusCode::kInvalidArgument,
       "400"},
      {"", R"({"detail":"x"})", absl::StatusCode::kInternal, ""},
      {"error", "not json", absl::StatusCode::kInternal, ""},
      {"error", R"({"message":"x","code":"UNAVAILABLE"})", absl::StatusCode::kAborted,
       "UNAVAILABLE"},
      {"", R"({"choices":[{"index":0,"delta":{},"finish_reason":"error"}]})",
       absl::StatusCode::kInternal, ""},
  };
  for (const Case& c : cases) {
    Stream stream;
    stream.Text("a").Push(c.data, c.type);
    const CallStatus& status = stream.outcome.status;
    EXPECT_EQ(status.code, c.code) << c.data;
    EXPECT_EQ(status.reason, v1::ERROR_REASON_UPSTREAM_STREAM_ERROR) << c.data;
    EXPECT_EQ(status.upstream_code, c.upstream_code) << c.data;
    EXPECT_TRUE(status.may_have_run);
    EXPECT_EQ(status.pushback, Pushback::kNever);
    EXPECT_FALSE(status.retry_delay.has_value());
    EXPECT_EQ(status.http_status, 200);
    EXPECT_EQ(stream.messages.size(), 1u) << c.data;
  }
}

TEST(StreamTranslatorTest, AnErrorThatSaysNothingIsNone) {
  for (const char* error : {"null", "false", "\"\"", "{}"}) {
    Stream stream;
    stream.Push(R"({"error":)" + std::string(error) + R"(,"choices":[{"delta":{"content":"a"}}]})");
    EXPECT_TRUE(stream.outcome.status.ok()) << error;
    EXPECT_EQ(stream.AllText(), "a") << error;
  }
}

TEST(StreamTranslatorTest, TextBesideTheErrorFinishIsDelivered) {
  Stream stream;
  stream.Choices(R"({"index":0,"delta":{"content":"last"},"finish_reason":"error"})");
  EXPECT_FALSE(stream.outcome.status.ok());
  stream.Release(false);
  ASSERT_EQ(stream.messages.size(), 1u);
  EXPECT_EQ(stream.AllText(), "last");
  EXPECT_FALSE(stream.messages[0].choices(0).has_finish_reason());
}

TEST(StreamTranslatorTest, PingsAndBlankEventsAreNothing) {
  Stream stream;
  EXPECT_TRUE(stream.Push("{}", "ping").outcome.status.ok());
  EXPECT_TRUE(stream.Push("hello", "ping").outcome.status.ok());
  EXPECT_TRUE(stream.Push(" ").outcome.status.ok());
  EXPECT_TRUE(stream.messages.empty());
}

TEST(StreamTranslatorTest, DoneIsExact) {
  for (const char* data : {"[DONE]", " [DONE]", "[DONE]\n", "\t[DONE] "}) {
    EXPECT_TRUE(Stream().Push(data).outcome.done) << data;
  }
  for (const char* data : {"[done]", "DONE", "[DONE]x", "[ DONE ]", "\"[DONE]\""}) {
    EXPECT_FALSE(Stream().Push(data).outcome.done) << data;
    EXPECT_FALSE(Stream().Push(data).translator_.StatusAtEndMark().ok()) << data;
  }
}

TEST(StreamTranslatorTest, WhatCountsAsContent) {
  const std::pair<const char*, bool> cases[] = {
      {R"({"role":"assistant"})", false},
      {R"({"role":"assistant","content":""})", false},
      {R"({"content":null,"tool_calls":[],"x":{}})", false},
      {R"({})", false},
      {R"({"content":"a"})", true},
      {R"({"reasoning_content":"a"})", true},
      {R"({"reasoning":"a"})", true},
      {R"({"tool_calls":[{"index":0}]})", true},
  };
  for (const auto& [delta, content] : cases) {
    Stream stream;
    stream.Choices(R"({"index":0,"delta":)" + std::string(delta) + "}");
    EXPECT_EQ(stream.outcome.content, content) << delta;
  }
}

TEST(StreamTranslatorTest, MayBeMovedBetweenEvents) {
  std::vector<v1::StreamChatResponse> messages;
  StreamTranslator first(1, {});
  first.Push("", R"({"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]})", &messages);
  StreamTranslator second = std::move(first);
  second.Release(true, &messages);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].choices(0).delta().content(), "a");
}

}  // namespace
}  // namespace sparkgate::translate
