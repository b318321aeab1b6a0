#include "service/translate/upstream_error.h"

#include <gtest/gtest.h>

#include "service/translate/field_path.h"
#include "service/translate/redaction.h"

namespace sparkgate::translate {
namespace {

using absl::StatusCode;
using std::chrono::milliseconds;

struct Row {
  int http_status;
  StatusCode code;
  v1::ErrorReason reason;
  bool may_have_run;
  Pushback pushback;
  bool retry;
  bool quota;
};

const Row kTable[] = {
    {400, StatusCode::kInvalidArgument, v1::ERROR_REASON_INVALID_REQUEST, false, Pushback::kNever,
     false, false},
    {422, StatusCode::kInvalidArgument, v1::ERROR_REASON_INVALID_REQUEST, false, Pushback::kNever,
     false, false},
    {413, StatusCode::kInvalidArgument, v1::ERROR_REASON_REQUEST_TOO_LARGE, false, Pushback::kNever,
     false, false},
    {401, StatusCode::kInternal, v1::ERROR_REASON_UPSTREAM_AUTH_FAILED, false, Pushback::kNever,
     false, false},
    {403, StatusCode::kPermissionDenied, v1::ERROR_REASON_FORBIDDEN, false, Pushback::kNever, false,
     false},
    {451, StatusCode::kPermissionDenied, v1::ERROR_REASON_FORBIDDEN, false, Pushback::kNever, false,
     false},
    {404, StatusCode::kNotFound, v1::ERROR_REASON_MODEL_NOT_FOUND, false, Pushback::kNever, false,
     false},
    {410, StatusCode::kNotFound, v1::ERROR_REASON_MODEL_NOT_FOUND, false, Pushback::kNever, false,
     false},
    {402, StatusCode::kResourceExhausted, v1::ERROR_REASON_BILLING_LIMIT, false, Pushback::kNever,
     false, true},
    {412, StatusCode::kResourceExhausted, v1::ERROR_REASON_BILLING_LIMIT, false, Pushback::kNever,
     false, true},
    {405, StatusCode::kInternal, v1::ERROR_REASON_UPSTREAM_PROTOCOL_ERROR, false, Pushback::kNever,
     false, false},
    {409, StatusCode::kInternal, v1::ERROR_REASON_UPSTREAM_PROTOCOL_ERROR, false, Pushback::kNever,
     false, false},
    {418, StatusCode::kInternal, v1::ERROR_REASON_UPSTREAM_PROTOCOL_ERROR, false, Pushback::kNever,
     false, false},
    {431, StatusCode::kInternal, v1::ERROR_REASON_UPSTREAM_PROTOCOL_ERROR, false, Pushback::kNever,
     false, false},
    {302, StatusCode::kInternal, v1::ERROR_REASON_UPSTREAM_PROTOCOL_ERROR, false, Pushback::kNever,
     false, false},
    {501, StatusCode::kInternal, v1::ERROR_REASON_UPSTREAM_PROTOCOL_ERROR, false, Pushback::kNever,
     false, false},
    {101, StatusCode::kInternal, v1::ERROR_REASON_UPSTREAM_PROTOCOL_ERROR, true, Pushback::kNever,
     false, false},
    {204, StatusCode::kInternal, v1::ERROR_REASON_UPSTREAM_PROTOCOL_ERROR, true, Pushback::kNever,
     false, false},
    {600, StatusCode::kInternal, v1::ERROR_REASON_UPSTREAM_PROTOCOL_ERROR, true, Pushback::kNever,
     false, false},
    {425, StatusCode::kUnavailable, v1::ERROR_REASON_DEPLOYMENT_NOT_READY, false, Pushback::kNone,
     true, false},
    {429, StatusCode::kResourceExhausted, v1::ERROR_REASON_RATE_LIMITED, false, Pushback::kDelay,
     true, true},
    {503, StatusCode::kUnavailable, v1::ERROR_REASON_UPSTREAM_OVERLOADED, false, Pushback::kNone,
     true, false},
    {529, StatusCode::kUnavailable, v1::ERROR_REASON_UPSTREAM_OVERLOADED, false, Pushback::kNone,
     true, false},
    {521, StatusCode::kUnavailable, v1::ERROR_REASON_UPSTREAM_UNREACHABLE, false, Pushback::kNone,
     true, false},
    {522, StatusCode::kUnavailable, v1::ERROR_REASON_UPSTREAM_UNREACHABLE, false, Pushback::kNone,
     true, false},
    {523, StatusCode::kUnavailable, v1::ERROR_REASON_UPSTREAM_UNREACHABLE, false, Pushback::kNone,
     true, false},
    {525, StatusCode::kUnavailable, v1::ERROR_REASON_UPSTREAM_UNREACHABLE, false, Pushback::kNone,
     true, false},
    {526, StatusCode::kUnavailable, v1::ERROR_REASON_UPSTREAM_UNREACHABLE, false, Pushback::kNone,
     true, false},
    {530, StatusCode::kUnavailable, v1::ERROR_REASON_UPSTREAM_UNREACHABLE, false, Pushback::kNone,
     true, false},
    {500, StatusCode::kInternal, v1::ERROR_REASON_UPSTREAM_INTERNAL, true, Pushback::kNever, false,
     false},
    {520, StatusCode::kInternal, v1::ERROR_REASON_UPSTREAM_INTERNAL, true, Pushback::kNever, false,
     false},
    {505, StatusCode::kInternal, v1::ERROR_REASON_UPSTREAM_INTERNAL, true, Pushback::kNever, false,
     false},
    {527, StatusCode::kInternal, v1::ERROR_REASON_UPSTREAM_INTERNAL, true, Pushback::kNever, false,
     false},
    {408, StatusCode::kAborted, v1::ERROR_REASON_UPSTREAM_TIMEOUT, true, Pushback::kNever, false,
     false},
    {504, StatusCode::kAborted, v1::ERROR_REASON_UPSTREAM_TIMEOUT, true, Pushback::kNever, false,
     false},
    {524, StatusCode::kAborted, v1::ERROR_REASON_UPSTREAM_TIMEOUT, true, Pushback::kNever, false,
     false},
    {502, StatusCode::kAborted, v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, true, Pushback::kNever,
     false, false},
};

TEST(UpstreamErrorTest, EveryRowOfTheTable) {
  for (const Row& row : kTable) {
    const CallStatus status = HttpErrorStatus(row.http_status, {}, "");
    EXPECT_EQ(status.code, row.code) << row.http_status;
    EXPECT_EQ(status.reason, row.reason) << row.http_status;
    EXPECT_EQ(status.may_have_run, row.may_have_run) << row.http_status;
    EXPECT_EQ(status.pushback, row.pushback) << row.http_status;
    EXPECT_EQ(status.retry_delay.has_value(), row.retry) << row.http_status;
    EXPECT_EQ(status.quota_failure, row.quota) << row.http_status;
    EXPECT_EQ(status.http_status, row.http_status);
    EXPECT_NE(status.message.find(std::to_string(row.http_status)), std::string::npos);
  }
}

// What may have run never ends as UNAVAILABLE, whatever the status is.
TEST(UpstreamErrorTest, UnavailableMeansThatItCostsNothing) {
  for (int http_status = 100; http_status < 700; ++http_status) {
    const CallStatus status = HttpErrorStatus(http_status, {}, "");
    EXPECT_FALSE(status.ok()) << http_status;
    if (status.code == StatusCode::kUnavailable) {
      EXPECT_FALSE(status.may_have_run) << http_status;
    }
    if (status.may_have_run) {
      EXPECT_EQ(status.pushback, Pushback::kNever) << http_status;
    }
  }
}

TEST(UpstreamErrorTest, ACallersOwnKeyIsTheCallersProblem) {
  EXPECT_EQ(HttpErrorStatus(401, {}, "", true).code, StatusCode::kUnauthenticated);
  EXPECT_EQ(HttpErrorStatus(401, {}, "", true).reason, v1::ERROR_REASON_UPSTREAM_AUTH_FAILED);
}

struct BodyCase {
  int http_status;
  const char* body;
  v1::ErrorReason reason;
  const char* upstream_code;
  const char* text;  // what of it callers must see
};

const BodyCase kBodies[] = {
    {400,
     R"({"error":{"object":"error","type":"invalid_request_error","code":"invalid_request_error","message":"Extra inputs are not permitted, field: 'name'"},"request_id":"chatcmpl-1"})",
     v1::ERROR_REASON_INVALID_REQUEST, "invalid_request_error", "Extra inputs are not permitted"},
    {404,
     R"({"error":{"message":"Model not found, inaccessible, and/or not deployed","param":"model","code":"NOT_FOUND","type":"error"},"request_id":"chatcmpl-2"})",
     v1::ERROR_REASON_MODEL_NOT_FOUND, "NOT_FOUND", "Model not found"},
    {401, R"({"error":{"message":"The API key you provided is invalid.","param":null,"code":401}})",
     v1::ERROR_REASON_UPSTREAM_AUTH_FAILED, "401", "The API key you provided is invalid."},
    {429,
     R"({"error":{"type":"invalid_request_error","code":"invalid_request_error","message":"rate limit exceeded, please try again later"}})",
     v1::ERROR_REASON_RATE_LIMITED, "invalid_request_error", "rate limit exceeded"},
    {503, R"({"error":{"message":"service overloaded, please try again later"}})",
     v1::ERROR_REASON_UPSTREAM_OVERLOADED, "", "service overloaded"},
    {503,
     R"({"error":{"message":"Deployment is currently scaled to zero","code":"DEPLOYMENT_SCALING_UP","type":"error"}})",
     v1::ERROR_REASON_DEPLOYMENT_NOT_READY, "DEPLOYMENT_SCALING_UP", "scaled to zero"},
    {412, R"({"error":"Account x is suspended"})", v1::ERROR_REASON_BILLING_LIMIT, "",
     "Account x is suspended"},
    {422, R"({"detail":[{"loc":["body","n"],"msg":"not an int","type":"int","input":"PROMPT"}]})",
     v1::ERROR_REASON_INVALID_REQUEST, "", "not an int"},
    {405, R"({"detail":"Method Not Allowed"})", v1::ERROR_REASON_UPSTREAM_PROTOCOL_ERROR, "",
     "Method Not Allowed"},
    {400, R"({"type":"error","error":{"type":"invalid_request_error","message":"m"}})",
     v1::ERROR_REASON_INVALID_REQUEST, "invalid_request_error", "m"},
    {400, R"({"object":"error","message":"vllm says no","code":40001})",
     v1::ERROR_REASON_INVALID_REQUEST, "40001", "vllm says no"},
    {400, R"({"error":{"message":"m","code":"400"}})", v1::ERROR_REASON_INVALID_REQUEST, "400",
     "m"},
    {500, "Internal Server Error", v1::ERROR_REASON_UPSTREAM_INTERNAL, "", "Internal Server Error"},
    {502, "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>",
     v1::ERROR_REASON_UPSTREAM_UNAVAILABLE, "", "502 Bad Gateway"},
    {504, "", v1::ERROR_REASON_UPSTREAM_TIMEOUT, "", "gave up waiting"},
    {500, "{\"error\":{\"message\":\"cut", v1::ERROR_REASON_UPSTREAM_INTERNAL, "", "failed"},
    {400,
     R"({"error":{"message":"The prompt is too long: 365407, model maximum context length: 262143"}})",
     v1::ERROR_REASON_CONTEXT_LENGTH_EXCEEDED, "", "365407"},
    {400, R"({"error":{"type":"exceed_context_size_error","message":"no","n_ctx":1}})",
     v1::ERROR_REASON_CONTEXT_LENGTH_EXCEEDED, "exceed_context_size_error", "no"},
};

TEST(UpstreamErrorTest, EveryKnownShapeOfABody) {
  for (const BodyCase& c : kBodies) {
    const CallStatus status = HttpErrorStatus(c.http_status, {}, c.body);
    EXPECT_EQ(status.reason, c.reason) << c.body;
    EXPECT_EQ(status.upstream_code, c.upstream_code) << c.body;
    EXPECT_NE(status.message.find(c.text), std::string::npos) << status.message;
    EXPECT_EQ(status.message.find("PROMPT"), std::string::npos) << status.message;
    EXPECT_LT(status.message.size(), 1024u);
  }
}

TEST(UpstreamErrorTest, ContextLengthKeepsItsCode) {
  const auto status = HttpErrorStatus(422, {}, R"({"error":"prompt is too long"})");
  EXPECT_EQ(status.code, StatusCode::kInvalidArgument);
  EXPECT_EQ(status.reason, v1::ERROR_REASON_CONTEXT_LENGTH_EXCEEDED);
}

TEST(UpstreamErrorTest, AFieldComesBackInTheCallersTerms) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"error":{"message":"Extra inputs are not permitted, field: 'messages[0].content.list[ChatMessageContent][1].image_url.url', value: 'secret'"}})",
       "messages[0].content_parts[1].image_url.url"},
      {R"({"error":{"message":"bad","param":"temperature"}})", "temperature"},
      {R"({"detail":[{"loc":["body","messages",0,"content","list[Part]",1,"text","str"],"msg":"bad"}]})",
       "messages[0].content_parts[1].text"},
  };
  for (const auto& [body, field] : cases) {
    const CallStatus status = HttpErrorStatus(400, {}, body);
    ASSERT_EQ(status.violations.size(), 1u) << body;
    EXPECT_EQ(status.violations[0].field, field);
    EXPECT_FALSE(status.violations[0].description.empty());
    EXPECT_EQ(status.violations[0].description.find("secret"), std::string::npos);
    EXPECT_EQ(status.message.find("secret"), std::string::npos);
  }
}

