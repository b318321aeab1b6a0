// ExplainChat: for each field of its answer, that it is what the upstream would have got, byte for
// byte, and that nobody is called. tools/api_docs.py takes the names of these tests as the proofs
// of the fields.
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

#include "sparkgate/v1/debug_service.pb.h"
#include "sparkgate/v1/request.pb.h"
#include "tests/api/founding_bodies.h"
#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/scripts.h"
#include "tests/support/secrets.h"
#include "tests/support/server_process.h"

namespace sparkgate::api {
namespace {

using support::CallOptions;
using support::CallResult;
using support::ReceivedRequest;

constexpr char kExplain[] = "/sparkgate.v1.DebugService/ExplainChat";

class ExplainChatResponse : public testing::Test {
 protected:
  ExplainChatResponse() { Serve({"--debug_service"}); }

  void Serve(std::vector<std::string> flags, bool no_key = false) {
    support::ServerProcess::Options options;
    options.upstream_url = upstream_.base_url() + "/inference/v1";
    options.flags = std::move(flags);
    options.no_key = no_key;
    server_ = std::make_unique<support::ServerProcess>(options);
    caller_ = std::make_unique<support::Caller>(server_->address());
  }

  // Says what `body` would become, and checks that the upstream hears nothing.
  v1::ExplainChatResponse Explain(const std::string& body, const CallOptions& options = {}) {
    const int connections = upstream_.connections_accepted();
    const CallResult result =
        caller_->StartRaw(kExplain, support::SerializeRequest(body), options).Wait();
    v1::ExplainChatResponse answer;
    EXPECT_TRUE(result.ok()) << result.Describe();
    if (!result.messages.empty()) answer.ParseFromString(result.messages[0]);
    EXPECT_EQ(upstream_.connections_accepted(), connections);
    support::ExpectNoSecret("what ExplainChat shows of headers", HeadersOf(answer));
    return answer;
  }
  // What the upstream really got for `body`.
  ReceivedRequest Sent(support::Rpc rpc, const std::string& body, const CallOptions& options = {}) {
    EXPECT_TRUE(caller_->Call(rpc, body, options).ok());
    return upstream_.requests().back();
  }
  static std::string HeadersOf(const v1::ExplainChatResponse& answer) {
    std::string text;
    for (const auto& [name, value] : answer.headers()) text += name + ": " + value + "\n";
    return text;
  }

