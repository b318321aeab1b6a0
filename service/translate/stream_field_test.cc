// Streams as servers in the field send them: lines that only keep the connection open, finish
// reasons that mean nothing, values that say nothing, texts in other places.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "service/translate/testing/stream_fixture.h"

namespace sparkgate::translate {
namespace {

// Every finish reason of choice 0 that was told, joined.
std::string Finishes(const Messages& messages) {
  std::string all;
  for (const auto& message : messages) {
    for (const auto& choice : message.choices()) {
      if (choice.index() == 0) all += choice.finish_reason();
    }
  }
  return all;
}

std::string WithFinish(const std::string& text, const std::string& finish = "\"stop\"") {
  return R"({"index":0,"delta":{"content":")" + text + R"("},"finish_reason":)" + finish + "}";
}

TEST(StreamFieldTest, DataThatIsNoObjectIsASignOfLife) {
  for (const char* data : {": OPENROUTER", "\"\"", "null", "ping", "PING", "some words", "12", "[]",
                           "[1,2]", "\"text\"", "true"}) {
    Stream stream;
    stream.Push(data);
    EXPECT_TRUE(stream.outcome.status.ok()) << data;
    EXPECT_FALSE(stream.outcome.content) << data;
    stream.Text("hi").Push(data).Finish().Push(data).Push(kUsage).Push("[DONE]");
    EXPECT_TRUE(stream.translator_.StatusAtEndMark().ok()) << data;
    stream.Release();
    EXPECT_EQ(stream.AllText(), "hi") << data;
    EXPECT_EQ(stream.messages.back().usage().total_tokens(), 3) << data;
    EXPECT_EQ(stream.translator_.anomalies(), 3) << data;
  }
}

TEST(StreamFieldTest, WordsWithoutAFinishReasonAreWhatWentWrong) {
  Stream stream;
  stream.Text("hi").Push("upstream overloaded, try later").Push("[DONE]");
  const CallStatus status = stream.translator_.StatusAtEndMark();
  EXPECT_EQ(status.reason, v1::ERROR_REASON_UPSTREAM_STREAM_ERROR);
  EXPECT_NE(status.message.find("upstream overloaded, try later"), std::string::npos);
  EXPECT_TRUE(Stream().Text("hi").Push("ping").translator_.StatusAtEndMark().ok());
  EXPECT_FALSE(Stream().Push("overloaded").translator_.StatusAtEndMark().ok());
}

TEST(StreamFieldTest, AnErrorInAListIsAnError) {
  Stream stream;
  stream.Push(R"([{"error":{"message":"x","code":429}}])");
  EXPECT_EQ(stream.outcome.status.code, absl::StatusCode::kResourceExhausted);
}

TEST(StreamFieldTest, AFinishReasonThatContentFollowsIsToldOnceAndLast) {
  Stream stream;
  for (const char* text : {"a", "b", "c"}) {
    stream.Choices(WithFinish(text));
    stream.translator_.ReleaseContent(&stream.messages);
    EXPECT_EQ(stream.AllText().back(), text[0]) << "held back";
    EXPECT_EQ(Finishes(stream.messages), "");
  }
  EXPECT_FALSE(stream.translator_.AllChoicesFinished());
  EXPECT_TRUE(stream.translator_.StatusAtEndMark().ok());
  stream.Push(kUsage).Push("[DONE]").Release();
  EXPECT_EQ(stream.AllText(), "abc");
  EXPECT_EQ(Finishes(stream.messages), "stop");
  EXPECT_TRUE(stream.messages.back().choices(0).has_finish_reason());
  EXPECT_TRUE(stream.messages.back().has_usage());
  EXPECT_EQ(stream.translator_.finished_choices(), 1);
}

TEST(StreamFieldTest, WithoutTheEndMarkAVoidFinishReasonIsNotTold) {
  for (const char* second : {R"({"content":"b"})", R"({"reasoning_content":"b"})",
                             R"({"tool_calls":[{"index":0,"id":"x"}]})"}) {
    Stream stream;
    stream.Choices(WithFinish("a"));
    stream.Choices(R"({"index":0,"delta":)" + std::string(second) + "}");
    EXPECT_FALSE(stream.translator_.AllChoicesFinished()) << second;
    stream.Finish();
    EXPECT_FALSE(stream.translator_.AllChoicesFinished()) << second;
    stream.Release(/*complete=*/false);
    EXPECT_EQ(Finishes(stream.messages), "") << second;
  }
}

TEST(StreamFieldTest, WhatDoesNotVoidAFinishReason) {
  for (const char* choice :
       {R"({"index":0,"delta":{},"finish_reason":"stop"})",
        R"({"index":0,"delta":{"content":""},"finish_reason":"length"})",
        R"({"index":0,"delta":{},"content_filter_results":{"hate":{"filtered":false}}})",
        R"({"index":0,"delta":{"role":"assistant","content":null}})"}) {
    Stream stream;
    stream.Text("a").Finish().Choices(choice);
    EXPECT_TRUE(stream.translator_.AllChoicesFinished()) << choice;
    stream.Push(kUsage).Release();
    EXPECT_EQ(Finishes(stream.messages), "stop") << choice;
    EXPECT_TRUE(stream.messages.back().has_usage()) << choice;
  }
}

TEST(StreamFieldTest, OfSeveralAnswersEachFinishReasonComesLast) {
  Stream stream(2);
  for (const char* text : {"a", "b"}) {
    for (const char* index : {"0", "1"}) {
      stream.Choices(R"({"index":)" + std::string(index) + R"(,"delta":{"content":")" + text +
                     R"("},"finish_reason":"stop"})");
    }
  }
  stream.Push("[DONE]").Release();
  std::vector<int> told(2, 0);
  for (const auto& message : stream.messages) {
    for (const auto& choice : message.choices()) {
      EXPECT_FALSE(told[choice.index()] > 0 && !choice.delta().content().empty());
      told[choice.index()] += choice.has_finish_reason();
    }
  }
  EXPECT_EQ(told, std::vector<int>({1, 1}));
}

