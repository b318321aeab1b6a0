// Streams in the shapes that other people's servers send them, written anew from what was seen on
// the wire: every one ends with its whole text, its finish reason and its usage where a caller
// looks.
#include <gtest/gtest.h>

#include "service/translate/stream_translator.h"

namespace sparkgate::translate {
namespace {

struct Replay {
  const char* name;
  std::vector<std::string> events;
  std::string text;
  std::string finish;
  int total_tokens;  // 0: the server tells none
};

const std::vector<Replay>& Replays() {
  static const auto* const kReplays = new std::vector<Replay>{
      {"documented",
       {R"({"id":"a","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant"},"finish_reason":null}]})",
        R"({"id":"a","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]})",
        R"({"id":"a","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"total_tokens":2,"completion_tokens":1}})",
        "[DONE]"},
       "Hi",
       "stop",
       2},
      {"role with null content, created changes, vendor keys, trailing usage",
       {R"({"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}],"created":1,"id":"a","model":"m","system_fingerprint":"b1"})",
        R"({"choices":[{"finish_reason":null,"index":0,"delta":{"content":"Hi"}}],"created":2,"id":"a","model":"m","system_fingerprint":"b1"})",
        R"({"choices":[{"finish_reason":"stop","index":0,"delta":{}}],"created":3,"id":"a","model":"m","system_fingerprint":"b1"})",
        R"({"choices":[],"created":3,"id":"a","model":"m","system_fingerprint":"b1","usage":{"completion_tokens":1,"prompt_tokens":1,"total_tokens":2},"timings":{"predicted_ms":1.5}})",
        "[DONE]"},
       "Hi",
       "stop",
       2},
      {"no role at all, the first token is half a character",
       {R"({"choices":[{"index":0,"delta":{"content":"\ud83d"}}]})",
        R"({"choices":[{"index":0,"delta":{"content":"\ude00"}}]})",
        R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})", "[DONE]"},
       "\xF0\x9F\x98\x80",
       "stop",
       0},
      {"role with the first text, last text with the finish",
       {R"({"choices":[{"index":0,"delta":{"role":"assistant","content":"H"}}]})",
        R"({"choices":[{"index":0,"delta":{"content":"i"},"finish_reason":"stop"}]})", "[DONE]"},
       "Hi",
       "stop",
       0},
      {"usage null on every chunk, then trailing",
       {R"({"choices":[{"index":0,"delta":{"role":"assistant","content":""}}],"usage":null})",
        R"({"choices":[{"index":0,"delta":{"content":"Hi"},"logprobs":null}],"usage":null})",
        R"({"choices":[{"index":0,"delta":{},"finish_reason":"length"}],"usage":null})",
        R"({"choices":[],"usage":{"total_tokens":2}})", "[DONE]"},
       "Hi",
       "length",
       2},
      {"trailing usage beside an empty choice",
       {R"({"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]})",
        R"({"choices":[{"index":0,"delta":{"content":"Hi"}}]})",
        R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})",
        R"({"choices":[{"index":0,"delta":{}}],"usage":{"total_tokens":2}})", "[DONE]"},
       "Hi",
       "stop",
       2},
      {"repeated finish beside usage",
       {R"({"choices":[{"index":0,"delta":{"content":"Hi"}}]})",
        R"({"choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop"}]})",
        R"({"choices":[{"index":0,"delta":{"content":"","role":"assistant"},"finish_reason":null}],"usage":{"total_tokens":2}})",
        "[DONE]"},
       "Hi",
       "stop",
       2},
  };
  return *kReplays;
}

