#include "service/translate/chat_decoder.h"

#include <gtest/gtest.h>

namespace sparkgate::translate {
namespace {

TEST(ChatDecoderTest, ReadsTheUsualAnswer) {
  v1::ChatResponse response;
  const CallStatus status = DecodeChat(
      R"({"id":"i","object":"chat.completion","created":1700000000,"model":"m","choices":[
          {"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],
          "usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}})",
      {{"fireworks-server-time-to-first-token", "0.25"}}, &response);
  ASSERT_TRUE(status.ok()) << status.message;
  EXPECT_EQ(response.id(), "i");
  EXPECT_EQ(response.created(), 1700000000);
  EXPECT_EQ(response.choices(0).message().content(), "hi");
  EXPECT_EQ(response.choices(0).finish_reason(), "stop");
  EXPECT_EQ(response.usage().total_tokens(), 3);
  EXPECT_EQ(response.perf_metrics().server_time_to_first_token(), 0.25);
  EXPECT_FALSE(response.has_extra_json());
}

}  // namespace
}  // namespace sparkgate::translate
