// No connection, no time: endings that no answer brings about. Rows 17 and 20 of the table.
#include <gtest/gtest.h>

#include <chrono>

#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/gate.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/server_process.h"

namespace sparkgate::faults {
namespace {

using std::chrono::milliseconds;
using support::Caller;
using support::CallOptions;
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
  EXPECT_EQ(result.pushback(), "");
  EXPECT_TRUE(result.retry_delay_ms.has_value());
  EXPECT_TRUE(result.messages.empty());
}

// Both RPCs against this upstream.
void ExpectUnavailable(const ServerProcess::Options& options, const std::string& reason) {
  ServerProcess server(options);
  Caller caller(server.address());
  for (const auto rpc : kBothRpcs) {
    ExpectUnavailable(caller.Call(rpc, ChatRequestBody("a")), reason);
  }
}

void Answer(Connection& connection) {
  while (const auto request = connection.ReadRequest()) {
    connection.Send(support::AnswerTo(request->body, "Hello"));
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
    ScriptedUpstream upstream(Answer, kind);
    ServerProcess::Options options;
    options.upstream_url = upstream.base_url();
    options.ca_file = support::CaFile();
    ExpectUnavailable(options, "UPSTREAM_TLS_FAILED");
    EXPECT_EQ(upstream.requests().size(), 0u);
    EXPECT_EQ(upstream.connections_accepted(), 2) << "certificate errors are not tried again";
  }
}

// --- Time
// ------------------------------------------------------------------------------------------

// An upstream that says `first` and then waits until the server leaves.
class Silent {
 public:
  explicit Silent(std::string first) : first_(std::move(first)) {}
  ScriptedUpstream upstream{[this](Connection& connection) {
    if (!connection.ReadRequest()) return;
    connection.Send(first_);
    connection.WaitForPeerClose();
  }};

 private:
  const std::string first_;
};

std::string Begun() {
  return support::SseHead() + support::Chunk(support::SseEvent(support::ContentChunk("Hello")));
}

TEST(Time, TheCallersDeadlineClosesTheUpstream) {
  for (const std::string& first : {std::string(), support::SseHead(), Begun()}) {
    Silent silent(first);
    ServerProcess server(silent.upstream.base_url());
    Caller caller(server.address());
    CallOptions options;
    options.deadline = milliseconds(300);
    const CallResult result = caller.StreamChat(ChatRequestBody("a"), options);
    EXPECT_EQ(result.name, "DEADLINE_EXCEEDED") << result.Describe();
    EXPECT_TRUE(silent.upstream.WaitForCloses(1));
  }
}

TEST(Time, MaxCallTimeIsOurOwn) {
  for (const auto rpc : kBothRpcs) {
    Silent silent("");
    ServerProcess server(silent.upstream.base_url(), {"--max_call_time=300ms"});
    Caller caller(server.address());
    const CallResult result = caller.Call(rpc, ChatRequestBody("a"));
    EXPECT_EQ(result.name, "DEADLINE_EXCEEDED") << result.Describe();
    EXPECT_EQ(result.reason, "MAX_CALL_TIME");
    EXPECT_EQ(result.may_have_run(), "true");
    EXPECT_EQ(result.pushback(), "-1");
    EXPECT_TRUE(silent.upstream.WaitForCloses(1));
  }
}

TEST(Time, ADeadlineThatHasPassedNeverReachesTheUpstream) {
  ScriptedUpstream upstream(Answer);
  ServerProcess server(upstream.base_url());
  Caller caller(server.address());
  ASSERT_TRUE(caller.Chat(ChatRequestBody("warm")).ok());
  CallOptions options;
  options.deadline = milliseconds(-1);
  EXPECT_EQ(caller.Chat(ChatRequestBody("late"), options).name, "DEADLINE_EXCEEDED");
  EXPECT_TRUE(caller.Chat(ChatRequestBody("next")).ok());
  for (const auto& request : upstream.requests()) {
    EXPECT_NE(support::CallNameOf(request.body), "late");
  }
}

}  // namespace
}  // namespace sparkgate::faults