TEST(CallerPathTest, FindsTheField) {
  const std::pair<const char*, const char*> cases[] = {
      {"model", "model"},
      {"messages[12].role", "messages[12].role"},
      {"messages[1].reasoning", "messages[1].reasoning"},
      {"messages.3.content", "messages[3].content"},
      {"messages[0].content.str", "messages[0].content"},
      {"messages[0].content[2].video_url.max_frames",
       "messages[0].content_parts[2].video_url.max_frames"},
      {"tools[0].function.parameters.properties.x", "tools[0].function.parameters_json"},
      {"response_format.json_schema", "response_format.json_schema_json"},
      {"tool_choice.function.name", "tool_choice_function"},
      {"tool_choice", "tool_choice"},
      {"prediction.content[0].text", "prediction_parts[0].text"},
      {"speculation[4]", "speculation_token_ids[4]"},
      {"logprobs", "logprobs"},
      {"body.temperature", "temperature"},
      {"what is this", ""},
      {"None", ""},
      {"null", ""},
      {"", ""},
      {"[[[", ""},
      {"a]b[c", ""},
  };
  for (const auto& [upstream, caller] : cases) {
    EXPECT_EQ(ErrorFieldPath(upstream), caller) << upstream;
  }
}

milliseconds DelayOf(const HeaderList& headers, int http_status = 429) {
  return HttpErrorStatus(http_status, headers, "").retry_delay.value_or(milliseconds(-1));
}

