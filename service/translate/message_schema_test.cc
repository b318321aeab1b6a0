#include "service/translate/message_schema.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "sparkgate/v1/request.pb.h"
#include "sparkgate/v1/response.pb.h"

namespace sparkgate::translate {
namespace {

const FieldSchema* FieldOf(const MessageSchema& schema, std::string_view name) {
  for (const FieldSchema& field : schema.fields()) {
    if (field.name() == name) return &field;
  }
  return nullptr;
}

// Making the table ends the process if a row names no field; here also: each row is covered.
TEST(MessageSchemaTest, EveryOverrideHasItsReasonAndItsGoldenFile) {
  MessageSchema::Of(v1::ChatRequest::descriptor());
  for (const FieldOverride& row : FieldOverrides()) {
    const std::string name = std::string(row.message) + "." + std::string(row.field);
    EXPECT_FALSE(row.reason.empty()) << name;
    bool found = false;
    for (const char* file : {"request/", "chat/", "stream/"}) {
      for (const char* ending : {".json", ".txt"}) {
        found = found || std::filesystem::exists("tests/data/golden/" + (file + name) + ending);
      }
    }
    EXPECT_TRUE(found) << name;
  }
}

TEST(MessageSchemaTest, FieldsAreOrderedByNumber) {
  const MessageSchema& schema = MessageSchema::Of(v1::ChatRequest::descriptor());
  for (size_t i = 1; i < schema.fields().size(); ++i) {
    EXPECT_LT(schema.fields()[i - 1].field->number(), schema.fields()[i].field->number());
  }
  EXPECT_EQ(&MessageSchema::Of(v1::ChatRequest::descriptor()), &schema);
}

TEST(MessageSchemaTest, KeysAreTheUpstreams) {
  const MessageSchema& schema = MessageSchema::Of(v1::FunctionDefinition::descriptor());
  EXPECT_EQ(FieldOf(schema, "parameters_json")->key, "parameters");
  EXPECT_EQ(FieldOf(schema, "parameters_json")->form, Form::kRawJson);
  const MessageSchema& metrics = MessageSchema::Of(v1::PerfMetrics::descriptor());
  EXPECT_EQ(FieldOf(metrics, "prompt_tokens")->key, "prompt-tokens");
  EXPECT_EQ(metrics.FindForReading("prompt-tokens"), FieldOf(metrics, "prompt_tokens"));
  EXPECT_EQ(metrics.FindForReading("prompt_tokens"), nullptr);
}

TEST(MessageSchemaTest, UnionsAreFoundByTheirKey) {
  const MessageSchema& schema = MessageSchema::Of(v1::ChatRequest::descriptor());
  EXPECT_EQ(schema.FindForWriting("reasoning_effort").size(), 3u);
  EXPECT_EQ(schema.FindForWriting("model").size(), 1u);
  EXPECT_EQ(schema.FindForWriting("unknown").size(), 0u);
  // logprobs, tool_choice, reasoning_effort, prediction, speculation; and the two max_tokens.
  EXPECT_EQ(schema.unions().size(), 6u);
}

TEST(MessageSchemaTest, OutputOnlyFieldsAreNotSent) {
  EXPECT_FALSE(FieldOf(MessageSchema::Of(v1::ToolCall::descriptor()), "index")->sent);
  EXPECT_EQ(FieldOf(MessageSchema::Of(v1::ToolCall::descriptor()), "extra_json"), nullptr);
  EXPECT_NE(MessageSchema::Of(v1::ToolCall::descriptor()).extra(), nullptr);
  EXPECT_FALSE(FieldOf(MessageSchema::Of(v1::ChatMessage::descriptor()), "content_parts")->read);
}

}  // namespace
}  // namespace sparkgate::translate
