#include <gtest/gtest.h>

#include "service/translate/response_decoder.h"
#include "service/translate/upstream_error.h"

namespace sparkgate::translate {
namespace {

CallStatus Decode(std::string_view body, v1::ListModelsResponse* response) {
  return DecodeModels(body, {{"x-request-id", "up-1"}}, response);
}

TEST(ModelsDecoderTest, FieldsAndUnknownMembersOfBothLevels) {
  v1::ListModelsResponse response;
  const CallStatus status =
      Decode(R"({"object":"list","z":1.10,"data":[{"id":"b","object":"model","created":1743379200,)"
             R"("owned_by":"fireworks","kind":"HF_BASE_MODEL","supports_chat":true,)"
             R"("supports_image_input":false,"supports_tools":true,"context_length":163840,)"
             R"("y":[1e400, -0],"deprecated":null},{"id":"a"}],"a":"\u00e9"})",
             &response);
  ASSERT_TRUE(status.ok()) << status.message;
  ASSERT_EQ(response.data_size(), 2);
  const v1::Model& model = response.data(0);
  EXPECT_EQ(model.id(), "b");
  EXPECT_EQ(model.created(), 1743379200);
  EXPECT_TRUE(model.has_supports_image_input());
  EXPECT_EQ(model.context_length(), 163840);
  EXPECT_EQ(model.extra_json(), R"({"y":[1e400, -0]})");
  EXPECT_EQ(response.data(1).id(), "a");
  EXPECT_FALSE(response.data(1).has_context_length());
  EXPECT_EQ(response.extra_json(), R"({"z":1.10,"a":"\u00e9"})");
}

TEST(ModelsDecoderTest, AnUnexpectedTypeGoesToExtraJson) {
  v1::ListModelsResponse response;
  ASSERT_TRUE(
      Decode(R"({"data":[{"id":"m","context_length":"8k","created":1.5}]})", &response).ok());
  EXPECT_EQ(response.data(0).extra_json(), R"({"context_length":"8k","created":1.5})");
}

TEST(ModelsDecoderTest, ContextLengthByItsOtherName) {
  const std::pair<const char*, int> rows[] = {
      {R"("max_model_len":8192)", 8192},
      {R"("max_model_len":8192,"context_length":4096)", 4096},
      {R"("max_model_len":8192,"context_length":null)", 8192},
      {R"("max_model_len":null)", 0},
      {R"("max_model_len":"8k")", 0},
      {R"("max_model_len":-1)", 0},
      {R"("max_model_len":1e400)", 0},
  };
  for (const auto& [members, length] : rows) {
    v1::ListModelsResponse response;
    ASSERT_TRUE(
        Decode(R"({"data":[{"id":"a"},{"id":"m",)" + std::string(members) + "}]}", &response).ok());
    EXPECT_EQ(response.data(1).context_length(), length) << members;
    EXPECT_EQ(response.data(1).has_context_length(), length > 0) << members;
    EXPECT_FALSE(response.data(0).has_context_length());
  }
}

TEST(ModelsDecoderTest, AnEmptyListIsAnAnswer) {
  v1::ListModelsResponse response;
  EXPECT_TRUE(Decode(R"({"object":"list","data":[]})", &response).ok());
  EXPECT_EQ(response.data_size(), 0);
}

TEST(ModelsDecoderTest, WhatIsNoList) {
  for (const char* body :
       {"", "no", "[]", "{}", R"({"data":null})", R"({"data":{}})", R"({"data":[1]})",
        R"({"data":[{}]})", R"({"data":[{"id":""}]})", R"({"data":[{"id":7}]})",
        R"({"data":[{"id":"m"},null]})", R"({"data":[{"id":"m"})"}) {
    v1::ListModelsResponse response;
    const CallStatus status = Decode(body, &response);
    EXPECT_EQ(status.code, absl::StatusCode::kInternal) << body;
    EXPECT_EQ(status.reason, v1::ERROR_REASON_UPSTREAM_PROTOCOL_ERROR) << body;
    EXPECT_NE(status.message.find("not a list of models"), std::string::npos) << status.message;
    EXPECT_EQ(status.upstream_request_id, "up-1");
    EXPECT_EQ(response.data_size(), 0) << body;
  }
}

TEST(ModelsDecoderTest, AnErrorObjectIsNoList) {
  v1::ListModelsResponse response;
  const CallStatus status =
      Decode(R"({"error":{"message":"slow down","code":429},"data":[]})", &response);
  EXPECT_EQ(status.code, absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(status.reason, v1::ERROR_REASON_UPSTREAM_STREAM_ERROR);
}

// Statuses of HTTP keep code, reason and details; only the words are other ones.
TEST(ModelsDecoderTest, WordsFitAListOfModels) {
  for (int http_status = 300; http_status < 600; ++http_status) {
    const CallStatus chat =
        HttpErrorStatus(http_status, {}, R"({"detail":[{"loc":["body","top_p"],"msg":"bad"}]})");
    const CallStatus models = WordedForModels(chat);
    EXPECT_EQ(models.code, chat.code);
    EXPECT_EQ(models.reason, chat.reason);
    EXPECT_EQ(models.may_have_run, chat.may_have_run);
    EXPECT_EQ(models.pushback, chat.pushback);
    EXPECT_EQ(models.retry_delay, chat.retry_delay);
    EXPECT_TRUE(models.violations.empty());
    const std::string text = models.message + models.advice;
    for (const char* word : {"billed", "paid", "this model", "model's", "prompt"}) {
      EXPECT_EQ(text.find(word), std::string::npos) << http_status << ": " << text;
    }
  }
}

TEST(ModelsDecoderTest, TheUpstreamsOwnTextStays) {
  const CallStatus status =
      WordedForModels(HttpErrorStatus(404, {}, R"({"error":{"message":"Path not found"}})"));
  EXPECT_EQ(status.message, "The upstream has no list of models (HTTP 404): \"Path not found\".");
  EXPECT_EQ(status.advice, "Tell whoever runs Sparkgate.");
}

}  // namespace
}  // namespace sparkgate::translate