TEST(StreamFieldTest, ContentLeavesAlthoughTheFinishReasonWaits) {
  Stream stream;
  stream.Choices(WithFinish("all of it"));
  EXPECT_TRUE(stream.translator_.AllChoicesFinished());
  EXPECT_TRUE(stream.messages.empty());
  stream.translator_.ReleaseContent(&stream.messages);
  EXPECT_EQ(stream.AllText(), "all of it");
  EXPECT_EQ(Finishes(stream.messages), "");
  stream.translator_.ReleaseContent(&stream.messages);
  ASSERT_EQ(stream.messages.size(), 1u);
  stream.Push(kUsage).Release();
  ASSERT_EQ(stream.messages.size(), 2u);
  EXPECT_EQ(Finishes(stream.messages), "stop");
}

TEST(StreamFieldTest, WordsThatAreNoFinishReason) {
  for (const char* word : {"\"null\"", "\"\"", "null"}) {
    Stream stream;
    stream.Choices(WithFinish("a", word)).Choices(WithFinish("b", word));
    EXPECT_FALSE(stream.translator_.AllChoicesFinished()) << word;
    EXPECT_EQ(stream.messages.size(), 2u) << word;
    stream.Push("[DONE]").Release();
    EXPECT_EQ(Finishes(stream.messages), "") << word;
  }
}

TEST(StreamFieldTest, ValuesThatSayNothingFixNothing) {
  Stream stream;
  stream.Push(
      R"({"id":"","created":0,"model":"","choices":[{"index":0,"delta":{"role":"","content":"a"}}]})");
  stream.Push(
      R"({"id":"i","created":5,"model":"m","choices":[{"index":0,"delta":{"content":"b"}}]})");
  stream.Push(
      R"({"id":"","created":0,"model":"","choices":[{"index":0,"delta":{"content":"c"}}]})");
  EXPECT_FALSE(stream.messages[0].has_id() || stream.messages[0].has_created());
  EXPECT_EQ(stream.messages[1].id(), "i");
  EXPECT_EQ(stream.messages[1].created(), 5);
  EXPECT_EQ(stream.messages[1].model(), "m");
  EXPECT_FALSE(stream.messages[2].has_id() || stream.messages[2].has_model());
  EXPECT_EQ(stream.translator_.anomalies(), 0);
}

TEST(StreamFieldTest, NumbersInAnotherForm) {
  Stream stream;
  stream.Push(R"({"created":1740634121.35,"choices":[{"index":"0","delta":{"content":"a"}}],
      "usage":{"prompt_tokens":"12","completion_tokens":12.0,"total_tokens":"many"}})");
  stream.Release();
  EXPECT_EQ(stream.messages[0].created(), 1740634121);
  EXPECT_EQ(stream.messages[0].choices(0).index(), 0);
  const v1::Usage& usage = stream.messages.back().usage();
  EXPECT_EQ(usage.prompt_tokens(), 12);
  EXPECT_EQ(usage.completion_tokens(), 12);
  EXPECT_FALSE(usage.has_total_tokens());
  EXPECT_EQ(usage.extra_json(), R"({"total_tokens":"many"})");
}

TEST(StreamFieldTest, UsageInAChoiceIsTheAnswers) {
  Stream stream;
  stream.Text("a").Choices(
      R"({"index":0,"delta":{},"finish_reason":"stop","usage":{"total_tokens":7}})");
  stream.Push("[DONE]").Release();
  EXPECT_EQ(stream.messages.back().usage().total_tokens(), 7);
  EXPECT_FALSE(stream.messages.back().choices(0).has_extra_json());
}

TEST(StreamFieldTest, AnswersAreNeverMixed) {
  EXPECT_TRUE(Stream(1).Choices(R"({"index":"x","delta":{"content":"a"}})").outcome.status.ok());
  EXPECT_FALSE(Stream(2).Choices(R"({"index":"x","delta":{"content":"a"}})").outcome.status.ok());
  EXPECT_FALSE(Stream(2).Choices(R"({"index":0.5,"delta":{"content":"a"}})").outcome.status.ok());
  Stream text(2);
  text.Choices(R"({"index":"1","delta":{"content":"a"}},{"index":0.0,"delta":{"content":"b"}})");
  EXPECT_EQ(text.messages[0].choices(0).index(), 1);
  EXPECT_EQ(text.messages[0].choices(1).index(), 0);
  Stream none(2);
  none.Choices(R"({"delta":{"content":"a"}})").Choices(R"({"delta":{"content":"b"}})");
  EXPECT_FALSE(none.Push("[DONE]").translator_.StatusAtEndMark().ok());
}

