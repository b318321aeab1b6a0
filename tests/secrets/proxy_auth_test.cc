// The proxy between Sparkgate and the upstream gets its user and password, with http and with TLS
// behind it, and nobody else ever sees them.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

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
using support::Connection;
using support::ServerProcess;

// What libcurl would decode, were the two given in a URL.
constexpr char kPassword[] = "Torwart%41:9w";
constexpr char kPair[] = "gate:Torwart%41:9w";
constexpr char kPairInBase64[] = "Z2F0ZTpUb3J3YXJ0JTQxOjl3";
constexpr char kListModels[] = "/sparkgate.v1.ModelService/ListModels";

std::string AuthFlag() {
  support::NameSecret(kPassword);
  support::NameSecret(kPairInBase64);
  return "--upstream_proxy_auth_file=" +
         support::WriteSecretFile("proxy_auth", std::string(kPair) + "\n");
}

std::string Basic() { return std::string("Basic ") + kPairInBase64; }

void ExpectAllRpcsGood(support::Caller* caller) {
  for (const auto rpc : support::kBothRpcs) {
    const CallResult result = caller->Call(rpc, support::ChatRequestBody("a"));
    EXPECT_TRUE(result.ok()) << result.Describe();
  }
  const CallResult models = caller->StartRaw(kListModels, "").Wait();
  EXPECT_TRUE(models.ok()) << models.Describe();
}

TEST(ProxyAuth, GoesWithEachRequestThatTheProxyForwards) {
  support::ScriptedUpstream proxy(support::AnswerHello);
  ServerProcess server("http://upstream.invalid/v1",
                       {"--upstream_proxy=" + proxy.base_url(), AuthFlag()});
  support::Caller caller(server.address());
  ExpectAllRpcsGood(&caller);
  ASSERT_EQ(proxy.requests().size(), 3u);
  for (const auto& request : proxy.requests()) {
    EXPECT_EQ(request.target.rfind("http://upstream.invalid/v1/", 0), 0u) << request.target;
    EXPECT_EQ(request.Header("proxy-authorization"), Basic());
    EXPECT_EQ(request.Header("authorization"), std::string("Bearer ") + support::kMadeUpKey);
  }
}

TEST(ProxyAuth, GoesIntoConnectAndNoFurther) {
  support::ScriptedUpstream upstream(support::AnswerHello, support::Certificate::kRight);
  support::ScriptedUpstream proxy(support::TunnelTo(upstream.port()));
  ServerProcess::Options options;
  options.upstream_url = upstream.base_url() + "/v1";
  options.ca_file = support::CaFile();
  options.flags = {"--upstream_proxy=" + proxy.base_url(), AuthFlag()};
  ServerProcess server(options);
  support::Caller caller(server.address());
  ExpectAllRpcsGood(&caller);
  ASSERT_GE(proxy.requests().size(), 1u);
  for (const auto& request : proxy.requests()) {
    EXPECT_EQ(request.method, "CONNECT");
    EXPECT_EQ(request.Header("proxy-authorization"), Basic());
    EXPECT_EQ(request.Header("authorization"), "") << "the key is the upstream's";
  }
  ASSERT_EQ(upstream.requests().size(), 3u);
  for (const auto& request : upstream.requests()) {
    EXPECT_EQ(request.Header("proxy-authorization"), "");
    EXPECT_EQ(request.Header("authorization"), std::string("Bearer ") + support::kMadeUpKey);
  }
}

// A 407 that repeats what the proxy got.
std::string Refusal(const std::string& challenge, bool has_auth) {
  const std::string body = std::string("no ") + (has_auth ? kPair : "nobody") + " here";
  std::string headers = std::string("x-request-id: ") + (has_auth ? kPairInBase64 : "r1") + "\r\n";
  if (!challenge.empty()) headers += "Proxy-Authenticate: " + challenge + "\r\n";
  headers += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return support::Head(407, headers) + body;
}

struct Mode {
  const char* upstream_url;  // decides whether the proxy is asked for a tunnel
  bool has_auth;
  const char* challenge;
  const char* says;
};

void PrintTo(const Mode& mode, std::ostream* out) {
  *out << mode.upstream_url << (mode.has_auth ? " with " : " without ") << mode.challenge;
}

class Refused : public testing::TestWithParam<Mode> {};

TEST_P(Refused, NamesTheFlagAndIsAskedOnce) {
  const std::string refusal = Refusal(GetParam().challenge, GetParam().has_auth);
  support::ScriptedUpstream proxy([&](Connection& connection) {
    while (connection.ReadRequest()) connection.Send(refusal);
  });
  const std::string auth = AuthFlag();
  std::vector<std::string> flags = {"--upstream_proxy=" + proxy.base_url(), "--log_level=debug"};
  if (GetParam().has_auth) flags.push_back(auth);
  ServerProcess server(GetParam().upstream_url, flags);
  support::Caller caller(server.address());
  size_t calls = 0;
  for (const auto rpc : support::kBothRpcs) {
    const CallResult result = caller.Call(rpc, support::ChatRequestBody("a"));
    EXPECT_EQ(result.name, "UNAVAILABLE") << result.Describe();
    EXPECT_EQ(result.reason, "UPSTREAM_UNREACHABLE");
    EXPECT_EQ(result.may_have_run(), "false");
    EXPECT_NE(result.message.find(GetParam().says), std::string::npos) << result.message;
    EXPECT_NE(result.message.find("HTTP 407"), std::string::npos) << result.message;
    EXPECT_EQ(proxy.requests().size(), ++calls);
  }
}

