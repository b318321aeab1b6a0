// The headers of --upstream_header_file go with every request to the upstream; their values are
// secrets, and callers cannot change them.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sparkgate/v1/debug_service.pb.h"
#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/scripts.h"
#include "tests/support/secrets.h"
#include "tests/support/server_process.h"
#include "tests/support/test_certificates.h"
#include "tests/support/tunnel_proxy.h"

namespace sparkgate::secrets {
namespace {

using support::CallResult;
using support::ServerProcess;

constexpr char kValue[] = "Wolkenbruch/17+x";
constexpr char kToken[] = "Kieselstein-23";
constexpr char kListModels[] = "/sparkgate.v1.ModelService/ListModels";
constexpr char kExplain[] = "/sparkgate.v1.DebugService/ExplainChat";

std::string HeaderFlag() {
  support::NameSecret(kValue);
  support::NameSecret(kToken);
  return "--upstream_header_file=" +
         support::WriteSecretFile("headers", std::string("# the gateway's\r\nX-Gate: ") + kValue +
                                                 "\r\n\r\nFireworks-Model: Token " + kToken +
                                                 "\r\nx-short: abc\r\n");
}

int CountOf(const support::ReceivedRequest& request, const std::string& name) {
  int count = 0;
  for (const auto& [key, value] : request.headers) count += key == name ? 1 : 0;
  return count;
}

void ExpectFixed(const std::vector<support::ReceivedRequest>& requests) {
  ASSERT_EQ(requests.size(), 3u);
  for (const auto& request : requests) {
    EXPECT_EQ(request.Header("x-gate"), kValue) << request.target;
    EXPECT_EQ(request.Header("fireworks-model"), std::string("Token ") + kToken);
    EXPECT_EQ(request.Header("x-short"), "abc");
    EXPECT_EQ(request.Header("authorization"), std::string("Bearer ") + support::kMadeUpKey);
    for (const char* name : {"x-gate", "fireworks-model", "x-short"}) {
      EXPECT_EQ(CountOf(request, name), 1) << name;
    }
  }
}

// A caller who tries to change them; a value that metadata may not have is not even looked at.
support::CallOptions FromAMeddler() {
  support::CallOptions options;
  options.metadata = {{"x-gate", "mine"},
                      {"fireworks-model", "mine"},
                      {"fireworks-model", "and mine"},
                      {"fireworks-deployment", "d"}};
  return options;
}

void CallAll(support::Caller* caller) {
  for (const auto rpc : support::kBothRpcs) {
    const CallResult result = caller->Call(rpc, support::ChatRequestBody("a"), FromAMeddler());
    EXPECT_TRUE(result.ok()) << result.Describe();
  }
  const CallResult models = caller->StartRaw(kListModels, "", FromAMeddler()).Wait();
  EXPECT_TRUE(models.ok()) << models.Describe();
}

TEST(FixedHeaders, GoWithEveryRequestAndCallersCannotChangeThem) {
  support::ScriptedUpstream upstream(support::AnswerHello);
  for (const char* allowed :
       {"", "--header_allow_list=x-gate,fireworks-model,fireworks-deployment"}) {
    const size_t before = upstream.requests().size();
    std::vector<std::string> flags = {HeaderFlag()};
    if (*allowed != '\0') flags.emplace_back(allowed);
    ServerProcess server(upstream.base_url(), flags);
    support::Caller caller(server.address());
    CallAll(&caller);
    const auto all = upstream.requests();
    ExpectFixed({all.begin() + static_cast<ptrdiff_t>(before), all.end()});
    if (HasFatalFailure()) return;
    EXPECT_EQ(all.back().Header("fireworks-deployment"), "d") << "others still pass";
  }
}

TEST(FixedHeaders, AreNotForAProxyThatTunnels) {
  support::ScriptedUpstream upstream(support::AnswerHello, support::Certificate::kRight);
  support::ScriptedUpstream proxy(support::TunnelTo(upstream.port()));
  ServerProcess::Options options;
  options.upstream_url = upstream.base_url();
  options.ca_file = support::CaFile();
  options.flags = {"--upstream_proxy=" + proxy.base_url(), HeaderFlag()};
  ServerProcess server(options);
  support::Caller caller(server.address());
  CallAll(&caller);
  ExpectFixed(upstream.requests());
  ASSERT_GE(proxy.requests().size(), 1u);
  for (const auto& request : proxy.requests()) {
    EXPECT_EQ(request.method, "CONNECT");
    for (const char* name : {"x-gate", "fireworks-model", "x-short", "authorization"}) {
      EXPECT_EQ(CountOf(request, name), 0) << name;
    }
  }
}

TEST(FixedHeaders, AreExplainedByNameAlone) {
  support::ScriptedUpstream upstream(support::AnswerHello);
  ServerProcess server(upstream.base_url(), {"--debug_service", HeaderFlag()});
  support::Caller caller(server.address());
  const CallResult result =
      caller
          .StartRaw(kExplain, support::SerializeRequest(support::ChatRequestBody("a")),
                    FromAMeddler())
          .Wait();
  ASSERT_TRUE(result.ok()) << result.Describe();
  v1::ExplainChatResponse answer;
  ASSERT_TRUE(answer.ParseFromString(result.messages.at(0)));
  for (const char* name : {"x-gate", "fireworks-model", "x-short", "authorization"}) {
    EXPECT_EQ(answer.headers().at(name), "redacted") << name;
  }
  EXPECT_EQ(answer.headers().at("fireworks-deployment"), "d");
}

// An authorization of one's own, where the key does not take it.
TEST(FixedHeaders, MayHoldTheAuthorization) {
  support::ScriptedUpstream upstream(support::AnswerHello);
  support::NameSecret("Z2F0ZTpLaWVzZWw=");
  const std::string flag =
      "--upstream_header_file=" +
      support::WriteSecretFile("auth", "Authorization: Basic Z2F0ZTpLaWVzZWw=");
  ServerProcess server(upstream.base_url(), {flag, "--upstream_auth_header=api-key"});
  support::Caller caller(server.address());
  EXPECT_TRUE(caller.Chat(support::ChatRequestBody("a")).ok());
  EXPECT_EQ(upstream.requests().at(0).Header("authorization"), "Basic Z2F0ZTpLaWVzZWw=");
  EXPECT_EQ(upstream.requests().at(0).Header("api-key"), support::kMadeUpKey);
}

// The caller searches for secrets in all that it gets beside messages, the server's end in the log.
TEST(FixedHeaders, AreRemovedFromWhateverTheUpstreamSays) {
  const std::string words = std::string(kValue) + " and " + kToken +
                            " and Wolkenbruch%2F17%2Bx and V29sa2VuYnJ1Y2gvMTcreA== and abc";
  support::ScriptedUpstream upstream(support::RefuseWith(words));
  support::NameSecret("Wolkenbruch");
  support::NameSecret("V29sa2VuYnJ1Y2");
  ServerProcess server(upstream.base_url(), {"--log_level=debug", HeaderFlag()});
  support::Caller caller(server.address());
  for (const char* name :
       {"400", "401", "403", "404", "429", "500", "503", "an event", "no HTTP"}) {
    for (const auto rpc : support::kBothRpcs) {
      const CallResult result = caller.Call(rpc, support::ChatRequestBody(name));
      EXPECT_FALSE(result.ok()) << result.Describe();
      support::ExpectNoSecret(name, result.message);
      support::ExpectNoSecret(name, result.Describe());
      if (std::string(name) == "400") {
        EXPECT_NE(result.message.find("abc"), std::string::npos)
            << "short ones stay: " << result.message;
      }
    }
  }
}

TEST(FixedHeaders, StartsAndReportsShowNoValue) {
  const std::string bad =
      "--upstream_header_file=" +
      support::WriteSecretFile("bad",
                               std::string(kValue) + "\nhost: " + kToken + "\nx-a: \"" + kValue);
  for (const std::string& flag : {HeaderFlag(), bad}) {
    const bool good = flag != bad;
    support::ChildProcess process({"service/sparkgate", "--check_config", flag},
                                  {std::string("FIREWORKS_API_KEY=") + support::kMadeUpKey});
    EXPECT_EQ(process.Wait(), good ? 0 : 1);
    const std::string said = process.output() + process.errors();
    EXPECT_NE(said.find(good ? "x-gate, fireworks-model, x-short; values redacted"
                             : "line 2: \"host\" is set by the transport"),
              std::string::npos)
        << said;
    support::ExpectNoSecret(flag, said);
  }
}

}  // namespace
}  // namespace sparkgate::secrets
