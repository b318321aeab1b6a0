// Requests that are wrong: the status, with the path of each field, and the next call succeeds.
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/scripts.h"
#include "tests/support/secrets.h"
#include "tests/support/server_process.h"

namespace sparkgate::limits {
namespace {

using support::CallResult;

struct BadRequest {
  std::string name;
  std::string body;
  std::vector<std::string> fields;  // the paths that are named
};

std::string With(const std::string& members) {
  return R"({"model":"m","messages":[{"role":"user","content":")" + std::string(support::kCanary) +
         "\"}]," + members + "}";
}

std::string WithMessage(const std::string& message) {
  return R"({"model":"m","messages":[{"role":"user","content":"a"},)" + message + "]}";
}

// A string of JSON, as the value of a member of JSON.
std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

std::string WithExtra(const std::string& extra, const std::string& more = "") {
  return With("\"extra_body_json\":" + Quoted(extra) + more);
}

std::string Deep(int levels) {
  return "{\"a\":" + std::string(levels - 1, '[') + std::string(levels - 1, ']') + "}";
}

void PrintTo(const BadRequest& request, std::ostream* out) { *out << request.name; }

const std::vector<BadRequest>& BadRequests() {
  static const auto* const kRows = new std::vector<BadRequest>{
      {"no messages", R"({"model":"m"})", {"messages"}},
      {"no model", R"({"messages":[{"role":"user","content":"a"}]})", {"model"}},
      {"nothing at all", "{}", {"model", "messages"}},
      {"no role", WithMessage(R"({"content":"b"})"), {"messages[1].role"}},
      {"an empty role", WithMessage(R"({"role":"","content":"b"})"), {"messages[1].role"}},
      {"NaN", With(R"("temperature":"NaN")"), {"temperature"}},
      {"infinity", With(R"("top_p":"Infinity")"), {"top_p"}},
      {"NaN in a map", With(R"("logit_bias":{"5":"NaN"})"), {"logit_bias[\"5\"]"}},
      {"both names of max_tokens",
       With(R"("max_tokens":1,"max_completion_tokens":1)"),
       {"max_completion_tokens"}},
      {"text and parts",
       WithMessage(R"({"role":"user","content":"a","content_parts":[{"text":"b"}]})"),
       {"messages[1].content_parts"}},
      {"two forms of logprobs", With(R"("logprobs":true,"logprobs_count":2)"), {"logprobs_count"}},
      {"two forms of tool_choice",
       With(R"("tool_choice":"auto","tool_choice_function":"f")"),
       {"tool_choice_function"}},
      {"two forms of reasoning_effort",
       With(R"("reasoning_effort":"low","reasoning_effort_tokens":5)"),
       {"reasoning_effort_tokens"}},
      {"an empty part",
       WithMessage(R"({"role":"user","content_parts":[{"type":"text"}]})"),
       {"messages[1].content_parts[0]"}},
      {"a tool without a name",
       With(R"("tools":[{"function":{"description":"d"}}])"),
       {"tools[0].function.name"}},
      {"extra_body_json is a list", WithExtra("[1]"), {"extra_body_json"}},
      {"extra_body_json is no JSON", WithExtra("{\"a\":"), {"extra_body_json"}},
      {"extra_body_json sets a field that is set",
       WithExtra("{\"temperature\":1}", ",\"temperature\":0.5"),
       {"extra_body_json"}},
      {"extra_body_json is quoted twice", WithExtra(Quoted("{\"a\":1}")), {"extra_body_json"}},
      {"extra_body_json has stream twice",
       WithExtra("{\"stream\":true,\"stream\":true}"),
       {"extra_body_json"}},
      {"a body without messages", R"({"extra_body_json":"{\"model\":\"m\"}"})", {"messages"}},
      {"extra_body_json has a key twice", WithExtra("{\"a\":1,\"a\":2}"), {"extra_body_json"}},
      {"extra_body_json is 65 levels deep", WithExtra(Deep(65)), {"extra_body_json"}},
      {"a message's extra_body_json",
       WithMessage(R"({"role":"user","content":"b","extra_body_json":"{\"content\":1}"})"),
       {"messages[1].extra_body_json"}},
      {"parameters_json is no JSON",
       With(R"("tools":[{"function":{"name":"f","parameters_json":"{"}}])"),
       {"tools[0].function.parameters_json"}},
  };
  return *kRows;
}

class BadInput : public testing::TestWithParam<BadRequest> {
 protected:
  struct Stage {
    support::ScriptedUpstream upstream{support::AnswerHello};
    support::ServerProcess server{upstream.base_url()};
    support::Caller caller{server.address()};
  };
  static void SetUpTestSuite() { stage_ = new Stage; }
  static void TearDownTestSuite() {
    delete stage_;
    stage_ = nullptr;
  }
  static Stage* stage_;
};

BadInput::Stage* BadInput::stage_ = nullptr;

TEST_P(BadInput, IsNamedAndTheNextCallSucceeds) {
  for (const auto rpc : support::kBothRpcs) {
    const size_t before = stage_->upstream.requests().size();
    const CallResult result = stage_->caller.Call(rpc, GetParam().body);
    SCOPED_TRACE(result.Describe());
    EXPECT_EQ(result.name, "INVALID_ARGUMENT");
    EXPECT_EQ(result.reason, "INVALID_REQUEST");
    EXPECT_EQ(result.may_have_run(), "false");
    EXPECT_EQ(result.pushback(), "-1");
    EXPECT_EQ(result.Info("attempts"), "0");
    std::vector<std::string> fields;
    for (const auto& violation : result.violations) {
      fields.push_back(violation.field);
      EXPECT_FALSE(violation.description.empty());
    }
    EXPECT_EQ(fields, GetParam().fields);
    EXPECT_EQ(stage_->upstream.requests().size(), before) << "it went upstream";
    EXPECT_TRUE(stage_->caller.Call(rpc, support::ChatRequestBody("next")).ok());
  }
}

std::string NameOf(const testing::TestParamInfo<BadRequest>& info) {
  std::string name = info.param.name;
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Table, BadInput, testing::ValuesIn(BadRequests()), NameOf);

// 64 levels are taken.
TEST(GoodInput, AsDeepAsAllowed) {
  support::ScriptedUpstream upstream(support::AnswerHello);
  support::ServerProcess server(upstream.base_url());
  support::Caller caller(server.address());
  const CallResult result = caller.Chat(WithExtra(Deep(60)));
  EXPECT_TRUE(result.ok()) << result.Describe();
  EXPECT_NE(upstream.requests().at(0).body.find(std::string(59, '[')), std::string::npos);
}

// A message that is no ChatRequest at all.
TEST(BadBytes, AreRefusedWithoutHarm) {
  support::ScriptedUpstream upstream(support::AnswerHello);
  support::ServerProcess server(upstream.base_url());
  support::Caller caller(server.address());
  for (const auto rpc : support::kBothRpcs) {
    support::RunningCall call =
        caller.StartRaw(std::string(support::MethodName(rpc)), "\x0a\xff\xff\xff rubbish");
    const CallResult result = call.Wait();
    EXPECT_EQ(result.name, "INVALID_ARGUMENT") << result.Describe();
    EXPECT_EQ(result.reason, "INVALID_REQUEST");
  }
  support::RunningCall unknown = caller.StartRaw("/sparkgate.v1.ChatService/NoSuchMethod", "");
  EXPECT_EQ(unknown.Wait().name, "UNIMPLEMENTED");
  EXPECT_TRUE(caller.Chat(support::ChatRequestBody("next")).ok());
}

}  // namespace
}  // namespace sparkgate::limits
