// The real server in front of an upstream that nobody of this project wrote: aimock, with the
// answers of fixtures.json. Its journal proves what arrived.
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "simulator/testing/test_client.h"
#include "tests/support/caller.h"
#include "tests/support/secrets.h"
#include "tests/support/server_process.h"
#include "tests/tolerance/summary.h"

namespace sparkgate::aimock {
namespace {

using nlohmann::json;
using support::CallResult;
using support::Rpc;

// The program, on a port of its own, for as long as the object lives.
class Aimock {
 public:
  Aimock() {
    const char* tools = std::getenv("SPARKGATE_TEST_TOOLS");
    if (tools == nullptr) return;
    process_ = std::make_unique<support::ChildProcess>(
        std::vector<std::string>{std::string(tools) + "/aimock", "--port", "0", "--fixtures",
                                 "tests/aimock/fixtures.json", "--validate-on-load", "--strict"},
        support::ChildProcess::Environment{std::string("AIMOCK_API_KEYS=") + support::kMadeUpKey});
    const auto port = process_->AwaitLine("listening on http://127.0.0.1:");
    if (port) port_ = std::stoi(*port);
  }

  bool ready() const { return port_ != 0; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/v1"; }

  // What it says that arrived with this id: one entry per request.
  json Arrived(const std::string& request_id) const {
    json found = json::array();
    for (const json& entry : Journal()) {
      if (entry["headers"].value("x-request-id", "") == request_id) found.push_back(entry);
    }
    return found;
  }

 private:
  json Journal() const {
    simulator::TestClient client(static_cast<uint16_t>(port_));
    client.Send("GET /__aimock/journal HTTP/1.0\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " +
                std::string(support::kMadeUpKey) + "\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(client.ReadToEnd(), simulator::TestClient::End::kFin);
    return json::parse(simulator::BodyOf(client.received()));
  }

  std::unique_ptr<support::ChildProcess> process_;
  int port_ = 0;
};

std::string Request(const std::string& model, const std::string& more = "") {
  return R"({"model":")" + model + R"(","messages":[{"role":"user","content":")" +
         support::kCanary + "\"}]" + more + "}";
}

class AimockTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    aimock_ = new Aimock;
    if (!aimock_->ready()) return;
    server_ = new support::ServerProcess(aimock_->url());
    caller_ = new support::Caller(server_->address());
  }
  static void TearDownTestSuite() {
    delete caller_;
    delete server_;
    delete aimock_;
  }
  void SetUp() override { ASSERT_NE(caller_, nullptr) << "aimock does not run: see make tools"; }

  static CallResult Call(Rpc rpc, const std::string& body, const std::string& id = "") {
    support::CallOptions options;
    if (!id.empty()) options.metadata = {{"x-request-id", id}};
    return caller_->Call(rpc, body, options);
  }