TEST(UpstreamErrorTest, RetryAfterInItsForms) {
  EXPECT_EQ(DelayOf({}), milliseconds(1000));
  EXPECT_EQ(DelayOf({{"retry-after", "7"}}), milliseconds(7000));
  EXPECT_EQ(DelayOf({{"retry-after", "0.5"}}), milliseconds(500));
  EXPECT_EQ(DelayOf({{"retry-after", "0"}}), milliseconds(0));
  EXPECT_EQ(DelayOf({{"retry-after", "-3"}}), milliseconds(0));
  EXPECT_EQ(DelayOf({{"retry-after", "1e300"}}), milliseconds(3600000));
  EXPECT_EQ(DelayOf({{"retry-after", "inf"}}), milliseconds(3600000));
  EXPECT_EQ(DelayOf({{"retry-after", "soon"}}), milliseconds(1000));
  EXPECT_EQ(DelayOf({{"retry-after", "9"}, {"retry-after-ms", "120"}}), milliseconds(120));
  EXPECT_EQ(DelayOf({{"retry-after", "Wed, 21 Oct 2026 07:28:09 GMT"},
                     {"date", "Wed, 21 Oct 2026 07:28:00 GMT"}}),
            milliseconds(9000));
  EXPECT_EQ(DelayOf({{"retry-after", "Wed, 21 Oct 2015 07:28:00 GMT"}}), milliseconds(0));
  EXPECT_EQ(DelayOf({{"retry-after", "7"}}, 503), milliseconds(7000));
  EXPECT_EQ(DelayOf({}, 425), milliseconds(5000));
}

