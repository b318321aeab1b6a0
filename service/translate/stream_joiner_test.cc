#include "service/translate/stream_joiner.h"

#include <gtest/gtest.h>

#include "google/protobuf/text_format.h"

namespace sparkgate::translate {
namespace {

v1::StreamChatResponse Parse(const std::string& text) {
  v1::StreamChatResponse message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

// `tail` after `next` was merged into it; "no" if that was refused.
std::string Merged(const std::string& tail, const std::string& next) {
  v1::StreamChatResponse message = Parse(tail);
  if (MergeInto(Parse(next), &message)) return message.ShortDebugString();
  EXPECT_EQ(message.SerializeAsString(), Parse(tail).SerializeAsString());
  return "no";
}

TEST(MergeTest, AppendsTextReasoningAndArguments) {
  EXPECT_EQ(Merged(R"(id: "i" model: "m" choices { delta { role: "assistant" content: "a" } })",
                   R"(choices { delta { content: "b" } })"),
            R"(id: "i" model: "m" choices { delta { role: "assistant" content: "ab" } })"
            "");
  EXPECT_EQ(Merged(R"(choices { delta { reasoning_content: "a" } })",
                   R"(choices { delta { reasoning_content: "b" content: "" } })"),
            R"(choices { delta { content: "" reasoning_content: "ab" } })");
  EXPECT_EQ(
      Merged(
          R"(choices { delta { tool_calls { index: 0 id: "c" function { name: "f" arguments: "{" } } } })",
          R"(choices { delta { tool_calls { index: 0 function { arguments: "}" } } } })"),
      R"(choices { delta { tool_calls { index: 0 id: "c" function { name: "f" arguments: "{}" } } } })");
}

TEST(MergeTest, KeepsFragmentsApartThatAreNotOfOneCall) {
  const std::string tail =
      R"(choices { delta { tool_calls { index: 0 function { arguments: "a" } } } })";
  for (const char* fragment :
       {R"(index: 1 function { arguments: "b" })",
        R"(index: 0 id: "x" function { arguments: "b" })", R"(function { arguments: "b" })",
        R"(index: 0 function { name: "n" })"}) {
    const std::string next = "choices { delta { tool_calls { " + std::string(fragment) + " } } }";
    const std::string merged = Merged(tail, next);
    EXPECT_EQ(Parse(merged).choices(0).delta().tool_calls_size(), 2) << merged;
  }
}

TEST(MergeTest, TheEndMayFollow) {
  EXPECT_EQ(
      Merged(R"(choices { delta { content: "a" } })",
             R"(choices { delta { } finish_reason: "stop" } usage { total_tokens: 3 })"),
      R"(choices { delta { content: "a" } finish_reason: "stop" } usage { total_tokens: 3 })");
}

TEST(MergeTest, RefusesWhatACallerWouldNotice) {
  const std::string plain = R"(choices { delta { content: "a" } })";
  const char* const kOther[] = {
      R"(choices { index: 1 delta { content: "b" } })",
      R"(choices { delta { } logprobs { } })",
      R"(choices { delta { } raw_output { } })",
      R"(choices { delta { } token_ids: 1 })",
      R"(choices { delta { } prompt_token_ids: 1 })",
      R"(choices { delta { } extra_json: "{}" })",
      R"(choices { delta { extra_json: "{}" } })",
      R"(choices { delta { tool_call_id: "t" } })",
      R"(choices { delta { tool_calls { extra_json: "{}" } } })",
      R"(choices { delta { tool_calls { function { extra_json: "{}" } } } })",
      R"(choices { delta { } } choices { index: 1 delta { } })",
      R"(choices { delta { } } extra_json: "{}")",
      R"(choices { delta { } } prompt_token_ids: 1)",
  };
  for (const char* other : kOther) {
    EXPECT_EQ(Merged(plain, other), "no") << other;
    EXPECT_EQ(Merged(other, plain), "no") << other;
  }
  for (const char* next :
       {R"(id: "i" choices { delta { } })", R"(created: 1 choices { delta { } })",
        R"(model: "m" choices { delta { } })", R"(choices { delta { role: "assistant" } })"}) {
    EXPECT_EQ(Merged(plain, next), "no") << next;
  }
  for (const char* tail :
       {R"(choices { delta { } finish_reason: "stop" })", R"(choices { delta { } } usage { })",
        R"(choices { delta { } } perf_metrics { })"}) {
    EXPECT_EQ(Merged(tail, plain), "no") << tail;
  }
}

}  // namespace
}  // namespace sparkgate::translate
