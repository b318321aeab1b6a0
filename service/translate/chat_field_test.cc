// Whole answers as servers in the field send them.
#include <gtest/gtest.h>

#include <string>

#include "service/translate/response_decoder.h"

namespace sparkgate::translate {
namespace {

using namespace std::literals;

v1::ChatResponse Decoded(const std::string& body) {
  v1::ChatResponse response;
  const CallStatus status = DecodeChat(body, {}, &response);
  EXPECT_TRUE(status.ok()) << status.message << body;
  if (response.choices_size() == 0) response.add_choices();
  return response;
}

v1::Choice DecodedChoice(const std::string& members) {
  return Decoded("{\"choices\":[{" + members + "}]}").choices(0);
}

TEST(ChatFieldTest, ContentAsParts) {
  const std::string parts =
      R"([{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"Hel"},)"
      R"({"type":"image","url":"x"},{"type":"text","text":"lo"}])";
  const v1::ChatMessage message =
      DecodedChoice(R"("message":{"role":"assistant","content":)" + parts + "}").message();
  EXPECT_EQ(message.content(), "Hello");
  EXPECT_EQ(message.reasoning_content(), "hm");
  EXPECT_EQ(message.extra_json(), "{\"content\":" + parts + "}");
}

TEST(ChatFieldTest, PartsInTheirOtherForms) {
  const struct {
    const char *parts, *content, *reasoning;
  } cases[] = {
      {R"(["a","b"])", "ab", ""},
      {R"([{"text":"a"}])", "a", ""},
      {R"([{"type":"output_text","text":"a"}])", "a", ""},
      {R"([{"type":"thinking","thinking":"a"}])", "", "a"},
      {R"([{"type":"reasoning","text":"a"},{"type":"reasoning","reasoning":"b"}])", "", "ab"},
  };
  for (const auto& c : cases) {
    const v1::ChatMessage message =
        DecodedChoice("\"message\":{\"content\":" + std::string(c.parts) + "}").message();
    EXPECT_EQ(message.content(), c.content) << c.parts;
    EXPECT_EQ(message.reasoning_content(), c.reasoning) << c.parts;
  }
  for (const char* parts : {"[]", "[1]", R"([{"type":"image"}])", R"([{"type":"text"}])"}) {
    const v1::ChatMessage message =
        DecodedChoice("\"message\":{\"content\":" + std::string(parts) + "}").message();
    EXPECT_FALSE(message.has_content()) << parts;
    EXPECT_EQ(message.extra_json(), "{\"content\":" + std::string(parts) + "}");
  }
}

TEST(ChatFieldTest, ReasoningUnderItsOtherName) {
  const auto message = [](const std::string& members) {
    return DecodedChoice("\"message\":{" + members + "}").message();
  };
  EXPECT_EQ(message(R"("reasoning":"a")").reasoning_content(), "a");
  EXPECT_EQ(message(R"("reasoning":"a","reasoning_content":"")").reasoning_content(), "a");
  const v1::ChatMessage both = message(R"("reasoning":"a","reasoning_content":"a")");
  EXPECT_EQ(both.reasoning_content(), "a");
  EXPECT_FALSE(both.has_extra_json());
  EXPECT_EQ(message(R"("reasoning":"b","reasoning_content":"a")").extra_json(),
            R"({"reasoning":"b"})");
  EXPECT_EQ(message(R"("reasoning":{"effort":1})").extra_json(), R"({"reasoning":{"effort":1}})");
}

TEST(ChatFieldTest, TextInPlaceOfAMessage) {
  EXPECT_EQ(DecodedChoice(R"("text":"hi")").message().content(), "hi");
  EXPECT_EQ(DecodedChoice(R"("delta":{"content":"hi"})").message().content(), "hi");
  const v1::Choice repeated = DecodedChoice(R"("message":{"content":"hi"},"text":"hi")");
  EXPECT_FALSE(repeated.has_extra_json());
  const v1::Choice other = DecodedChoice(R"("message":{"content":"hi"},"text":"ho")");
  EXPECT_EQ(other.message().content(), "hi");
  EXPECT_EQ(other.extra_json(), R"({"text":"ho"})");
  EXPECT_EQ(DecodedChoice(R"("output":"hi")").extra_json(), R"({"output":"hi"})");
}

TEST(ChatFieldTest, ToolCallsAreNumberedByPlaceIfTheyAreNumbered) {
  const auto calls = [](const std::string& first, const std::string& second) {
    return DecodedChoice("\"message\":{\"tool_calls\":[{" + first + "\"id\":\"A\"},{" + second +
                         "\"id\":\"B\"}]}")
        .message();
  };
  const v1::ChatMessage zeros = calls("\"index\":0,", "\"index\":0,");
  EXPECT_EQ(zeros.tool_calls(0).index(), 0);
  EXPECT_FALSE(zeros.tool_calls(0).has_extra_json());
  EXPECT_EQ(zeros.tool_calls(1).index(), 1);
  EXPECT_EQ(zeros.tool_calls(1).extra_json(), R"({"index":0})");
  EXPECT_EQ(calls("\"index\":\"0\",", "\"index\":\"1\",").tool_calls(1).index(), 1);
  EXPECT_FALSE(calls("", "").tool_calls(1).has_index());
}

TEST(ChatFieldTest, ChoicesAreToldApart) {
  const v1::ChatResponse same = Decoded(
      R"({"choices":[{"index":0,"message":{"content":"a"}},{"index":0,"message":{"content":"b"}}]})");
  EXPECT_EQ(same.choices(1).index(), 1);
  const v1::ChatResponse text = Decoded(R"({"choices":[{"index":"1"},{"index":0.0}]})");
  EXPECT_EQ(text.choices(0).index(), 1);
  EXPECT_EQ(text.choices(1).index(), 0);
}

TEST(ChatFieldTest, WordsThatAreNoFinishReason) {
  for (const char* word : {"\"\"", "\"null\"", "null"}) {
    EXPECT_FALSE(DecodedChoice("\"finish_reason\":" + std::string(word)).has_finish_reason());
  }
}

TEST(ChatFieldTest, JsonAsServersWriteIt) {
  const v1::ChatResponse response = Decoded(
      "{\"choices\":[{\"message\":{\"content\":\"a\x1b[0m\t\0b\"},"
      "\"logprobs\":{\"content\":[{\"token\":\"a\",\"logprob\":-Infinity}]}}],"
      "\"usage\":{\"prompt_tokens\":NaN,\"completion_tokens\":2}}"s);
  EXPECT_EQ(response.choices(0).message().content(), "a\x1b[0m\t\0b"s);
  EXPECT_EQ(response.choices(0).logprobs().content(0).token(), "a");
  EXPECT_FALSE(response.usage().has_prompt_tokens());
  EXPECT_EQ(response.usage().completion_tokens(), 2);
}

TEST(ChatFieldTest, UsageInAChoiceIsTheAnswers) {
  const v1::ChatResponse response =
      Decoded(R"({"choices":[{"message":{"content":"a"},"usage":{"total_tokens":7}}]})");
  EXPECT_EQ(response.usage().total_tokens(), 7);
  EXPECT_FALSE(response.choices(0).has_extra_json());
}

TEST(ChatFieldTest, WhatIsNotAsDocumentedIsCounted) {
  const struct {
    std::string choice;
    int anomalies;
  } cases[] = {
      {R"("index":0,"message":{"role":"assistant","content":"a"},"finish_reason":"stop")", 0},
      {"\"message\":{\"content\":\"a\x1B\"}", 1},
      {R"("message":{"content":"a"},"x":NaN)", 1},
      {R"("message":{"content":7})", 1},
      {R"("message":{"tool_calls":[{"index":0,"id":"A"},{"index":0,"id":"B"}]})", 1},
  };
  for (const auto& c : cases) {
    v1::ChatResponse response;
    int anomalies = -1;
    EXPECT_TRUE(DecodeChat("{\"choices\":[{" + c.choice + "}]}", {}, &response, &anomalies).ok());
    EXPECT_EQ(anomalies, c.anomalies) << c.choice;
  }
}

}  // namespace
}  // namespace sparkgate::translate
