#include "service/translate/request_encoder.h"

#include <gtest/gtest.h>

#include <limits>

#include "google/protobuf/text_format.h"
#include "service/translate/testing/without_stream.h"

namespace sparkgate::translate {
namespace {

constexpr char kHello[] = R"(model: "m" messages { role: "user" content: "hi" })";

v1::ChatRequest Parse(const std::string& text) {
  v1::ChatRequest request;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &request)) << text;
  return request;
}

// The body of `text`, an ASCII-format ChatRequest; or the status as text.
std::string Encode(const std::string& text, EncodeOptions options = {}) {
  UpstreamBody body;
  const CallStatus status = EncodeRequest(Parse(text), options, &body);
  if (!status.ok()) return "error: " + status.message;
  return options.stream ? body.json : WithoutStream(body.json);
}

std::string EncodeWithHello(const std::string& text) { return Encode(kHello + text); }

std::string HelloWith(const std::string& members) {
  return R"({"model":"m","messages":[{"role":"user","content":"hi"}])" + members + "}";
}

std::vector<std::string> ViolatedFields(const v1::ChatRequest& request) {
  UpstreamBody body;
  const CallStatus status = EncodeRequest(request, {}, &body);
  if (!status.ok()) {
    EXPECT_EQ(status.code, absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(status.reason, v1::ERROR_REASON_INVALID_REQUEST);
    EXPECT_EQ(status.pushback, Pushback::kNever);
    EXPECT_FALSE(status.may_have_run);
    EXPECT_LT(status.message.size(), 1024u);
    EXPECT_EQ(body.json, "");
  }
  std::vector<std::string> fields;
  for (const FieldViolation& violation : status.violations) {
    EXPECT_FALSE(violation.description.empty());
    fields.push_back(violation.field);
  }
  return fields;
}

std::vector<std::string> ViolatedFields(const std::string& text) {
  return ViolatedFields(Parse(text));
}

using Fields = std::vector<std::string>;

TEST(RequestEncoderTest, SendsWhatIsThereAndNothingElse) {
  EXPECT_EQ(Encode(kHello), HelloWith(""));
}

TEST(RequestEncoderTest, WhetherItStreamsIsAlwaysSaid) {
  EXPECT_EQ(Encode(kHello, {true, true}),
            HelloWith(R"(,"stream":true,"stream_options":{"include_usage":true})"));
  EXPECT_EQ(Encode(kHello, {true, false}), HelloWith(R"(,"stream":true)"));
  EXPECT_EQ(Encode(kHello, {false, true}), HelloWith(""));
}

TEST(RequestEncoderTest, ZeroFalseAndEmptyAreSent) {
  EXPECT_EQ(EncodeWithHello("temperature: 0 top_k: 0 n: 0 seed: 0 echo: false user: ''"),
            HelloWith(R"(,"temperature":0,"top_k":0,"seed":0,"n":0,"echo":false,"user":"")"));
}

TEST(RequestEncoderTest, EmptyContentIsNotAbsentContent) {
  EXPECT_EQ(Encode("model: 'm' messages { role: 'system' content: '' } messages { role: 'user' }"),
            R"({"model":"m","messages":[{"role":"system","content":""},{"role":"user"}]})");
}

TEST(RequestEncoderTest, NumbersKeepAllTheirDigits) {
  EXPECT_EQ(EncodeWithHello("seed: -9223372036854775808 temperature: 0.1234567891"),
            HelloWith(R"(,"temperature":0.1234567891,"seed":-9223372036854775808)"));
  EXPECT_EQ(EncodeWithHello("seed: 9223372036854775807 top_p: 1e22"),
            HelloWith(R"(,"top_p":1e+22,"seed":9223372036854775807)"));
}

TEST(RequestEncoderTest, MapsAreSortedAndStopIsAList) {
  EXPECT_EQ(EncodeWithHello(R"(metadata { key: "b" value: "2" } metadata { key: "a" value: "1" }
                               logit_bias { key: "7" value: -1.5 } stop: "END")"),
            HelloWith(R"(,"logit_bias":{"7":-1.5},"stop":["END"],"metadata":{"a":"1","b":"2"})"));
}

TEST(RequestEncoderTest, EscapesOnceAndKeepsUtf8) {
  auto request = Parse(kHello);
  request.set_user(std::string("a\"\\\n\t\x01\0z\xC3\xA9\xF0\x9F\x98\x80\x7F", 15));
  UpstreamBody body;
  ASSERT_TRUE(EncodeRequest(request, {}, &body).ok());
  EXPECT_EQ(WithoutStream(body.json),
            HelloWith(",\"user\":\"a\\\"\\\\\\n\\t\\u0001\\u0000z\xC3\xA9\xF0\x9F\x98\x80\x7F\""));
}

TEST(RequestEncoderTest, UnionsGoToOneKey) {
  EXPECT_EQ(EncodeWithHello("logprobs: true"), HelloWith(R"(,"logprobs":true)"));
  EXPECT_EQ(EncodeWithHello("logprobs_count: 5"), HelloWith(R"(,"logprobs":5)"));
  EXPECT_EQ(EncodeWithHello("tool_choice: 'any'"), HelloWith(R"(,"tool_choice":"any")"));
  EXPECT_EQ(EncodeWithHello("tool_choice_function: 'f'"),
            HelloWith(R"(,"tool_choice":{"type":"function","function":{"name":"f"}})"));
  EXPECT_EQ(EncodeWithHello("reasoning_effort: 'low'"), HelloWith(R"(,"reasoning_effort":"low")"));
  EXPECT_EQ(EncodeWithHello("reasoning_effort_tokens: 9"), HelloWith(R"(,"reasoning_effort":9)"));
  EXPECT_EQ(EncodeWithHello("reasoning_effort_enabled: false"),
            HelloWith(R"(,"reasoning_effort":false)"));
  EXPECT_EQ(EncodeWithHello("prediction: 'p'"), HelloWith(R"(,"prediction":"p")"));
  EXPECT_EQ(
      EncodeWithHello("prediction_parts { text: 'p' }"),
      HelloWith(R"(,"prediction":{"type":"content","content":[{"type":"text","text":"p"}]})"));
  EXPECT_EQ(EncodeWithHello("speculation_token_ids: 1 speculation_token_ids: 2"),
            HelloWith(R"(,"speculation":[1,2])"));
}

TEST(RequestEncoderTest, ContentPartsNameThemselves) {
  EXPECT_EQ(
      Encode(R"(model: "m" messages { role: "user"
                content_parts { text: "t" }
                content_parts { image_url { url: "u" detail: "low" } }
                content_parts { image_data { data: "\x00\x01\x02\x03" mime_type: "image/png" detail: "high" } }
                content_parts { type: "own" text: "x" } })"),
      R"({"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"t"},)"
      R"({"type":"image_url","image_url":{"url":"u","detail":"low"}},)"
      R"({"type":"image_url","image_url":{"url":"data:image/png;base64,AAECAw==","detail":"high"}},)"
      R"({"type":"own","text":"x"}]}]})");
}