TEST(StreamFieldTest, ContentAsParts) {
  Stream stream;
  stream.Choices(R"({"index":0,"delta":{"content":[{"type":"thinking","thinking":[
      {"type":"text","text":"hm"}]}]}})");
  stream.Choices(R"({"index":0,"delta":{"content":[{"type":"text","text":"Hel"}]}})");
  EXPECT_TRUE(stream.outcome.content);
  stream.Text("lo");
  EXPECT_EQ(stream.messages[0].choices(0).delta().reasoning_content(), "hm");
  EXPECT_EQ(stream.AllText(), "Hello");
  EXPECT_EQ(stream.messages[1].choices(0).delta().extra_json(),
            R"({"content":[{"type":"text","text":"Hel"}]})");
  EXPECT_EQ(stream.messages[2].choices(0).delta().extra_json(),
            R"({"content":[{"type":"text","text":"lo"}]})");
}

TEST(StreamFieldTest, ReasoningUnderItsOtherName) {
  Stream stream;
  stream.Choices(R"({"index":0,"delta":{"reasoning":"a\ud83d"}})");
  stream.Choices(R"({"index":0,"delta":{"reasoning":"\ude00"}})");
  stream.Choices(R"({"index":0,"delta":{"reasoning":"c","reasoning_content":"c"}})");
  stream.Choices(R"({"index":0,"delta":{"reasoning":"other","reasoning_content":"d"}})");
  std::string reasoning;
  for (const auto& message : stream.messages) {
    reasoning += message.choices(0).delta().reasoning_content();
  }
  EXPECT_EQ(reasoning,
            "a\xF0\x9F\x98\x80"
            "cd");
  EXPECT_EQ(stream.messages.back().choices(0).delta().extra_json(), R"({"reasoning":"other"})");
}

TEST(StreamFieldTest, AMessageBesideTheDeltaIsDroppedWhereItRepeats) {
  Stream stream;
  std::string all;
  size_t bytes = 0;
  for (int i = 0; i < 50; ++i) {
    all += "w ";
    stream.Choices(
        R"({"index":0,"delta":{"content":"w "},"message":{"role":"assistant","content":")" + all +
        "\"}}");
  }
  for (const auto& message : stream.messages) bytes += message.ByteSizeLong();
  EXPECT_EQ(stream.AllText(), all);
  EXPECT_LT(bytes, 50 * 20u);
  stream.Choices(R"({"index":0,"delta":{},"message":{"content":"another text","x":1}})");
  EXPECT_EQ(stream.messages.back().choices(0).extra_json(),
            R"({"message":{"content":"another text","x":1}})");
}

TEST(StreamFieldTest, AMessageInPlaceOfTheDelta) {
  Stream growing;
  for (const char* text : {"a ", "a b ", "a b c"}) {
    growing.Choices(R"({"index":0,"message":{"role":"assistant","content":")" + std::string(text) +
                    "\"}}");
    EXPECT_TRUE(growing.outcome.content);
  }
  EXPECT_EQ(growing.AllText(), "a b c");
  Stream whole;
  whole.Push(R"({"object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant",
      "content":"hi","reasoning":"hm","tool_calls":[{"id":"c","type":"function",
      "function":{"name":"f","arguments":"{\"x\":1}"}}],"y":2},"finish_reason":"stop"}],
      "usage":{"total_tokens":9}})");
  whole.Push("[DONE]").Release();
  ASSERT_EQ(whole.messages.size(), 1u);
  const auto& choice = whole.messages[0].choices(0);
  EXPECT_EQ(choice.delta().content(), "hi");
  EXPECT_EQ(choice.delta().reasoning_content(), "hm");
  EXPECT_EQ(choice.delta().tool_calls(0).id(), "c");
  EXPECT_EQ(choice.finish_reason(), "stop");
  EXPECT_EQ(choice.extra_json(), R"({"message":{"y":2}})");
  EXPECT_EQ(whole.messages[0].usage().total_tokens(), 9);
}

TEST(StreamFieldTest, TextAsInTheOlderCompletions) {
  Stream stream;
  for (const char* text : {"Hel", "lo", "lo"}) {
    stream.Choices(R"({"index":0,"text":")" + std::string(text) + "\"}");
    EXPECT_TRUE(stream.outcome.content);
  }
  EXPECT_EQ(stream.AllText(), "Hellolo");
  Stream beside;
  beside.Choices(R"({"index":0,"delta":{"content":"a"},"text":"a"})");
  EXPECT_EQ(beside.AllText(), "a");
  EXPECT_FALSE(beside.messages[0].choices(0).has_extra_json());
}

}  // namespace
}  // namespace sparkgate::translate
