// What an upstream sent in one turn it finds in the next, equal as JSON: Chat's message as it is,
// StreamChat's joined by the client library.
#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "client/accumulator.h"
#include "client/client.h"
#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/server_process.h"

namespace sparkgate::tolerance {
namespace {

using nlohmann::json;
using support::Rpc;

struct Turn {
  const char* name;
  const char* message;  // members of Chat's, without a tool call's index
  std::vector<const char*> deltas;
};

const std::vector<Turn>& Turns() {
  static const auto* const kRows = new std::vector<Turn>{
      {"a sealed call (a13)",
       R"("role":"assistant","reasoning_content":"","tool_calls":[{"id":"A","type":"function","function":{"name":"f","arguments":"{}"},"extra_content":{"vendor":{"thought_signature":"Zm9v"}}}],"reasoning_details":[{"type":"sealed","data":"QQ"}])",
       {R"("role":"assistant","reasoning_content":"")",
        R"("tool_calls":[{"index":0,"id":"A","type":"function","function":{"name":"f","arguments":"{}"},"extra_content":{"vendor":{"thought_signature":"Zm9v"}}}])",
        R"("reasoning_details":[{"type":"sealed","data":"QQ"}])"}},
      {"neighbours of every kind",
       R"("role":"assistant","content":"ab","s":"xy","n":1.5,"t":true,"o":{"p":{"q":["\u00e9",{"r":-0.5}]}},"l":[1,"2",[3]],"tool_calls":[{"id":"A","type":"function","u":{"v":[1]},"function":{"name":"f","arguments":"{}","w":"z"}},{"id":"B","type":"custom","custom":{"name":"g","input":"x"}}])",
       {R"("role":"assistant","content":"a","s":"x","n":1,"o":{"p":{"q":["\u00e9"]}},"l":[1])",
        R"("content":"b","s":"y","n":1.5,"t":true,"o":{"p":{"q":[{"r":-0.5}]}},"l":["2",[3]])",
        R"("tool_calls":[{"index":0,"id":"A","type":"function","u":{"v":[1]},"function":{"name":"f","arguments":"{","w":"z"}}])",
        R"("tool_calls":[{"index":0,"function":{"arguments":"}"}},{"index":1,"id":"B","type":"custom","custom":{"name":"g","input":"x"}}])"}},
      {"parts of content (a07)",
       R"("role":"assistant","content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}],"closed":true},{"type":"text","text":"Hello"}])",
       {R"("role":"assistant","content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}],"closed":true}])",
        R"("content":[{"type":"text","text":"Hel"}])", R"("content":"lo")"}},
      {"reasoning in pieces",
       R"("role":"assistant","content":"Yes","reasoning_content":"hm","reasoning_details":[{"type":"reasoning.text","index":0,"text":"hm","signature":"Zg"},{"type":"reasoning.encrypted","index":1,"data":"QQ"}])",
       {R"("role":"assistant","reasoning_content":"h","reasoning_details":[{"type":"reasoning.text","index":0,"text":"h"}])",
        R"("reasoning_content":"m","reasoning_details":[{"type":"reasoning.text","index":0,"text":"m"}])",
        R"("reasoning_details":[{"type":"reasoning.text","index":0,"signature":"Zg"},{"type":"reasoning.encrypted","index":1,"data":"QQ"}])",
        R"("content":"Yes")"}},
      {"calls under one index (a11)",
       R"("role":"assistant","tool_calls":[{"id":"A","type":"function","function":{"name":"f","arguments":"{}"},"s":"1"},{"id":"B","type":"function","function":{"name":"g","arguments":"{}"},"s":"2"}])",
       {R"("role":"assistant","tool_calls":[{"index":0,"id":"A","type":"function","function":{"name":"f","arguments":"{}"},"s":"1"}])",
        R"("tool_calls":[{"index":0,"id":"B","type":"function","function":{"name":"g","arguments":"{}"},"s":"2"}])"}},
      {"a call in the old form",
       R"("role":"assistant","content":"","function_call":{"name":"f","arguments":"{\"a\":1}"})",
       {R"("role":"assistant","content":"")",
        R"("function_call":{"name":"f","arguments":"{\"a\""})",
        R"("function_call":{"arguments":":1}"})"}},
      {"a voice and a refusal",
       R"("role":"assistant","content":"Hi","refusal":"no","audio":{"id":"a","data":"QQ","expires_at":7},"annotations":[{"type":"url_citation","url_citation":{"url":"u"}}])",
       {R"("role":"assistant","content":"H","audio":{"id":"a","data":"Q"})",
        R"("content":"i","refusal":"n","audio":{"data":"Q","expires_at":7})",
        R"("refusal":"o","annotations":[{"type":"url_citation","url_citation":{"url":"u"}}])"}},
  };
  return *kRows;
}

