// A server that refuses a field which Sparkgate added by itself.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/field/case_file.h"
#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/server_process.h"

namespace sparkgate::field {
namespace {

using support::CallResult;
using support::Connection;
using support::Rpc;

struct Refusal {
  std::string name;
  std::string response;
  std::string field = "\"stream_options\"";  // as long as the body has it
};

Refusal Refuses(const std::string& name, int status, const std::string& body,
                const std::string& field = "\"stream_options\"") {
  return {name, support::JsonResponse(body, status), field};
}

std::vector<Refusal> Refusals() {
  return {
      {"a18-1", ReadCase("a18-1-refuses-stream-options")},
      {"a18-2", ReadCase("a18-2-refuses-stream-options-422")},
      Refuses(
          "a path to the field's own member", 422,
          R"({"detail":[{"type":"extra_forbidden","loc":["body","stream_options","include_usage"],"msg":"Extra inputs are not permitted"}]})"),
      Refuses("a parameter by name", 400,
              R"({"error":{"message":"Unknown parameter.","param":"stream_options"}})"),
      Refuses("words of a parser", 422, "Failed to read the body: unknown field `stream_options`"),
      Refuses(
          "a list in a text", 400,
          R"({"object":"error","message":"[{'loc': ('body', 'stream_options'), 'msg': 'Extra inputs are not permitted'}]"})"),
      Refuses("the member alone", 400,
              R"({"error":{"message":"include_usage is not supported by this model"}})"),
  };
}

// An upstream that refuses the field as long as it comes.
support::ScriptedUpstream::Script Refusing(const Refusal& refusal) {
  return [refusal](Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      const bool refused = request->body.find(refusal.field) != std::string::npos;
      connection.Send(refused ? refusal.response : support::AnswerTo(request->body, "Hello"));
    }
  };
}

// It is asked once more without the field, and is never asked with it again.
TEST(OwnFieldCases, AreLeftOutOnceTheyWereRefused) {
  for (const Refusal& refusal : Refusals()) {
    SCOPED_TRACE(refusal.name);
    support::ScriptedUpstream upstream(Refusing(refusal));
    support::ServerProcess server(upstream.base_url());
    support::Caller caller(server.address());
    for (int calls = 1; calls <= 3; ++calls) {
      const CallResult result = caller.StreamChat(support::ChatRequestBody("a"));
      EXPECT_TRUE(result.ok()) << result.Describe();
      EXPECT_EQ(result.Text(), "Hello");
      EXPECT_EQ(upstream.requests().size(), calls + 1u);
    }
    EXPECT_TRUE(caller.Chat(support::ChatRequestBody("a")).ok());
  }
}

TEST(OwnFieldCases, ChatIsAskedWithoutStreamToo) {
  const std::vector<Refusal> refusals = {
      Refuses("a path", 422, R"({"detail":[{"loc":["body","stream"],"msg":"not permitted"}]})",
              "\"stream\""),
      Refuses("a parameter", 400, R"({"error":{"message":"Unknown.","param":"stream"}})",
              "\"stream\""),
      Refuses("words of a parser", 400, "unknown field `stream`, expected one of `model`",
              "\"stream\""),
  };
  for (const Refusal& refusal : refusals) {
    SCOPED_TRACE(refusal.name);
    support::ScriptedUpstream upstream(Refusing(refusal));
    support::ServerProcess server(upstream.base_url());
    support::Caller caller(server.address());
    for (int calls = 1; calls <= 2; ++calls) {
      const CallResult result = caller.Chat(support::ChatRequestBody("a"));
      EXPECT_TRUE(result.ok()) << result.Describe();
      EXPECT_EQ(upstream.requests().size(), calls + 1u);
    }
  }
}

// What the caller wrote is refused to the caller, and nothing is sent twice.
TEST(OwnFieldCases, OtherRefusalsAreTheCallers) {
  const std::vector<Refusal> refusals = {
      Refuses("another field", 422, R"({"detail":[{"loc":["body","top_k"],"msg":"not so"}]})",
              "model"),
      Refuses("a word that is no field", 400,
              R"({"error":{"message":"cannot stream this model's answer"}})", "model"),
      Refuses("another status", 403, R"({"error":{"message":"no stream_options"}})", "model"),
      Refuses("a failure", 500, R"({"error":{"message":"stream_options failed"}})", "model"),
  };
  for (const Refusal& refusal : refusals) {
    for (const Rpc rpc : support::kBothRpcs) {
      SCOPED_TRACE(refusal.name);
      support::ScriptedUpstream upstream(Refusing(refusal));
      support::ServerProcess server(upstream.base_url());
      support::Caller caller(server.address());
      const CallResult result = caller.Call(rpc, support::ChatRequestBody("a"));
      EXPECT_FALSE(result.ok());
      EXPECT_EQ(result.message.find("--include_usage"), std::string::npos) << result.message;
      EXPECT_EQ(upstream.requests().size(), 1u);
    }
  }
}

TEST(OwnFieldCases, AServerThatRefusesThemForEverIsToldByTheFlag) {
  for (const char* file : {"a18-1-refuses-stream-options", "a18-2-refuses-stream-options-422"}) {
    const std::string refusal = ReadCase(file);
    support::ScriptedUpstream upstream([&](Connection& connection) {
      while (connection.ReadRequest()) connection.Send(refusal);
    });
    support::ServerProcess server(upstream.base_url());
    support::Caller caller(server.address());
    const CallResult result = caller.StreamChat(support::ChatRequestBody("a"));
    EXPECT_EQ(result.name, "INVALID_ARGUMENT");
    EXPECT_NE(result.message.find("--include_usage=false"), std::string::npos) << result.message;
    EXPECT_TRUE(result.violations.empty());
    EXPECT_EQ(result.Info("attempts"), "2");
    EXPECT_EQ(upstream.requests().size(), 2u);
  }
}

}  // namespace
}  // namespace sparkgate::field
