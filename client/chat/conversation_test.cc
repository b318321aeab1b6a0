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

v1::ImageData Image(const std::string& bytes) {
  v1::ImageData image;
  image.set_data(bytes);
  image.set_mime_type("image/png");
  return image;
}

TEST(Conversation, ImagesGoWithTheNextQuestionAlone) {
  Conversation conversation(std::nullopt);
  conversation.Attach(Image("1"));
  conversation.Attach(Image("2"));
  EXPECT_TRUE(conversation.has_images());
  conversation.Ask("what?");
  EXPECT_FALSE(conversation.has_images());
  conversation.Answer(AnswerOf("A"));
  conversation.Ask("more");
  v1::ChatRequest request;
  conversation.AddTo(&request);
  const v1::ChatMessage& question = request.messages(0);
  EXPECT_FALSE(question.has_content());
  ASSERT_EQ(question.content_parts_size(), 3);
  EXPECT_EQ(question.content_parts(0).text(), "what?");
  EXPECT_EQ(question.content_parts(1).image_data().data(), "1");
  EXPECT_EQ(question.content_parts(2).image_data().data(), "2");
  EXPECT_EQ(request.messages(2).content(), "more");
}

TEST(Conversation, AQuestionThatIsTakenBackLeavesItsImages) {
  Conversation conversation(std::nullopt);
  conversation.Attach(Image("1"));
  conversation.Ask("a");
  conversation.TakeBack();
  EXPECT_TRUE(conversation.has_images());
  conversation.Ask("b");
  v1::ChatRequest request;
  conversation.AddTo(&request);
  ASSERT_EQ(request.messages_size(), 1);
  EXPECT_EQ(request.messages(0).content_parts(1).image_data().data(), "1");
}

TEST(Conversation, ImagesCanBeDropped) {
  Conversation conversation(std::nullopt);
  conversation.Attach(Image("1"));
  conversation.DropImages();
  EXPECT_FALSE(conversation.has_images());
  conversation.Attach(Image("1"));
  conversation.Reset();
  EXPECT_FALSE(conversation.has_images());
}

v1::ChatResponse Calls() {
  v1::ChatResponse response = AnswerOf("");
  for (const char* id : {"t1", "t2"}) {
    response.mutable_choices(0)->mutable_message()->add_tool_calls()->set_id(id);
  }
  return response;
}

TEST(Conversation, ResultsAnswerTheCallsInTheirOrder) {
  Conversation conversation(std::nullopt);
  EXPECT_EQ(conversation.open_call(), nullptr);
  conversation.Ask("a");
  EXPECT_EQ(conversation.open_call(), nullptr);
  conversation.Answer(Calls());
  ASSERT_NE(conversation.open_call(), nullptr);
  EXPECT_EQ(conversation.open_call()->id(), "t1");
  conversation.AddResult("one");
  EXPECT_EQ(conversation.open_call()->id(), "t2");
  conversation.AddResult("two");
  EXPECT_EQ(conversation.open_call(), nullptr);
  v1::ChatRequest request;
  conversation.AddTo(&request);
  ASSERT_EQ(request.messages_size(), 4);
  EXPECT_EQ(request.messages(2).role(), "tool");
  EXPECT_EQ(request.messages(2).tool_call_id(), "t1");
  EXPECT_EQ(request.messages(2).content(), "one");
  EXPECT_EQ(request.messages(3).tool_call_id(), "t2");
  conversation.TakeBack();
  EXPECT_EQ(conversation.open_call()->id(), "t2");
  conversation.Ask("never mind");
  EXPECT_EQ(conversation.open_call(), nullptr);
}

}  // namespace
}  // namespace sparkgate::client
