#include "service/translate/own_fields.h"

#include <gtest/gtest.h>

namespace sparkgate::translate {
namespace {

TEST(OwnFieldsTest, KnowsTheWordsOfServersThatRefuseThem) {
  const struct {
    const char* body;
    OwnField field;
  } cases[] = {
      {R"({"error":{"message":"Unrecognized request argument supplied: stream_options"}})",
       OwnField::kStreamOptions},
      {R"({"detail":[{"loc":["body","stream_options"],"msg":"extra fields not permitted"}]})",
       OwnField::kStreamOptions},
      {R"({"detail":[{"loc":["body","stream_options","include_usage"],"msg":"no"}]})",
       OwnField::kStreamOptions},
      {R"({"error":{"message":"Unknown parameter: 'stream_options'.","param":"stream_options"}})",
       OwnField::kStreamOptions},
      {R"({"message":"json: unknown field \"stream_options\""})", OwnField::kStreamOptions},
      {R"({"error":"include_usage is not supported"})", OwnField::kStreamOptions},
      {R"({"error":{"message":"Extra inputs are not permitted, field: 'stream_options', value: {}"}})",
       OwnField::kStreamOptions},
      {R"({"error":{"message":"Unsupported value: 'stream' does not support true","param":"stream"}})",
       OwnField::kStream},
      {R"({"detail":[{"loc":["body","stream"],"msg":"extra fields not permitted"}]})",
       OwnField::kStream},
      {R"({"error":{"message":"the stream was too long"}})", OwnField::kNone},
      {R"({"error":{"message":"bad messages","param":"messages"}})", OwnField::kNone},
      {"", OwnField::kNone},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(RefusedOwnField(400, c.body), c.field) << c.body;
    EXPECT_EQ(RefusedOwnField(422, c.body), c.field) << c.body;
    EXPECT_EQ(RefusedOwnField(500, c.body), OwnField::kNone) << c.body;
  }
}

TEST(OwnFieldsTest, RemovesThemFromTheEnd) {
  std::string json = R"({"a":1,"stream":true,"stream_options":{"include_usage":true}})";
  EXPECT_TRUE(RemoveOwnField(OwnField::kStreamOptions, &json));
  EXPECT_EQ(json, R"({"a":1,"stream":true})");
  EXPECT_FALSE(RemoveOwnField(OwnField::kStreamOptions, &json));
  EXPECT_TRUE(RemoveOwnField(OwnField::kStream, &json));
  EXPECT_EQ(json, R"({"a":1})");
  json = R"({"a":1,"stream":true,"stream_options":{"include_usage":true}})";
  EXPECT_TRUE(RemoveOwnField(OwnField::kStream, &json));
  EXPECT_EQ(json, R"({"a":1})");
  json = R"({"a":1,"stream":false})";
  EXPECT_TRUE(RemoveOwnField(OwnField::kStream, &json));
  EXPECT_EQ(json, R"({"a":1})");
}

}  // namespace
}  // namespace sparkgate::translate