  support::ScriptedUpstream upstream_{support::AnswerHello};
  std::unique_ptr<support::ServerProcess> server_;
  std::unique_ptr<support::Caller> caller_;
  const std::string body_ = support::ChatRequestBody(
      "a", R"(,"temperature":0,"logprobs_count":2,"extra_body_json":"{\"new\": 1.10}")");
};

TEST_F(ExplainChatResponse, method) {
  EXPECT_EQ(Explain(body_).method(), "POST");
  EXPECT_EQ(Sent(support::Rpc::kChat, body_).method, "POST");
}

TEST_F(ExplainChatResponse, url) {
  const std::string url = Explain(body_).url();
  EXPECT_EQ(url, upstream_.base_url() + Sent(support::Rpc::kChat, body_).target);
}

TEST_F(ExplainChatResponse, headers) {
  CallOptions options;
  options.metadata = {{"x-session-affinity", "s-1"}, {"x-request-id", "id-1"}, {"x-other", "no"}};
  const v1::ExplainChatResponse answer = Explain(body_, options);
  const ReceivedRequest sent = Sent(support::Rpc::kChat, body_, options);
  EXPECT_EQ(answer.headers().at("authorization"), "redacted");
  std::set<std::string> not_shown;
  for (const auto& [name, value] : sent.headers) {
    const auto shown = answer.headers().find(name);
    if (shown == answer.headers().end()) {
      not_shown.insert(name);
    } else if (name != "authorization") {
      EXPECT_EQ(shown->second, value) << name;
    }
  }
  EXPECT_EQ(not_shown, (std::set<std::string>{"host", "accept", "content-length"}));
  EXPECT_EQ(answer.headers().size() + not_shown.size(), sent.headers.size()) << HeadersOf(answer);
  EXPECT_EQ(answer.headers().at("x-session-affinity"), "s-1");
  EXPECT_EQ(answer.headers().count("x-other"), 0u);
}

TEST_F(ExplainChatResponse, body_json) {
  EXPECT_EQ(Explain(body_).body_json(), Sent(support::Rpc::kChat, body_).body);
  for (const FoundingBody& founding : FoundingBodies()) {
    EXPECT_EQ(Explain(founding.body).body_json(), UpstreamBody(founding.body, false));
  }
}

TEST_F(ExplainChatResponse, stream_body_json) {
  EXPECT_EQ(Explain(body_).stream_body_json(), Sent(support::Rpc::kStreamChat, body_).body);
  Serve({"--debug_service", "--include_usage=false"});
  const std::string without = Explain(body_).stream_body_json();
  EXPECT_EQ(without, Sent(support::Rpc::kStreamChat, body_).body);
  EXPECT_EQ(without.find("stream_options"), std::string::npos) << without;
}

TEST_F(ExplainChatResponse, AnAnswersMessageAsItGoesBack) {
  const std::string body = R"({"model":"m","messages":[{"role":"assistant","content":"a",)"
                           R"("reasoning_content":"hm","extra_json":"{\"x\":[1.10]}"}]})";
  EXPECT_NE(Explain(body).body_json().find(R"("reasoning_content":"hm","x":[1.10]})"),
            std::string::npos);
  EXPECT_EQ(Explain(body).body_json(), Sent(support::Rpc::kChat, body).body);
  Serve({"--debug_service", "--echo_extra=false", "--reasoning_field=reasoning"});
  EXPECT_NE(Explain(body).stream_body_json().find(R"("reasoning":"hm"}])"), std::string::npos);
  EXPECT_EQ(Explain(body).stream_body_json(), Sent(support::Rpc::kStreamChat, body).body);
}

TEST_F(ExplainChatResponse, WithoutAKeyThereIsNoAuthorization) {
  Serve({"--debug_service"}, /*no_key=*/true);
  EXPECT_EQ(Explain(body_).headers().count("authorization"), 0u);
}

TEST_F(ExplainChatResponse, AWrongRequestIsRefusedAsByChat) {
  const std::string wrong = R"({"model":"m","messages":[{"content":"a"}]})";
  const CallResult explained = caller_->StartRaw(kExplain, support::SerializeRequest(wrong)).Wait();
  const CallResult refused = caller_->Chat(wrong);
  EXPECT_EQ(explained.name, "INVALID_ARGUMENT") << explained.Describe();
  EXPECT_EQ(explained.Describe(), refused.Describe());
}

// A second's work each: if all of it were done, the server would not end in time.
TEST_F(ExplainChatResponse, IsNotMadeForThoseWhoHaveLeft) {
  v1::ChatRequest request;
  request.set_model("m");
  v1::ChatMessage* message = request.add_messages();
  message->set_role("user");
  message->set_content(std::string(support::Thinned(30'000'000, 2'000'000), '\n'));
  const std::string bytes = request.SerializeAsString();
  std::vector<support::RunningCall> calls;
  for (int i = 0; i < 16; ++i) calls.push_back(caller_->StartRaw(kExplain, bytes));
  ASSERT_TRUE(calls[0].AwaitEnd());
  calls.clear();
  server_->Stop();
}

TEST_F(ExplainChatResponse, IsOffWithoutTheFlag) {
  Serve({});
  const CallResult result = caller_->StartRaw(kExplain, support::SerializeRequest(body_)).Wait();
  EXPECT_EQ(result.name, "UNIMPLEMENTED") << result.Describe();
}

}  // namespace
}  // namespace sparkgate::api