std::string Answer(Rpc rpc, const Turn& turn) {
  if (rpc == Rpc::kChat) {
    return support::JsonResponse(std::string(R"({"id":"c","choices":[{"index":0,"message":{)") +
                                 turn.message + "},\"finish_reason\":\"stop\"}]}");
  }
  std::vector<std::string> events;
  for (const char* delta : turn.deltas) {
    events.push_back(std::string(R"({"id":"c","choices":[{"index":0,"delta":{)") + delta + "}}]}");
  }
  events.push_back(support::FinishChunk());
  return support::SseResponse(events);
}

class RoundTripTest : public testing::Test {
 protected:
  explicit RoundTripTest(std::vector<std::string> flags = {})
      : upstream_([this](support::Connection& connection) {
          while (connection.ReadRequest()) connection.Send(NextAnswer());
        }),
        server_(upstream_.base_url() + "/v1", std::move(flags)),
        client_(*client::Client::Create(server_.address(), {})) {}

  void SetAnswer(std::string answer) {
    std::lock_guard<std::mutex> lock(mutex_);
    answer_ = std::move(answer);
  }

  v1::ChatMessage Ask(Rpc rpc, const v1::ChatRequest& request) {
    if (rpc == Rpc::kChat) {
      auto reply = client_->Chat(request);
      EXPECT_TRUE(reply.ok());
      return reply.ok() ? reply.value().response.choices(0).message() : v1::ChatMessage();
    }
    client::Stream stream = client_->StreamChat(request);
    client::Accumulator accumulator;
    v1::StreamChatResponse message;
    while (stream.Next(&message)) accumulator.Add(message);
    EXPECT_FALSE(stream.Finish().has_value());
    return accumulator.response().choices(0).message();
  }

  // The messages of the last of three turns, all answered alike and each appended as it came.
  json Converse(Rpc rpc) {
    v1::ChatRequest request;
    request.set_model("m");
    for (int turn = 0; turn < 3; ++turn) {
      v1::ChatMessage* question = request.add_messages();
      question->set_role("user");
      question->set_content("q");
      const v1::ChatMessage answer = Ask(rpc, request);
      *request.add_messages() = answer;
    }
    return json::parse(upstream_.requests().back().body)["messages"];
  }

  std::mutex mutex_;
  std::string answer_;
  support::ScriptedUpstream upstream_;
  support::ServerProcess server_;
  std::unique_ptr<client::Client> client_;

 private:
  std::string NextAnswer() {
    std::lock_guard<std::mutex> lock(mutex_);
    return answer_;
  }
};

TEST_F(RoundTripTest, AnUpstreamFindsWhatItHadSent) {
  for (const Rpc rpc : support::kBothRpcs) {
    for (const Turn& turn : Turns()) {
      SCOPED_TRACE(std::string(RpcName(rpc)) + ", " + turn.name);
      SetAnswer(Answer(rpc, turn));
      const json messages = Converse(rpc);
      const json sent = json::parse("{" + std::string(turn.message) + "}");
      ASSERT_EQ(messages.size(), 5u);
      EXPECT_EQ(messages[1], sent) << messages[1].dump();
      EXPECT_EQ(messages[3], sent) << messages[3].dump();
    }
  }
}

class WithoutEchoTest : public RoundTripTest {
 protected:
  WithoutEchoTest() : RoundTripTest({"--echo_extra=false", "--reasoning_field=reasoning"}) {}
};

TEST_F(WithoutEchoTest, FieldsAloneAreSent) {
  for (const Rpc rpc : support::kBothRpcs) {
    SetAnswer(Answer(rpc, Turns()[3]));
    EXPECT_EQ(Converse(rpc)[1],
              json::parse(R"({"role":"assistant","content":"Yes","reasoning":"hm"})"));
    SetAnswer(Answer(rpc, Turns()[0]));
    EXPECT_EQ(
        Converse(rpc)[1],
        json::parse(
            R"({"role":"assistant","reasoning":"","tool_calls":[{"id":"A","type":"function","function":{"name":"f","arguments":"{}"}}]})"));
    SetAnswer(Answer(rpc, Turns()[2]));
    EXPECT_EQ(Converse(rpc)[1],
              json::parse(R"({"role":"assistant","content":"Hello","reasoning":"hm"})"));
  }
}

TEST_F(RoundTripTest, WhatIsNoObjectIsRefusedByName) {
  v1::ChatRequest request;
  request.set_model("m");
  v1::ChatMessage* message = request.add_messages();
  message->set_role("assistant");
  message->add_tool_calls()->set_extra_json("[]");
  const auto reply = client_->Chat(request);
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, absl::StatusCode::kInvalidArgument);
  ASSERT_EQ(reply.error().field_violations.size(), 1u);
  EXPECT_EQ(reply.error().field_violations[0].field, "messages[0].tool_calls[0].extra_json");
  EXPECT_TRUE(upstream_.requests().empty());
}

}  // namespace
}  // namespace sparkgate::tolerance