constexpr char kTunnel[] = "https://upstream.invalid/v1";
constexpr char kForward[] = "http://upstream.invalid/v1";
constexpr char kWrong[] = "refused the user and password of --upstream_proxy_auth_file";
constexpr char kMissing[] = "none were given by --upstream_proxy_auth_file";
INSTANTIATE_TEST_SUITE_P(ProxyAuth, Refused,
                         testing::Values(Mode{kTunnel, true, "Basic realm=\"x\"", kWrong},
                                         Mode{kTunnel, true, "Negotiate", kWrong},
                                         Mode{kTunnel, true, "", kWrong},
                                         Mode{kTunnel, false, "Basic realm=\"x\"", kMissing},
                                         Mode{kForward, true, "Basic realm=\"x\"", kWrong},
                                         Mode{kForward, true, "Digest realm=\"x\"", kWrong},
                                         Mode{kForward, true, "", kWrong},
                                         Mode{kForward, false, "Basic realm=\"x\"", kMissing}));

// Behind a tunnel, and without a proxy, it is the upstream that says so.
TEST(ProxyAuth, IsNotBlamedForWhatTheUpstreamSays) {
  const auto refuse = [](Connection& connection) {
    while (connection.ReadRequest()) connection.Send(support::JsonResponse("{}", 407));
  };
  support::ScriptedUpstream upstream(refuse, support::Certificate::kRight);
  support::ScriptedUpstream proxy(support::TunnelTo(upstream.port()));
  ServerProcess::Options options;
  options.upstream_url = upstream.base_url();
  options.ca_file = support::CaFile();
  options.flags = {"--upstream_proxy=" + proxy.base_url(), AuthFlag()};
  ServerProcess behind_proxy(options);
  options.flags.clear();
  ServerProcess direct(options);
  for (ServerProcess* server : {&behind_proxy, &direct}) {
    support::Caller caller(server->address());
    const CallResult result = caller.Chat(support::ChatRequestBody("a"));
    EXPECT_EQ(result.reason, "UPSTREAM_PROTOCOL_ERROR") << result.Describe();
    EXPECT_EQ(result.message.find("proxy"), std::string::npos) << result.message;
  }
}

// The caller searches for secrets in all that it gets beside messages, the server's end in the log.
TEST(ProxyAuth, IsRemovedFromWhateverTheProxySays) {
  const std::string words = std::string(kPassword) + " and " + kPairInBase64 + " and " +
                            "Torwart%2541%3A9w and VG9yd2FydCU0MTo5dw==";
  support::ScriptedUpstream proxy(support::RefuseWith(words));
  support::NameSecret("Torwart");
  support::NameSecret("VG9yd2FydC");
  ServerProcess server("http://upstream.invalid/v1",
                       {"--upstream_proxy=" + proxy.base_url(), "--log_level=debug", AuthFlag()});
  support::Caller caller(server.address());
  for (const char* name : {"400", "403", "407", "500", "502", "503", "an event", "no HTTP"}) {
    for (const auto rpc : support::kBothRpcs) {
      const CallResult result = caller.Call(rpc, support::ChatRequestBody(name));
      EXPECT_FALSE(result.ok()) << result.Describe();
      support::ExpectNoSecret(name, result.message);
      support::ExpectNoSecret(name, result.Describe());
    }
  }
}

TEST(ProxyAuth, StartsAndReportsShowNothing) {
  const std::string auth = AuthFlag();
  const std::string quoted = support::WriteSecretFile("quoted", std::string("'") + kPair + "'");
  const std::vector<std::vector<std::string>> starts = {
      {"--check_config", "--upstream_proxy=http://proxy.example:1", auth},
      {auth},
      {"--upstream_proxy=http://proxy.example:1", "--upstream_proxy_auth_file=" + quoted},
      {std::string("--upstream_proxy=http://") + kPair + "@proxy.example:1"}};
  for (const auto& flags : starts) {
    std::vector<std::string> argv = {"service/sparkgate"};
    argv.insert(argv.end(), flags.begin(), flags.end());
    support::ChildProcess process(argv, {std::string("FIREWORKS_API_KEY=") + support::kMadeUpKey});
    EXPECT_EQ(process.Wait(), flags[0] == "--check_config" ? 0 : 1) << flags[0];
    const std::string said = process.output() + process.errors();
    EXPECT_NE(said.find("--upstream_proxy_auth_file"), std::string::npos) << said;
    support::ExpectNoSecret(flags[0], said);
  }
}

}  // namespace
}  // namespace sparkgate::secrets