TEST(UpstreamReplayTest, EveryShapeEndsWithTheWholeAnswer) {
  for (const Replay& replay : Replays()) {
    SCOPED_TRACE(replay.name);
    StreamTranslator translator(1, {});
    std::vector<v1::StreamChatResponse> messages;
    bool done = false;
    for (const std::string& event : replay.events) {
      const auto outcome = translator.Push("", event, &messages);
      ASSERT_TRUE(outcome.status.ok()) << outcome.status.message;
      done = outcome.done;
    }
    EXPECT_TRUE(done);
    EXPECT_TRUE(translator.AllChoicesFinished());
    translator.Release(true, &messages);
    EXPECT_EQ(translator.anomalies(), 0);
    std::string text;
    for (const auto& message : messages) text += message.choices(0).delta().content();
    EXPECT_EQ(text, replay.text);
    EXPECT_EQ(messages[0].choices(0).delta().role(), "assistant");
    EXPECT_EQ(messages.back().choices(0).finish_reason(), replay.finish);
    EXPECT_EQ(messages.back().usage().total_tokens(), replay.total_tokens);
  }
}

TEST(UpstreamReplayTest, ToolDeltasWithIdTypeAndNullNameOnEachChunk) {
  StreamTranslator translator(1, {});
  std::vector<v1::StreamChatResponse> messages;
  for (
      const char* event :
      {R"({"choices":[{"index":0,"delta":{"role":"assistant","tool_calls":[{"id":"c","type":"function","index":0,"function":{"name":"f","arguments":""}}]}}]})",
       R"({"choices":[{"index":0,"delta":{"tool_calls":[{"id":"c","type":"function","index":0,"function":{"name":null,"arguments":"{\"a\""}}]}}]})",
       R"({"choices":[{"index":0,"delta":{"tool_calls":[{"id":"c","type":"function","index":0,"function":{"name":null,"arguments":":"}}]},"finish_reason":"tool_calls"}]})"}) {
    ASSERT_TRUE(translator.Push("", event, &messages).status.ok());
  }
  translator.Release(true, &messages);
  ASSERT_EQ(messages.size(), 3u);
  const auto call = [&](int i) { return messages[i].choices(0).delta().tool_calls(0); };
  EXPECT_EQ(call(0).ShortDebugString(),
            R"(index: 0 id: "c" type: "function" function { name: "f" arguments: "" })");
  EXPECT_EQ(call(1).ShortDebugString(), R"(index: 0 function { arguments: "{\"a\"" })");
  EXPECT_EQ(call(2).ShortDebugString(), R"(index: 0 function { arguments: ":" })");
  EXPECT_EQ(messages[2].choices(0).finish_reason(), "tool_calls");
  EXPECT_EQ(translator.anomalies(), 0);
}

TEST(UpstreamReplayTest, OneWholeChoiceAfterTheOther) {
  StreamTranslator translator(2, {});
  std::vector<v1::StreamChatResponse> messages;
  for (int index : {0, 1}) {
    const std::string head = R"({"choices":[{"index":)" + std::to_string(index);
    translator.Push("", head + R"(,"delta":{"role":"assistant","content":"a"}}]})", &messages);
    EXPECT_FALSE(translator.AllChoicesFinished());
    translator.Push("", head + R"(,"delta":{},"finish_reason":"stop"}]})", &messages);
  }
  EXPECT_TRUE(translator.AllChoicesFinished());
  EXPECT_EQ(translator.finished_choices(), 2);
  EXPECT_EQ(messages.size(), 3u);
}

// The server goes on after a broken line; the call does not.
TEST(UpstreamReplayTest, OneBrokenEventEndsTheCall) {
  StreamTranslator translator(1, {});
  std::vector<v1::StreamChatResponse> messages;
  translator.Push("", R"({"choices":[{"index":0,"delta":{"content":"a"}}]})", &messages);
  const auto outcome = translator.Push("", "{malformed json: <<<chaos>>>", &messages);
  EXPECT_EQ(outcome.status.reason, v1::ERROR_REASON_UPSTREAM_PROTOCOL_ERROR);
  EXPECT_EQ(messages.size(), 1u);
}

}  // namespace
}  // namespace sparkgate::translate