TEST(RequestEncoderTest, SchemasAreSplicedByteForByte) {
  EXPECT_EQ(
      EncodeWithHello(
          R"(tools { function { name: "f" parameters_json: "{ \"b\": 1.10,\n\"a\":9007199254740993}" } })"),
      HelloWith(",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":"
                "{ \"b\": 1.10,\n\"a\":9007199254740993}}}]"));
  EXPECT_EQ(EncodeWithHello(
                R"(response_format { type: "json_schema" json_schema_json: "{\"x\":1e400}" })"),
            HelloWith(R"(,"response_format":{"type":"json_schema","json_schema":{"x":1e400}})"));
}

TEST(RequestEncoderTest, BrokenArgumentsGoThroughUntouched) {
  EXPECT_EQ(
      Encode(R"(model: "m" messages { role: "assistant" tool_calls {
                index: 3 id: "c" function { name: "f" arguments: "{\"a\": [1," } } })"),
      R"({"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"c","type":"function",)"
      R"("function":{"name":"f","arguments":"{\"a\": [1,"}}]}]})");
}

TEST(RequestEncoderTest, ExtraBodyIsSplicedAtEveryLevel) {
  EXPECT_EQ(EncodeWithHello(R"(extra_body_json: " { \"a\" : 0.10 , \"n\":[ -0 ] } ")"),
            HelloWith(R"(,"a" : 0.10 , "n":[ -0 ])"));
  EXPECT_EQ(EncodeWithHello(R"(extra_body_json: "{ }")"), HelloWith(""));
  EXPECT_EQ(
      Encode(R"(model: "m" messages { role: "user" extra_body_json: "{\"name\":\"x\"}"
                content_parts { extra_body_json: "{\"type\":\"file\",\"file\":{}}" } })"),
      R"({"model":"m","messages":[{"role":"user","content":[{"type":"file","file":{}}],"name":"x"}]})");
  EXPECT_EQ(EncodeWithHello(R"(tools { extra_body_json: "{\"x\":1}" function { name: "f"
                extra_body_json: "{\"y\":2}" } } thinking { extra_body_json: "{\"type\":\"z\"}" })"),
            HelloWith(R"(,"tools":[{"type":"function","function":{"name":"f","y":2},"x":1}])"
                      R"(,"thinking":{"type":"z"})"));
}

TEST(RequestEncoderTest, ExtraBodyMayGiveWhatIsNotSet) {
  EXPECT_EQ(Encode(R"(extra_body_json: "{\"model\":\"m\",\"messages\":[]}")"),
            R"({"model":"m","messages":[]})");
  EXPECT_EQ(EncodeWithHello(R"(extra_body_json: "{\"stop\":\"END\",\"temperature\":null}")"),
            HelloWith(R"(,"stop":"END","temperature":null)"));
}

TEST(RequestEncoderTest, TheRpcAndNotTheBodySaysWhetherItStreams) {
  const std::pair<std::string, std::string> cases[] = {
      {R"({"stream":true})", "{}"},
      {R"({"stream":true,"stream_options":null})", "{}"},
      {R"({"stream":true , "a":1})", R"({"a":1})"},
      {R"({"a":1, "stream":false})", R"({"a":1})"},
      {R"({"a":1 ,"stream":null,  "b":2 })", R"({"a":1,  "b":2})"},
      {R"({"a":1,"stream":1,"b":2,"stream_options":{"x":[","]},"c":3})", R"({"a":1,"b":2,"c":3})"},
      {R"({"a":",","str\u0065am":true,"b":{"stream":true}})", R"({"a":",","b":{"stream":true}})"},
  };
  for (const auto& [body, members] : cases) {
    v1::ChatRequest request = Parse(kHello);
    request.set_extra_body_json(body);
    const std::string expected =
        HelloWith((members == "{}" ? "" : ",") + members.substr(1, members.size() - 2));
    UpstreamBody upstream;
    ASSERT_TRUE(EncodeRequest(request, {}, &upstream).ok()) << body;
    EXPECT_EQ(WithoutStream(upstream.json), expected);
    ASSERT_TRUE(EncodeRequest(request, {true, true}, &upstream).ok()) << body;
    EXPECT_EQ(upstream.json, expected.substr(0, expected.size() - 1) +
                                 R"(,"stream":true,"stream_options":{"include_usage":true}})");
  }
  EXPECT_EQ(Encode(R"(extra_body_json: "{\"messages\":[{}],\"stream\":true,\"model\":\"m\"}")"),
            R"({"messages":[{}],"model":"m"})");
}

// Elsewhere they are nobody's but the caller's.
TEST(RequestEncoderTest, StreamWithinAMessageIsSent) {
  EXPECT_EQ(Encode(R"(model: "m" messages { role: "user" extra_body_json: "{\"stream\":true}" })"),
            R"({"model":"m","messages":[{"role":"user","stream":true}]})");
}

TEST(RequestEncoderTest, KnowsTheModelAlsoOfWhatItRefuses) {
  const std::pair<std::string, std::string> cases[] = {
      {kHello, "m"},
      {"model: 'm'", "m"},
      {"", ""},
      {"extra_body_json: '{\"model\":\"b\",\"messages\":[]}'", "b"},
      {"extra_body_json: '{\"model\":\"b\"}'", "b"},
      {"extra_body_json: '{\"model\":7}'", ""},
      {"extra_body_json: '{\"model\":\"b\"'", ""},
      {"model: 'm' extra_body_json: '{\"model\":\"b\"}'", "m"},
  };
  for (const auto& [text, model] : cases) {
    UpstreamBody body;
    EncodeRequest(Parse(text), {}, &body);
    EXPECT_EQ(body.model, model) << text;
  }
}

// Whoever pastes an HTTP body is told where it belongs.
TEST(RequestEncoderTest, SaysWhereABodyBelongs) {
  const auto violations = [](const std::string& text) {
    UpstreamBody body;
    return EncodeRequest(Parse(text), {}, &body).violations;
  };
  EXPECT_NE(violations("")[1].description.find("extra_body_json"), std::string::npos);
  EXPECT_NE(violations(R"(extra_body_json: "\"{\\\"model\\\":1}\"")")[0].description.find("twice"),
            std::string::npos);
}

TEST(RequestEncoderTest, NamesTheFieldThatIsWrong) {
  const std::pair<std::string, Fields> cases[] = {
      {"", {"model", "messages"}},
      {"model: '' messages { role: 'user' }", {"model"}},
      {"model: 'm'", {"messages"}},
      {"model: 'm' messages { content: 'x' }", {"messages[0].role"}},
      {"model: 'm' messages { role: 'user' } messages { role: '' }", {"messages[1].role"}},
      {"model: 'm' messages { role: 'user' content: 'a' content_parts { text: 'b' } }",
       {"messages[0].content_parts"}},
      {"model: 'm' messages { role: 'user' content_parts { } }", {"messages[0].content_parts[0]"}},
      {"model: 'm' messages { role: 'user' content_parts { text: 'a' image_url { url: 'u' } } }",
       {"messages[0].content_parts[0].image_url"}},
      {"model: 'm' messages { role: 'user' content_parts { image_data { data: 'x' } } }",
       {"messages[0].content_parts[0].image_data.mime_type"}},
      {"model: 'm' messages { role: 'user' content_parts { video_url { url: 'u' sample_fps: nan } "
       "} }",
       {"messages[0].content_parts[0].video_url.sample_fps"}},
  };
  for (const auto& [text, fields] : cases) EXPECT_EQ(ViolatedFields(text), fields) << text;
}

TEST(RequestEncoderTest, NamesTheFieldThatIsWrongBesideAMessage) {
  const std::pair<std::string, Fields> cases[] = {
      {"max_tokens: 1 max_completion_tokens: 1", {"max_completion_tokens"}},
      {"logprobs: true logprobs_count: 1", {"logprobs_count"}},
      {"tool_choice: 'auto' tool_choice_function: 'f'", {"tool_choice_function"}},
      {"reasoning_effort: 'low' reasoning_effort_tokens: 1 reasoning_effort_enabled: true",
       {"reasoning_effort_tokens", "reasoning_effort_enabled"}},
      {"prediction: 'a' prediction_parts { text: 'b' }", {"prediction_parts"}},
      {"speculation: 'a' speculation_token_ids: 1", {"speculation_token_ids"}},
      {"temperature: nan", {"temperature"}},
      {"top_p: -inf", {"top_p"}},
      {"logit_bias { key: '5' value: inf }", {"logit_bias[\"5\"]"}},
      {"tools { function { } }", {"tools[0].function.name"}},
      {"tools { function { name: 'f' parameters_json: '{' } }",
       {"tools[0].function.parameters_json"}},
      {"tools { function { name: 'f' parameters_json: '' } }",
       {"tools[0].function.parameters_json"}},
      {"response_format { schema_json: '{} x' }", {"response_format.schema_json"}},
      {"extra_body_json: ''", {"extra_body_json"}},
      {"extra_body_json: '[1]'", {"extra_body_json"}},
      {"extra_body_json: '{\"stream\":true,\"stream\":true}'", {"extra_body_json"}},
      {"extra_body_json: '{\"a\":1,\"a\":2}'", {"extra_body_json"}},
      {"extra_body_json: '{\"a\":{\"b\":1,\"\\\\u0062\":2}}'", {"extra_body_json"}},
      {"extra_body_json: '{\"model\":\"x\"}'", {"extra_body_json"}},
      {"n: 2 extra_body_json: '{\"n\":2}'", {"extra_body_json"}},
      {"logprobs_count: 1 extra_body_json: '{\"logprobs\":true}'", {"extra_body_json"}},
      {"tools { function { name: 'f' } extra_body_json: '{\"function\":{}}' }",
       {"tools[0].extra_body_json"}},
  };
  for (const auto& [text, fields] : cases) {
    EXPECT_EQ(ViolatedFields(kHello + text), fields) << text;
  }
}

TEST(RequestEncoderTest, RefusesTextThatOnlyBeginsAsJson) {
  auto request = Parse(kHello);
  for (const std::string& json :
       {std::string("{}\0,\"x\":1", 9), std::string("\xEF\xBB\xBF{}"), std::string("{}//"),
        std::string("{'a':1}"), std::string("NaN")}) {
    request.set_extra_body_json(json);
    EXPECT_EQ(ViolatedFields(request), Fields{"extra_body_json"}) << json;
  }
}

// Halves of surrogate pairs are no characters: strict parsers refuse the whole body for one, and
// do not say where it is.
TEST(RequestEncoderTest, RefusesHalvesOfSurrogatePairsInJson) {
  auto request = Parse(kHello);
  for (const char* json :
       {R"({"a":"\ud83d"})", R"({"\ude00":1})", R"({"a":["x",{"b":"\ud83dx"}]})"}) {
    request.set_extra_body_json(json);
    EXPECT_EQ(ViolatedFields(request), Fields{"extra_body_json"}) << json;
  }
  request.set_extra_body_json(R"({"a":"\ud83d\ude00 \\ud83d"})");
  EXPECT_EQ(ViolatedFields(request), Fields{});
  request.mutable_response_format()->set_schema_json(R"("\ude00")");
  EXPECT_EQ(ViolatedFields(request), Fields{"response_format.schema_json"});
}

TEST(RequestEncoderTest, RefusesDepth65AndTakesDepth64) {
  auto request = Parse(kHello);
  const auto nested = [](int depth) {
    return R"({"a":)" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
  };
  request.set_extra_body_json(nested(64));
  EXPECT_EQ(ViolatedFields(request), Fields{});
  request.set_extra_body_json(nested(65));
  EXPECT_EQ(ViolatedFields(request), Fields{"extra_body_json"});
}

TEST(RequestEncoderTest, CountsRequestedChoices) {
  const std::pair<std::string, int> cases[] = {
      {"", 1},
      {"n: 3", 3},
      {"n: 0", 1},
      {"n: -2", 1},
      {"extra_body_json: '{\"n\":4}'", 4},
      {"extra_body_json: '{\"n\":\"x\"}'", 1},
      {"extra_body_json: '{\"n\":1e400}'", 1},
  };
  for (const auto& [text, choices] : cases) {
    UpstreamBody body;
    ASSERT_TRUE(EncodeRequest(Parse(kHello + text), {}, &body).ok()) << text;
    EXPECT_EQ(body.requested_choices, choices) << text;
  }
}

TEST(RequestEncoderTest, StopsAtSixteenViolations) {
  v1::ChatRequest request = Parse("model: 'm'");
  for (int i = 0; i < 100; ++i) request.add_messages();
  EXPECT_EQ(ViolatedFields(request).size(), 16u);
}

TEST(RequestEncoderTest, TakesTenThousandMessages) {
  v1::ChatRequest request = Parse("model: 'm'");
  for (int i = 0; i < 10000; ++i) *request.add_messages() = Parse(kHello).messages(0);
  EXPECT_EQ(ViolatedFields(request), Fields{});
}

TEST(RequestEncoderTest, NoPromptIsInAStatus) {
  const CallStatus status = [] {
    UpstreamBody body;
    return EncodeRequest(Parse(R"(model: "SECRET" messages { content: "SECRET" }
        extra_body_json: "{\"SECRET\":SECRET}" top_p: nan)"),
                         {}, &body);
  }();
  EXPECT_EQ(status.message.find("SECRET"), std::string::npos);
  for (const auto& violation : status.violations) {
    EXPECT_EQ((violation.field + violation.description).find("SECRET"), std::string::npos);
  }
}

}  // namespace
}  // namespace sparkgate::translate
