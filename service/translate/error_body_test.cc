// What real servers and the proxies before them put into the body of an error.
#include "service/translate/error_body.h"

#include <gtest/gtest.h>

#include "service/translate/upstream_error.h"

namespace sparkgate::translate {
namespace {

struct Case {
  std::string body;
  std::string message;
  std::string code = "";
  int status = 0;
};

TEST(ErrorBodyTest, ErrorsKeepTheirWordsAndOnlyWords) {
  const Case cases[] = {
      // Shapes.
      {R"({"error":{"message":"no","code":"c"}})", "no", "c"},
      {R"([{"error":{"message":"no","code":400,"status":"INVALID_ARGUMENT"}}])", "no", "400", 400},
      {R"(["no"])", "no"},
      {"data: {\"error\":{\"message\":\"no\",\"code\":\"c\"}}\n\n", "no", "c"},
      {"event: error\ndata: {\"error\":{\"message\":\"no\"}}\n\ndata: [DONE]\n\n", "no"},
      {"data: {\"error\":{\"message\":\"no\"}}", "no"},
      {": ping\n\ndata: {\"message\":\"no\"}\n\n", "no"},
      {R"({"code":"Throttling","message":"no","request_id":"r"})", "no", "Throttling"},
      {R"({"message":"no"})", "no"},
      {R"({"msg":"no","code":429})", "no", "429", 429},
      {R"({"error_msg":"no","error_code":17})", "no"},
      {R"({"errors":[{"code":1000,"message":"no"}],"success":false})", "no", "1000"},
      {R"({"detail":"no"})", "no"},
      {R"({"detail":{"error":{"message":"no","code":"c"}}})", "no", "c"},
      {R"({"detail":{"error":"no"}})", "no"},
      {R"({"error":"invalid_request","error_description":"no"})", "invalid_request"},
      {R"({"error":{},"message":"no"})", "no"},
      {R"({"error":{"type":"t"},"message":"no"})", "no", "t"},
      {R"("no")", "no"},
      // Markup.
      {"<html><head><title>502 Bad Gateway</title></head><body>x</body></html>", "502 Bad Gateway"},
      {"<!DOCTYPE html>\n<HTML><TITLE>Not here</TITLE>", "Not here"},
      {"<html><body><h1>No&nbsp;way &amp; out</h1><script>var a=1;</script></body></html>",
       "No way & out"},
      {R"({"error":{"message":"<html><body><h1>504</h1> Gateway Time-out</body></html>"}})",
       "504 Gateway Time-out"},
      {R"({"detail":"upstream said: <html><title>Busy</title><body>x</body></html>"})",
       "upstream said: Busy"},
      {R"({"message":"a < b and c > d"})", "a < b and c > d"},
      // Errors within errors.
      {R"({"error":{"message":"APIError: {\"error\":{\"message\":\"no\",\"code\":429}}"}})",
       "APIError: no", "429", 429},
      {R"({"error":"{\"error\":{\"message\":\"no\",\"type\":\"t\"}}"})", "no", "t"},
      {R"({"detail":"{\"detail\":\"{\\\"message\\\":\\\"no\\\"}\"}"})", "no"},
      {R"({"error":{"message":"Error code: 400 - {'error': {'message': 'no', 'code': 1}}"}})",
       "no"},
      {R"(Bad gateway: {"message":"<html><title>no</title></html>"})", "Bad gateway: no"},
      {R"({"error":{"message":"use {\"role\":\"user\"} here"}})", "use"},
      // Nothing to tell.
      {R"({"error":{"mess)", ""},
      {"", ""},
      {"{}", ""},
  };
  for (const Case& c : cases) {
    const ErrorBody body = ReadErrorBody(c.body);
    EXPECT_EQ(body.message, c.message) << c.body;
    EXPECT_EQ(body.code, c.code) << c.body;
    EXPECT_EQ(body.status, c.status) << c.body;
  }
}

TEST(ErrorBodyTest, DeeplyNestedErrorsCostLittle) {
  std::string body = R"({"message":"no"})";
  for (int i = 0; i < 8; ++i) {
    std::string quoted;
    for (const char c : body) quoted += (c == '"' || c == '\\' ? "\\" : "") + std::string(1, c);
    body = "{\"message\":\"" + quoted + "\"}";
  }
  EXPECT_LT(ReadErrorBody(body).message.size(), body.size());
  EXPECT_EQ(ReadErrorBody(std::string(100'000, '{')).message, "");
  EXPECT_LE(ReadErrorBody("x" + std::string(100'000, '<')).message.size(), 4096u);
}

TEST(ErrorBodyTest, AnEndpointIsNoFile) {
  const std::pair<const char*, const char*> cases[] = {
      {"/chat/completions: Invalid model", "/chat/completions: Invalid model"},
      {"call /v1/models for a list", "call /v1/models for a list"},
      {"POST /openai/v1/chat/completions.", "POST /openai/v1/chat/completions."},
      {"in /srv/app/main.py", "in [path]"},
      {"/models/secret/weights.bin is gone", "[path] is gone"},
      {"/v1/secret/x", "[path]"},
  };
  for (const auto& [text, shown] : cases) {
    const CallStatus status =
        HttpErrorStatus(400, {}, "{\"message\":\"" + std::string(text) + "\"}");
    EXPECT_NE(status.message.find("\"" + std::string(shown)), std::string::npos) << status.message;
  }
}

TEST(ErrorBodyTest, ARedirectSaysWhereItPointsTo) {
  const std::pair<const char*, const char*> cases[] = {
      {"https://other.example/v1/chat/completions", "https://other.example/v1/chat/completions."},
      {"/v2/chat/completions?key=abc", " /v2/chat/completions."},
      {"https://user:word@other.example/x?y#z", "https://other.example/x."},
  };
  for (const auto& [location, shown] : cases) {
    for (const int http_status : {301, 302, 307, 308}) {
      const CallStatus status = HttpErrorStatus(http_status, {{"location", location}}, "");
      EXPECT_EQ(status.code, absl::StatusCode::kInternal);
      EXPECT_NE(status.message.find(shown), std::string::npos) << status.message;
      EXPECT_EQ(status.message.find("word"), std::string::npos) << status.message;
    }
  }
  EXPECT_EQ(HttpErrorStatus(301, {}, "").message.find("points"), std::string::npos);
}

}  // namespace
}  // namespace sparkgate::translate