TEST(UpstreamErrorTest, RetryAfterDoesNotMakeAFailureRepeatable) {
  const CallStatus status = HttpErrorStatus(500, {{"retry-after", "1"}}, "");
  EXPECT_FALSE(status.retry_delay.has_value());
  EXPECT_EQ(status.pushback, Pushback::kNever);
}

TEST(UpstreamErrorTest, RequestIdFromHeadersElseFromTheBody) {
  const char* body = R"({"error":{"message":"m"},"request_id":"chatcmpl-9"})";
  EXPECT_EQ(HttpErrorStatus(400, {}, body).upstream_request_id, "chatcmpl-9");
  const HeaderList headers = {{"cf-ray", "r"}, {"x-fireworks-request-id", "f"}};
  EXPECT_EQ(HttpErrorStatus(400, headers, body).upstream_request_id, "f");
  EXPECT_EQ(UpstreamRequestId({{"x-request-id", "x"}, {"cf-ray", "r"}}), "x");
  EXPECT_EQ(UpstreamRequestId({{"x-request-id", ""}, {"cf-ray", "r"}}), "r");
  EXPECT_EQ(UpstreamRequestId({}), "");
}

TEST(UpstreamErrorTest, PassesRateLimitHeadersAsTheyCame) {
  const HeaderList headers = {{"x-ratelimit-over-limit", "no"},
                              {"server", "x"},
                              {"x-ratelimit-limit-tokens-prompt", "1"},
                              {"x-ratelimit-odd", "a\xFF"},
                              {"x-ratelimit-#", "no name of metadata"},
                              {"x-ratelimit-odd-bin", "no text"},
                              {"x-request-id", "up-1"},
                              {"retry-after", "3"}};
  const HeaderList passed = {{"x-upstream-request-id", "up-1"},
                             {"x-ratelimit-over-limit", "no"},
                             {"x-ratelimit-limit-tokens-prompt", "1"},
                             {"retry-after", "3"}};
  EXPECT_EQ(PassedHeaders(headers), passed);
}

