#include "client/chat/explain_text.h"

#include <gtest/gtest.h>

namespace sparkgate::client {
namespace {

v1::ExplainChatResponse Explained() {
  v1::ExplainChatResponse explained;
  explained.set_method("POST");
  explained.set_url("https://host/v1/chat/completions");
  (*explained.mutable_headers())["user-agent"] = "u";
  (*explained.mutable_headers())["authorization"] = "redacted";
  explained.set_body_json(R"({"a":1.10})");
  explained.set_stream_body_json(R"({"a":1.10,"stream":true})");
  return explained;
}

constexpr char kHead[] =
    "POST https://host/v1/chat/completions\nauthorization: redacted\nuser-agent: u\n\n";

TEST(ExplainText, TheBodyOfTheCallThatWouldBeMade) {
  EXPECT_EQ(ExplainText(Explained(), true, false),
            std::string(kHead) + "{\"a\":1.10,\"stream\":true}\n");
  EXPECT_EQ(ExplainText(Explained(), false, false), std::string(kHead) + "{\"a\":1.10}\n");
}

TEST(ExplainText, IndentedForAPerson) {
  EXPECT_EQ(ExplainText(Explained(), false, true), std::string(kHead) + "{\n  \"a\": 1.10\n}\n");
}

}  // namespace
}  // namespace sparkgate::client