  static Aimock* aimock_;
  static support::ServerProcess* server_;
  static support::Caller* caller_;
};

Aimock* AimockTest::aimock_ = nullptr;
support::ServerProcess* AimockTest::server_ = nullptr;
support::Caller* AimockTest::caller_ = nullptr;

// Without the usage, which aimock estimates.
std::string WithoutUsage(std::string summary) {
  const size_t at = summary.find(" / usage ");
  return at == std::string::npos ? summary : summary.substr(0, at);
}

// A fixture, named as the model, and what callers see.
struct Row {
  const char* model;
  std::string stream;
  std::string chat = "";  // "": the same
};

std::vector<Row> Answers() {
  const std::string calls =
      "call0(call_1 function weather '{\"city\": \"K\xC3\xB6ln\"}') "
      "call1(call_2 function weather '{\"city\": \"Paris\"}') tool_calls";
  return {
      {"text", "OK / 0 assistant 'Hello there, this is a longer text.' stop"},
      {"halves",
       "OK / 0 assistant 'a\xF0\x9F\x98\x80"
       "b\xF0\x9F\x8C\x8D' stop"},
      {"tools", "OK / 0 assistant " + calls},
      {"blocks",
       "OK / 0 assistant 'Let me see. One moment.' call0(call_1 function weather '{}') tool_calls"},
      {"reasoning", "OK / 0 assistant reasoning~'They ask for \"yes\".' 'Yes.' stop"},
      {"length", "OK / 0 assistant 'Hi' length"},
      {"filter", "OK / 0 assistant 'Hi' content_filter"},
  };
}

std::vector<Row> Failures() {
  const std::string lost = "ABORTED UPSTREAM_CONNECTION_LOST, may have run";
  return {
      {"limited", "RESOURCE_EXHAUSTED RATE_LIMITED, retry in 7000"},
      {"overloaded", "UNAVAILABLE UPSTREAM_OVERLOADED, retry in 1000"},
      {"broken", "INTERNAL UPSTREAM_INTERNAL, may have run"},
      {"refused", "INVALID_ARGUMENT INVALID_REQUEST"},
      {"closed", lost, "OK / 0 assistant 'Hello there' stop"},
      {"cut", "ABORTED UPSTREAM_STREAM_TRUNCATED, may have run / 0 assistant 'He' -",
       "OK / 0 assistant 'Hello there' stop"},
      {"malformed", "INTERNAL UPSTREAM_PROTOCOL_ERROR, may have run"},
      {"dropped", "INTERNAL UPSTREAM_INTERNAL, may have run"},
      {"disconnected", lost},
  };
}

void ExpectRow(const Row& row, Rpc rpc, const CallResult& result) {
  SCOPED_TRACE(std::string(row.model) + ", " + std::string(RpcName(rpc)) + "\n" +
               result.Describe() + "\n" + result.AllJson());
  const bool chat = rpc == Rpc::kChat && !row.chat.empty();
  EXPECT_EQ(WithoutUsage(tolerance::Summary(result)), chat ? row.chat : row.stream);
  if (rpc == Rpc::kStreamChat) tolerance::ExpectContract(result);
}

TEST_F(AimockTest, AnswersArriveWhole) {
  for (const Rpc rpc : support::kBothRpcs) {
    for (const Row& row : Answers()) {
      const CallResult result = Call(rpc, Request(row.model));
      ExpectRow(row, rpc, result);
      // It counts tokens for either RPC, since StreamChat asks for them.
      EXPECT_NE(tolerance::Summary(result).find(" / usage "), std::string::npos);
    }
  }
}

TEST_F(AimockTest, FailuresAndCutsAreTold) {
  for (const Rpc rpc : support::kBothRpcs) {
    for (const Row& row : Failures()) ExpectRow(row, rpc, Call(rpc, Request(row.model)));
  }
}

TEST_F(AimockTest, ItsRateLimitsAndFieldNamesGoOn) {
  const CallResult limited = Call(Rpc::kStreamChat, Request("limited"), "limited-1");
  EXPECT_EQ(limited.Trailer("x-ratelimit-limit-requests"), "60");
  EXPECT_EQ(limited.pushback(), "7000");
  EXPECT_EQ(limited.Info("upstream_request_id"), "limited-1");
  const CallResult refused = Call(Rpc::kChat, Request("refused", R"(,"reasoning_effort":"huge")"));
  ASSERT_EQ(refused.violations.size(), 1u) << refused.Describe();
  EXPECT_EQ(refused.violations[0].field, "reasoning_effort");
}

TEST_F(AimockTest, UsageIsWhatItSays) {
  for (const Rpc rpc : support::kBothRpcs) {
    EXPECT_EQ(tolerance::Summary(Call(rpc, Request("usage"))),
              "OK / 0 assistant 'Hi' stop / usage 11+22=33");
  }
}

// Its timer ends the connection somewhere in the text.
TEST_F(AimockTest, ADisconnectInTheMiddleIsACut) {
  const std::string whole = "a text that takes much longer than the connection lasts, by far";
  const CallResult result = Call(Rpc::kStreamChat, Request("gone"));
  EXPECT_EQ(result.reason, "UPSTREAM_STREAM_TRUNCATED") << result.Describe();
  EXPECT_LT(result.Text().size(), whole.size());
  EXPECT_EQ(result.Text(), whole.substr(0, result.Text().size()));
}

TEST_F(AimockTest, TheJournalHoldsWhatWasSent) {
  const std::string more =
      R"(,"temperature":0.5,"max_tokens":7,"stop":["a"],"tools":[{"type":"function","function":{"name":"weather","parameters_json":"{\"type\":\"object\",\"b\":1}"}}],"extra_body_json":"{\"new_one\":{\"b\":[1.5,null]}}")";
  json expected = json::parse(
      R"({"model":"text","temperature":0.5,"max_tokens":7,"stop":["a"],"tools":[{"type":"function","function":{"name":"weather","parameters":{"type":"object","b":1}}}],"new_one":{"b":[1.5,null]}})");
  expected["messages"] = json::array({{{"role", "user"}, {"content", support::kCanary}}});
  for (const Rpc rpc : support::kBothRpcs) {
    const std::string id = "journal-" + std::string(RpcName(rpc));
    ASSERT_TRUE(Call(rpc, Request("text", more), id).ok());
    const json entries = aimock_->Arrived(id);
    ASSERT_EQ(entries.size(), 1u) << entries;
    const json& entry = entries[0];
    EXPECT_EQ(entry["method"], "POST");
    EXPECT_EQ(entry["path"], "/v1/chat/completions");
    EXPECT_TRUE(entry["headers"].contains("authorization")) << entry["headers"];
    EXPECT_EQ(entry["headers"]["content-type"], "application/json");
    json body = entry["body"];
    body.erase("_endpointType");  // its own
    json sent = expected;
    sent["stream"] = rpc == Rpc::kStreamChat;
    if (rpc == Rpc::kStreamChat) {
      sent["stream_options"] = {{"include_usage", true}};
    }
    EXPECT_EQ(body, sent);
  }
}

