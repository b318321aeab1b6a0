#include "client/accumulator.h"

#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sparkgate::client {
namespace {

template <typename Message>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

void ExpectJoined(const std::vector<std::string>& messages, const std::string& whole) {
  Accumulator accumulator;
  for (const std::string& text : messages) accumulator.Add(Parse<v1::StreamChatResponse>(text));
  const auto expected = Parse<v1::ChatResponse>(whole);
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(accumulator.response(), expected))
      << accumulator.response().DebugString();
}

TEST(Accumulator, JoinsTextAndReasoning) {
  ExpectJoined(
      {R"(id: "c1" created: 5 model: "m" choices { delta { role: "assistant" content: "" } })",
       R"(choices { delta { reasoning_content: "hm" } })",
       R"(choices { delta { reasoning_content: "m." content: "Par" } })",
       R"(model: "m2" choices { delta { content: "is" } finish_reason: "stop" }
          usage { total_tokens: 3 } perf_metrics { deployment: "d" })"},
      R"(id: "c1" created: 5 model: "m2"
         choices { message { role: "assistant" content: "Paris" reasoning_content: "hmm." }
                   finish_reason: "stop" }
         usage { total_tokens: 3 } perf_metrics { deployment: "d" })");
}

TEST(Accumulator, AnAnswerWithoutRoleIsTheAssistants) {
  ExpectJoined({R"(choices { delta { content: "x" } })"},
               R"(choices { message { role: "assistant" content: "x" } })");
  ExpectJoined({R"(choices { delta { role: "tool" } })"},
               R"(choices { message { role: "tool" } })");
}

TEST(Accumulator, ContentThatNeverCameStaysAbsent) {
  ExpectJoined({R"(choices { delta { tool_calls { index: 0 id: "a" function { name: "f" } } } })"},
               R"(choices { message { role: "assistant"
                    tool_calls { index: 0 id: "a" function { name: "f" } } } })");
}

TEST(Accumulator, JoinsToolCallsByIndex) {
  ExpectJoined({R"(choices { delta { tool_calls { index: 0 id: "a" type: "function"
            function { name: "f" arguments: "" } } } })",
                R"(choices { delta { tool_calls { index: 1 id: "b" function { name: "g" } } } })",
                R"(choices { delta { tool_calls { index: 0 function { arguments: "{\"x\"" } } } })",
                R"(choices { delta { tool_calls { index: 1 function { arguments: "{}" } }
                            tool_calls { index: 0 function { arguments: ":1}" } } } })"},
               R"(choices { message { role: "assistant"
           tool_calls { index: 0 id: "a" type: "function"
                        function { name: "f" arguments: "{\"x\":1}" } }
           tool_calls { index: 1 id: "b" function { name: "g" arguments: "{}" } } } })");
}

TEST(Accumulator, ToolCallsThatAreAllNumberedZeroAreToldApartByTheirIds) {
  ExpectJoined(
      {R"(choices { delta { tool_calls { index: 0 id: "a" function { arguments: "1" } } } })",
       R"(choices { delta { tool_calls { index: 0 id: "b" function { arguments: "2" } } } })",
       R"(choices { delta { tool_calls { index: 0 function { arguments: "3" } } } })"},
      R"(choices { message { role: "assistant"
           tool_calls { index: 0 id: "a" function { arguments: "1" } }
           tool_calls { index: 0 id: "b" function { arguments: "23" } } } })");
}

TEST(Accumulator, FragmentsWithoutIndexContinueTheLatestCall) {
  ExpectJoined({R"(choices { delta { tool_calls { id: "a" function { arguments: "1" } } } })",
                R"(choices { delta { tool_calls { function { arguments: "2" } } } })",
                R"(choices { delta { tool_calls { id: "b" function { arguments: "3" } } } })"},
               R"(choices { message { role: "assistant"
                    tool_calls { id: "a" function { arguments: "12" } }
                    tool_calls { id: "b" function { arguments: "3" } } } })");
}

TEST(Accumulator, WhatTheUpstreamAddedIsJoinedForEachObject) {
  ExpectJoined({R"(choices { delta { extra_json: '{"a":[1]}' tool_calls { index: 0 id: "a"
                     extra_json: '{"index":7,"sig":"Q"}' function { extra_json: '{"f":"1"}' } } } }
                   choices { index: 1 delta { extra_json: '{"a":[5]}' } })",
                R"(choices { delta { extra_json: '{"a":[2]}' tool_calls { index: 1 id: "b"
                     extra_json: '{"sig":"x"}' } } })",
                R"(choices { delta { extra_json: '{"b":1.10}' tool_calls { index: 0
                     extra_json: '{"sig":"Q"}' function { extra_json: '{"f":"2"}' } } } })"},
               R"(choices { message { role: "assistant" extra_json: '{"a":[1,2],"b":1.10}'
                    tool_calls { index: 0 id: "a" extra_json: '{"index":7,"sig":"QQ"}'
                                 function { extra_json: '{"f":"12"}' } }
                    tool_calls { index: 1 id: "b" extra_json: '{"sig":"x"}' } } }
                  choices { index: 1 message { role: "assistant" extra_json: '{"a":[5]}' } })");
}

TEST(Accumulator, ChoicesAreInOrderOfIndex) {
  ExpectJoined({R"(choices { index: 2 delta { content: "c" } })",
                R"(choices { index: 0 delta { content: "a" } }
                   choices { index: 1 delta { content: "b" } })",
                R"(choices { index: 2 delta { content: "C" } finish_reason: "length" })"},
               R"(choices { index: 0 message { role: "assistant" content: "a" } }
                  choices { index: 1 message { role: "assistant" content: "b" } }
                  choices { index: 2 message { role: "assistant" content: "cC" }
                            finish_reason: "length" })");
}

TEST(Accumulator, LogprobsAndTokensGrowAndTheLastRawOutputHolds) {
  ExpectJoined({R"(choices { delta {} logprobs { content { token: "a" } } token_ids: 1
                     raw_output { completion: "a" } prompt_token_ids: [ 8, 9 ] })",
                R"(choices { delta {} logprobs { content { token: "b" } } token_ids: 2
                     raw_output { completion: "ab" } })"},
               R"(choices { message { role: "assistant" }
                    logprobs { content { token: "a" } content { token: "b" } }
                    token_ids: [ 1, 2 ] raw_output { completion: "ab" }
                    prompt_token_ids: [ 8, 9 ] })");
}

}  // namespace
}  // namespace sparkgate::client
