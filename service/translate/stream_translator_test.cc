#include "service/translate/stream_translator.h"

#include <gtest/gtest.h>

namespace sparkgate::translate {
namespace {

using Messages = std::vector<v1::StreamChatResponse>;

// Plays events and keeps what came out.
class Stream {
 public:
  explicit Stream(int n = 1, HeaderList headers = {}) : translator_(n, headers) {}

  Stream& Push(std::string_view data, std::string_view type = "") {
    outcome = translator_.Push(type, data, &messages);
    return *this;
  }
  // One chunk with these choices (the text between the brackets).
  Stream& Choices(const std::string& choices) {
    return Push(
        R"({"id":"i","object":"chat.completion.chunk","created":7,"model":"m","choices":[)" +
        choices + "]}");
  }
  Stream& Text(const std::string& text) {
    return Choices(R"({"index":0,"delta":{"content":")" + text + "\"}}");
  }
  Stream& Finish(int index = 0) {
    return Choices(R"({"index":)" + std::to_string(index) +
                   R"(,"delta":{},"finish_reason":"stop"})");
  }
  Stream& Release(bool complete = true) {
    translator_.Release(complete, &messages);
    return *this;
  }

  std::string AllText() const {
    std::string text;
    for (const auto& message : messages) {
      for (const auto& choice : message.choices()) text += choice.delta().content();
    }
    return text;
  }

  StreamTranslator translator_;
  StreamTranslator::Outcome outcome;
  Messages messages;
};

constexpr char kUsage[] =
    R"({"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}})";

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
  EXPECT_EQ(stream.translator_.oddities(), 0);
  EXPECT_EQ(stream.translator_.finished_choices(), 1);
}

}  // namespace
}  // namespace sparkgate::translate
