// A whole HTTP body in extra_body_json is a request: each of tests/data/http_bodies reaches the
// upstream byte for byte, except `stream` and `stream_options`, which the RPC decides.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>

#include "nlohmann/json.hpp"
#include "sparkgate/v1/debug_service.pb.h"
#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/server_process.h"

namespace sparkgate::api {
namespace {

using nlohmann::json;
using support::CallResult;
using support::Rpc;

constexpr char kStreamEnd[] = R"(,"stream":true,"stream_options":{"include_usage":true}})";
constexpr char kChatEnd[] = R"(,"stream":false})";

std::map<std::string, std::string> ReadBodies() {
  std::map<std::string, std::string> bodies;
  for (const auto& entry : std::filesystem::directory_iterator("tests/data/http_bodies")) {
    std::ifstream file(entry.path(), std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    if (entry.path().extension() == ".json") bodies[entry.path().stem()] = text.str();
  }
  return bodies;
}

// What must stand between the upstream body's brace and the end that the RPC decides.
std::string ExpectedMembers(const std::string& name, const std::string& body) {
  static const std::map<std::string, std::string> kWithoutStream = {
      {"escapes",
       "\"m\\u006fdel\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"caf\\u00e9 "
       "\\ud83d\\ude00 \xF0\x9F\x98\x80 \xC3\xA9\xE4\xB8\xAD\\/\\t\\b\\u2028 \\\\ \\\"q\\\"\"}]"},
      {"nulls",
       R"("model":"m","messages":[{"role":"user","content":"a","name":null}],"temperature":null,)"
       R"("top_p":null,"n":null,"stop":null,"max_tokens":null,"tools":null,"tool_choice":null,)"
       R"("response_format":null,"seed":null,"user":null,"logit_bias":null,"metadata":null)"},
      {"stream_first", R"("model":"m","messages":[{"role":"user","content":"a","stream":1}])"},
      {"stream_in_the_middle",
       "\"model\": \"m\",\n"
       "  \"messages\": [\n"
       "    {\"role\": \"user\", \"content\": \"\\\"stream\\\": true, is what I say\"}\n"
       "  ],\n"
       "  \"perf_metrics_in_response\": true"},
      {"stream_last", R"("model" : "m" , "messages" : [ { "role" : "user" , "content" : "a" } ])"},
  };
  const auto cut = kWithoutStream.find(name);
  if (cut != kWithoutStream.end()) return cut->second;
  const size_t begin = body.find_first_not_of(" \t\r\n", body.find('{') + 1);
  return body.substr(begin, body.find_last_not_of(" \t\r\n", body.rfind('}') - 1) + 1 - begin);
}

class HttpBody : public testing::Test {
 protected:
  void Serve(std::vector<std::string> flags) {
    support::ServerProcess::Options options;
    options.upstream_url = upstream_.base_url();
    options.flags = std::move(flags);
    server_ = std::make_unique<support::ServerProcess>(options);
    caller_ = std::make_unique<support::Caller>(server_->address());
  }

  // As `jq -Rsc '{extra_body_json: .}' body.json` makes it, with `fields` beside it.
  static std::string Request(const std::string& body, json fields = json::object()) {
    fields["extra_body_json"] = body;
    return fields.dump();
  }

  CallResult Call(Rpc rpc, const std::string& body) { return caller_->Call(rpc, Request(body)); }

  support::ScriptedUpstream upstream_{[](support::Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      connection.Send(support::AnswerTo(request->body, "Hello"));
    }
  }};
  std::unique_ptr<support::ServerProcess> server_;
  std::unique_ptr<support::Caller> caller_;
};

TEST_F(HttpBody, ArrivesByteForByte) {
  Serve({});
  const auto bodies = ReadBodies();
  ASSERT_GE(bodies.size(), 30u);
  for (const auto& [name, body] : bodies) {
    for (const Rpc rpc : support::kBothRpcs) {
      SCOPED_TRACE(name + " " + std::string(support::RpcName(rpc)));
      const CallResult result = Call(rpc, body);
      ASSERT_TRUE(result.ok()) << result.Describe();
      EXPECT_EQ(upstream_.requests().back().body,
                "{" + ExpectedMembers(name, body) + (rpc == Rpc::kChat ? kChatEnd : kStreamEnd));
    }
  }
}

TEST_F(HttpBody, ExplainChatShowsIt) {
  Serve({"--debug_service", "--include_usage=false"});
  for (const auto& [name, body] : ReadBodies()) {
    SCOPED_TRACE(name);
    const CallResult result = caller_
                                  ->StartRaw("/sparkgate.v1.DebugService/ExplainChat",
                                             support::SerializeRequest(Request(body)))
                                  .Wait();
    ASSERT_TRUE(result.ok()) << result.Describe();
    v1::ExplainChatResponse explained;
    ASSERT_TRUE(explained.ParseFromString(result.messages[0]));
    const std::string members = "{" + ExpectedMembers(name, body);
    EXPECT_EQ(explained.body_json(), members + kChatEnd);
    EXPECT_EQ(explained.stream_body_json(), members + R"(,"stream":true})");
  }
}

TEST_F(HttpBody, TheRpcDecidesWhetherItStreams) {
  Serve({});
  const std::string body =
      R"({"stream":true,"stream_options":{"include_usage":false},"model":"m","messages":[{}]})";
  const CallResult chat = Call(Rpc::kChat, body);
  ASSERT_TRUE(chat.ok()) << chat.Describe();
  EXPECT_EQ(chat.messages.size(), 1u);
  EXPECT_EQ(chat.Text(), "Hello");
  const CallResult stream =
      Call(Rpc::kStreamChat, R"({"stream":false,"model":"m","messages":[{}]})");
  ASSERT_TRUE(stream.ok()) << stream.Describe();
  EXPECT_EQ(stream.Text(), "Hello");
}

TEST_F(HttpBody, FieldsBesideItAreSentToo) {
  Serve({});
  const std::string body = R"({"model":"m","messages":[{}],"seed":null,"stream":true})";
  ASSERT_TRUE(caller_->Chat(Request(body, {{"temperature", 0}})).ok());
  EXPECT_EQ(upstream_.requests().back().body,
            R"({"temperature":0,"model":"m","messages":[{}],"seed":null,"stream":false})");
}

TEST_F(HttpBody, ItsModelIsInTheLog) {
  Serve({});
  ASSERT_TRUE(Call(Rpc::kChat, R"({"messages":[{}],"model":"pasted-model"})").ok());
  EXPECT_EQ(Call(Rpc::kChat, R"({"model":"refused-model"})").name, "INVALID_ARGUMENT");
  server_->Stop();
  const std::string log = server_->process().output() + server_->process().errors();
  EXPECT_NE(log.find(R"("model":"pasted-model")"), std::string::npos) << log;
  EXPECT_NE(log.find(R"("model":"refused-model")"), std::string::npos) << log;
}

}  // namespace
}  // namespace sparkgate::api