TEST(UpstreamErrorTest, PassedHeadersLeaveRoomForTheStatus) {
  HeaderList headers;
  for (int i = 0; i < 500; ++i) {
    headers.push_back({"x-ratelimit-" + std::to_string(i), std::string(100, 'v')});
  }
  size_t bytes = 0;
  for (const auto& [name, value] : PassedHeaders(headers)) bytes += name.size() + value.size();
  EXPECT_GT(bytes, 1500u);
  EXPECT_LE(bytes, 2048u);
}

TEST(UpstreamErrorTest, ErrorAfterOkIsOkWithoutAnError) {
  EXPECT_TRUE(ErrorAfterOk(R"({"choices":[]})").ok());
  EXPECT_TRUE(ErrorAfterOk("rubbish").ok());
  EXPECT_TRUE(ErrorAfterOk("[1]").ok());
  EXPECT_TRUE(ErrorAfterOk(R"({"choices":[],"detail":"high"})").ok());
}

TEST(UpstreamErrorTest, ErrorAfterOkKnowsAPromptThatIsTooLong) {
  const CallStatus status = ErrorAfterOk(R"({"error":{"message":"the prompt is too long"}})");
  EXPECT_EQ(status.code, StatusCode::kInvalidArgument);
  EXPECT_EQ(status.reason, v1::ERROR_REASON_UPSTREAM_STREAM_ERROR);
  EXPECT_TRUE(status.may_have_run);
}