// One request is one request: nothing that failed was sent again, but for the statuses that say
// that nothing ran.
TEST_F(AimockTest, WhatMayHaveRunArrivedOnce) {
  for (const char* model : {"broken", "cut", "closed", "gone", "malformed", "refused"}) {
    const std::string id = std::string("once-") + model;
    EXPECT_FALSE(Call(Rpc::kStreamChat, Request(model), id).ok());
    EXPECT_EQ(aimock_->Arrived(id).size(), 1u) << model;
  }
}

// A conversation: the answer's message, as it came, and the tools' results.
TEST_F(AimockTest, ToolsInALoop) {
  const CallResult first = Call(Rpc::kChat, Request("tools"));
  ASSERT_TRUE(first.ok()) << first.Describe();
  const json message = json::parse(first.MessageJson(0))["choices"][0]["message"];
  json request = json::parse(Request("tools"));
  request["messages"].push_back(message);
  for (const char* id : {"call_1", "call_2"}) {
    request["messages"].push_back({{"role", "tool"}, {"tool_call_id", id}, {"content", "rain"}});
  }
  const CallResult second = Call(Rpc::kStreamChat, request.dump(), "loop-2");
  EXPECT_EQ(WithoutUsage(tolerance::Summary(second)), "OK / 0 assistant 'It rains in both.' stop");
  const json entries = aimock_->Arrived("loop-2");
  ASSERT_EQ(entries.size(), 1u);
  const json& arrived = entries[0]["body"]["messages"];
  ASSERT_EQ(arrived.size(), 4u);
  EXPECT_EQ(arrived[1]["tool_calls"], json::parse(R"([
      {"id":"call_1","type":"function","function":{"name":"weather","arguments":"{\"city\": \"Köln\"}"}},
      {"id":"call_2","type":"function","function":{"name":"weather","arguments":"{\"city\": \"Paris\"}"}}])"));
  EXPECT_EQ(arrived[3], json::parse(R"({"role":"tool","tool_call_id":"call_2","content":"rain"})"));
}

TEST_F(AimockTest, TheKeyIsWhatLetsCallsIn) {
  support::ServerProcess::Options options;
  options.upstream_url = aimock_->url();
  options.no_key = true;
  support::ServerProcess server(options);
  support::Caller caller(server.address());
  for (const Rpc rpc : support::kBothRpcs) {
    const CallResult result = caller.Call(rpc, Request("text"));
    EXPECT_EQ(result.reason, "UPSTREAM_AUTH_FAILED") << result.Describe();
  }
}

}  // namespace
}  // namespace sparkgate::aimock
