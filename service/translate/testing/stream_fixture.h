#ifndef SPARKGATE_SERVICE_TRANSLATE_TESTING_STREAM_FIXTURE_H_
#define SPARKGATE_SERVICE_TRANSLATE_TESTING_STREAM_FIXTURE_H_

#include <string>
#include <string_view>
#include <vector>

#include "service/translate/stream_translator.h"

namespace sparkgate::translate {

using Messages = std::vector<v1::StreamChatResponse>;

// For tests: plays events and keeps what came out.
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

inline constexpr char kUsage[] =
    R"({"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}})";

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_TESTING_STREAM_FIXTURE_H_
