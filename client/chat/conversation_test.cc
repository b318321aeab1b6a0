#include "client/chat/conversation.h"

#include <gtest/gtest.h>

namespace sparkgate::client {
namespace {

// "role:content" of every message that would be sent.
std::string Sent(const Conversation& conversation) {
  v1::ChatRequest request;
  conversation.AddTo(&request);
  std::string text;
  for (const v1::ChatMessage& message : request.messages()) {
    text += message.role() + ":" + message.content() + ";";
  }
  return text;
}

v1::ChatResponse AnswerOf(const std::string& content) {
  v1::ChatResponse response;
  v1::ChatMessage* message = response.add_choices()->mutable_message();
  message->set_role("assistant");
  if (!content.empty()) message->set_content(content);
  return response;
}

TEST(Conversation, GrowsByQuestionsAndAnswers) {
  Conversation conversation(std::nullopt);
  conversation.Ask("a");
  conversation.Answer(AnswerOf("A"));
  conversation.Ask("b");
  EXPECT_EQ(Sent(conversation), "user:a;assistant:A;user:b;");
  conversation.Reset();
  EXPECT_EQ(Sent(conversation), "");
}

TEST(Conversation, AnEmptySystemMessageIsSentAndAnAbsentOneIsNot) {
  Conversation conversation(std::string{});
  conversation.Ask("a");
  EXPECT_EQ(Sent(conversation), "system:;user:a;");
  v1::ChatRequest request;
  conversation.AddTo(&request);
  EXPECT_TRUE(request.messages(0).has_content());
  conversation.set_system("be brief");
  EXPECT_EQ(Sent(conversation), "system:be brief;user:a;");
  conversation.Reset();
  EXPECT_EQ(Sent(conversation), "system:be brief;");
  conversation.set_system(std::nullopt);
  EXPECT_EQ(Sent(conversation), "");
}

TEST(Conversation, AnAnswerIsKeptWithEverythingThatItHas) {
  Conversation conversation(std::nullopt);
  v1::ChatResponse response = AnswerOf("A");
  response.mutable_choices(0)->mutable_message()->set_reasoning_content("hm");
  response.mutable_choices(0)->mutable_message()->add_tool_calls()->set_id("t");
  conversation.Ask("a");
  conversation.Answer(response);
  v1::ChatRequest request;
  conversation.AddTo(&request);
  EXPECT_EQ(request.messages(1).SerializeAsString(),
            response.choices(0).message().SerializeAsString());
}

TEST(Conversation, APartialAnswerKeepsItsTextWithoutToolCalls) {
  Conversation conversation(std::nullopt);
  v1::ChatResponse response = AnswerOf("half");
  response.mutable_choices(0)->mutable_message()->add_tool_calls()->set_id("t");
  conversation.Ask("a");
  EXPECT_TRUE(conversation.AnswerPartly(response));
  v1::ChatRequest request;
  conversation.AddTo(&request);
  EXPECT_EQ(request.messages(1).content(), "half");
  EXPECT_EQ(request.messages(1).tool_calls_size(), 0);
}

TEST(Conversation, AQuestionWithoutAnyAnswerIsTakenBack) {
  Conversation conversation(std::nullopt);
  conversation.Ask("a");
  conversation.Answer(AnswerOf("A"));
  conversation.Ask("b");
  EXPECT_FALSE(conversation.AnswerPartly(AnswerOf("")));
  EXPECT_EQ(Sent(conversation), "user:a;assistant:A;");
  conversation.Ask("c");
  EXPECT_FALSE(conversation.AnswerPartly({}));
  EXPECT_EQ(Sent(conversation), "user:a;assistant:A;");
}

}  // namespace
}  // namespace sparkgate::client