TEST(ErrorTextTest, CutsWhatNobodyMaySee) {
  const std::pair<std::string, std::string> cases[] = {
      {"plain text, https://docs.example/a/b stays", "plain text, https://docs.example/a/b stays"},
      {"model accounts/fireworks/models/x stays", "model accounts/fireworks/models/x stays"},
      {"key fw_abcDEF123456 is bad", "key [redacted] is bad"},
      {"provided: sk-abc****wxyz.", "provided: [redacted]"},
      {"(sk-proj-0123456789)", "([redacted])"},
      {"Authorization: Bearer abc.def-ghi", "Authorization: [redacted]"},
      {"bearer tok", "[redacted]"},
      {"ask-me-anything", "ask-me-anything"},
      {"a fw_x b", "a fw_x b"},
      {"in /usr/lib/python3/site.py line 3", "in [path] line 3"},
      {"\"/app/server.py\"", "\"[path]\""},
      {"at C:\\srv\\app.py here", "at [path] here"},
      {"no/path and / and /x", "no/path and / and /x"},
      {"path=/srv/app/x.py:12", "path=[path]:12"},
      {"at:/srv/app/x.cc", "at:[path]"},
      {"[/srv/app/x]", "[[path]]"},
      {"file:///srv/app/x", "[path]"},
      {"in ../../app/x.py now", "in [path] now"},
      {"/app.py", "[path]"},
      {"it broke, File \"app/x.py\", line 3", "it broke,"},
      {"api_key=0123abcd", "[redacted]"},
      {"Api-Key: 0123abcd, see", "[redacted], see"},
      {"a token eyJhbGciOi.J9.x_y", "a token [redacted]"},
      {"hf_abcdefgh", "[redacted]"},
      {"https://docs.example/sk-abcdefgh", "https://docs.example/[redacted]"},
      {"[{'type': 'missing', 'msg': 'no', 'input': 'my prompt'}]",
       "[{'type': 'missing', 'msg': 'no',"},
      {"bad body: {\"messages\": [{\"content\": \"my prompt\"}]}", "bad body: {"},
      {"oops\nTraceback (most recent call last):\n  File \"/app/x.py\"", "oops"},
      {"Extra inputs, field: 'a', value: 'my prompt'", "Extra inputs, field: 'a'"},
      {"type=int, input_value='my prompt'", "type=int,"},
      {"two\nlines\x1b[31m\x7f", "two lines [31m"},
      {"bad\xFF utf", "bad\xEF\xBF\xBD utf"},
  };
  for (const auto& [text, clean] : cases) EXPECT_EQ(CleanErrorText(text), clean) << text;
}

TEST(ErrorTextTest, KeysOfAnyForm) {
  const std::pair<std::string, std::string> cases[] = {
      {"Incorrect API key provided: 0a1b2c3d4e. See https://x.example/keys",
       "Incorrect API key provided: [redacted] See https://x.example/keys"},
      {"The key abc*****xyz is invalid.", "The key [redacted] is invalid."},
      {"Error 401: no such credential", "Error 401: no such credential"},
  };
  for (const auto& [text, clean] : cases) EXPECT_EQ(CleanKeyErrorText(text), clean) << text;
  const CallStatus status = HttpErrorStatus(401, {}, R"({"error":"no: 0a1b2c3d4e5f"})");
  EXPECT_EQ(status.message.find("0a1b2c"), std::string::npos) << status.message;
}

TEST(ErrorTextTest, OfJsonThatWasCutNothingIsShown) {
  EXPECT_EQ(HttpErrorStatus(500, {}, R"({"error":{"input":"my pro)").message,
            HttpErrorStatus(500, {}, "").message);
}

TEST(ErrorTextTest, IsBounded) {
  EXPECT_EQ(CleanErrorText(std::string(100000, 'x')).size(), 512u);
  const CallStatus status =
      HttpErrorStatus(400, {}, R"({"error":")" + std::string(100000, 'x') + "\"}");
  EXPECT_LT(status.message.size(), 1024u);
}

}  // namespace
}  // namespace sparkgate::translate
