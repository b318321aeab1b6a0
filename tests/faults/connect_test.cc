// No connection: endings that no answer brings about.
#include <gtest/gtest.h>

#include "tests/faults/sentence.h"
#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/scripts.h"
#include "tests/support/server_process.h"

namespace sparkgate::faults {
namespace {

using support::Caller;
using support::CallResult;
using support::Certificate;
using support::ChatRequestBody;
using support::Connection;
using support::kBothRpcs;
using support::ScriptedUpstream;
using support::ServerProcess;

void ExpectUnavailable(const CallResult& result, const std::string& reason) {
  EXPECT_EQ(result.name, "UNAVAILABLE") << result.Describe();
  EXPECT_EQ(result.reason, reason);
  EXPECT_EQ(result.may_have_run(), "false");
  ASSERT_TRUE(result.retry_delay_ms.has_value());
  EXPECT_EQ(result.pushback(), std::to_string(*result.retry_delay_ms));
  EXPECT_TRUE(result.messages.empty());
  ExpectForm(result);
}

// Both RPCs against this upstream.
void ExpectUnavailable(const ServerProcess::Options& options, const std::string& reason) {
  ServerProcess server(options);
  Caller caller(server.address());
  for (const auto rpc : kBothRpcs) {
    ExpectUnavailable(caller.Call(rpc, ChatRequestBody("a")), reason);
  }
}

TEST(Connect, NobodyListens) {
  ServerProcess::Options options;
  options.upstream_url = "http://127.0.0.1:" + std::to_string(support::UnusedPort());
  ExpectUnavailable(options, "UPSTREAM_UNREACHABLE");
}

TEST(Connect, NobodyAnswersInTime) {
  support::BlackHole hole;
  ServerProcess::Options options;
  options.upstream_url = "http://127.0.0.1:" + std::to_string(hole.port());
  options.flags = {"--connect_timeout=200ms"};
  ExpectUnavailable(options, "UPSTREAM_UNREACHABLE");
}

TEST(Connect, NoSuchName) {
  ServerProcess::Options options;
  options.upstream_url = "http://no-such-host.invalid";
  ExpectUnavailable(options, "UPSTREAM_UNREACHABLE");
}

TEST(Connect, TheHandshakeNeverComes) {
  ScriptedUpstream upstream([](Connection& connection) { connection.WaitForPeerClose(); });
  ServerProcess::Options options;
  options.upstream_url = "https://127.0.0.1:" + std::to_string(upstream.port());
  options.flags = {"--connect_timeout=200ms"};
  ExpectUnavailable(options, "UPSTREAM_UNREACHABLE");
}

TEST(Connect, TheHandshakeIsCut) {
  ScriptedUpstream upstream([](Connection& connection) { connection.ReadBytes(1); });
  ServerProcess::Options options;
  options.upstream_url = "https://127.0.0.1:" + std::to_string(upstream.port());
  ExpectUnavailable(options, "UPSTREAM_UNREACHABLE");
}

TEST(Connect, CertificatesThatAreRefused) {
  for (const Certificate kind :
       {Certificate::kWrongHost, Certificate::kExpired, Certificate::kUnknownCa}) {
    ScriptedUpstream upstream(support::AnswerHello, kind);
    ServerProcess::Options options;
    options.upstream_url = upstream.base_url();
    options.ca_file = support::CaFile();
    ExpectUnavailable(options, "UPSTREAM_TLS_FAILED");
    EXPECT_EQ(upstream.requests().size(), 0u);
    EXPECT_EQ(upstream.connections_accepted(), 2) << "certificate errors are not tried again";
  }
}

}  // namespace
}  // namespace sparkgate::faults
