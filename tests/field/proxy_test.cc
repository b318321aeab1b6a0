// A proxy that does not let us through to a TLS upstream.
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

constexpr char kUpstream[] = "https://upstream.invalid/v1";

struct Refusal {
  std::string name;
  std::string response;
  std::string says;  // in the status's message
};

Refusal Page(const std::string& name, int status, const std::string& headers = "") {
  const std::string page = "<html><title>canary-page</title></html>";
  return {name,
          support::Head(status, "Content-Type: text/html\r\nContent-Length: " +
                                    std::to_string(page.size()) + "\r\n" + headers) +
              page,
          std::to_string(status)};
}

std::vector<Refusal> Refusals() {
  return {
      {"a22-1", ReadCase("a22-1-proxy-407"), "407"},
      {"a22-2", ReadCase("a22-2-proxy-403"), "403"},
      Page("407 with a page, kept open", 407, "Proxy-Authenticate: Negotiate\r\n"),
      Page("407 of two schemes", 407,
           "Proxy-Authenticate: NTLM\r\nProxy-Authenticate: Basic realm=\"x\"\r\n"),
      Page("502 of a proxy", 502),
      Page("503 with a time", 503, "Retry-After: 3600\r\n"),
      Page("504 of a proxy", 504),
      Page("429 of a proxy", 429),
      Page("200 of something that is no proxy's", 404, "Connection: close\r\n"),
      {"a redirect to a page",
       support::Head(302,
                     "Location: http://portal.example/\r\n"
                     "Content-Length: 0\r\n"),
       "302"},
  };
}

void ExpectNotBegun(const CallResult& result) {
  EXPECT_EQ(result.name, "UNAVAILABLE") << result.Describe();
  EXPECT_EQ(result.reason, "UPSTREAM_UNREACHABLE");
  EXPECT_EQ(result.may_have_run(), "false");
  EXPECT_EQ(result.message.find("canary-page"), std::string::npos) << result.message;
}

TEST(ProxyCases, ARefusalIsToldAsTheProxys) {
  for (const Refusal& refusal : Refusals()) {
    support::ScriptedUpstream proxy([&](Connection& connection) {
      if (connection.ReadRequest()) connection.Send(refusal.response);
      connection.WaitForPeerClose();
    });
    support::ServerProcess server(kUpstream, {"--upstream_proxy=" + proxy.base_url()});
    support::Caller caller(server.address());
    for (const Rpc rpc : support::kBothRpcs) {
      SCOPED_TRACE(refusal.name + ", " + std::string(RpcName(rpc)));
      const CallResult result = caller.Call(rpc, support::ChatRequestBody("a"));
      ExpectNotBegun(result);
      EXPECT_NE(result.message.find("proxy"), std::string::npos) << result.message;
      EXPECT_NE(result.message.find(refusal.says), std::string::npos) << result.message;
      for (const auto& request : proxy.requests()) EXPECT_EQ(request.method, "CONNECT");
    }
  }
}

// Without a status of its own: the connection is what failed.
TEST(ProxyCases, AProxyThatGoesIsNoUpstreamThatHadTheRequest) {
  const std::vector<std::pair<std::string, std::string>> sends = {
      {"nothing, and closes", ""},
      {"half a head, and closes", "HTTP/1.1 200 Connec"},
      {"yes, and closes", "HTTP/1.1 200 Connection established\r\n\r\n"},
      {"yes, and rubbish", "HTTP/1.1 200 Connection established\r\n\r\nno TLS at all"},
  };
  for (const auto& [name, bytes] : sends) {
    support::ScriptedUpstream proxy([&](Connection& connection) {
      if (connection.ReadRequest()) connection.Send(bytes);
    });
    support::ServerProcess server(kUpstream, {"--upstream_proxy=" + proxy.base_url()});
    support::Caller caller(server.address());
    for (const Rpc rpc : support::kBothRpcs) {
      SCOPED_TRACE(name + ", " + std::string(RpcName(rpc)));
      ExpectNotBegun(caller.Call(rpc, support::ChatRequestBody("a")));
    }
  }
}

TEST(ProxyCases, AProxyThatDoesNotAnswerCostsTheConnectTimeout) {
  support::ScriptedUpstream proxy([](Connection& connection) {
    connection.ReadRequest();
    connection.WaitForPeerClose();
  });
  support::ServerProcess server(
      kUpstream, {"--upstream_proxy=" + proxy.base_url(), "--connect_timeout=300ms"});
  support::Caller caller(server.address());
  for (const Rpc rpc : support::kBothRpcs) {
    const CallResult result = caller.Call(rpc, support::ChatRequestBody("a"));
    ExpectNotBegun(result);
    EXPECT_LT(result.elapsed(), std::chrono::seconds(5));
  }
}

}  // namespace
}  // namespace sparkgate::field
