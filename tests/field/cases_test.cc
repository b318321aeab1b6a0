// Each file of cases/ is what an upstream sent in answer to one request, byte for byte. The table
// says what the caller must see of it.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/field/case_file.h"
#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/server_process.h"
#include "tests/tolerance/summary.h"

namespace sparkgate::field {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using support::CallResult;
using support::Connection;
using support::Rpc;

// What the upstream does behind the bytes.
enum class Then { kKeep, kSilence, kBeats, kPings };

enum Rpcs { kStream = 1, kChat = 2, kBoth = 3 };

struct Case {
  const char* file;
  Rpcs rpcs;
  std::string seen;  // as Summary words it
  Then then = Then::kKeep;
  const char* says = "";
};

constexpr char kHi[] = "OK / 0 assistant 'hi' stop";
constexpr char kHello[] = "OK / 0 assistant 'hello' stop";
constexpr char kHiUsage[] = "OK / 0 assistant 'hi' stop / usage 7+2=9";
constexpr char kTruncated[] = "ABORTED UPSTREAM_STREAM_TRUNCATED, may have run";
constexpr char kTwoCalls[] =
    R"(OK / 0 assistant call0(A function f '{"x":1}') call1(B function g '{"y":2}') tool_calls)";
constexpr char kTwoCallsOneIndex[] =
    R"(OK / 0 assistant call0(A function f '{"x":1}') )"
    R"(call1(B function g '{"y":2}' extra {"index":0}) tool_calls)";
constexpr char kRedirect[] = "INTERNAL UPSTREAM_PROTOCOL_ERROR";

const std::vector<Case>& Cases() {
  static const auto* const kCases = new std::vector<Case>{
      {"a01-1-words-behind-a-colon", kStream, kHiUsage},
      {"a01-2-empty-string", kStream, kHiUsage},
      {"a01-3-null", kStream, kHiUsage},
      {"a01-4-a-word", kStream, kHiUsage},
      {"a02-1-heartbeats", kStream, kHi, Then::kBeats},
      {"a02-2-silence", kStream, kHi, Then::kSilence},
      {"a02-3-usage-then-heartbeats", kStream, kHiUsage, Then::kBeats},
      {"a02-4-usage-then-silence", kStream, kHiUsage, Then::kSilence},
      {"a02-5-tool-call-then-heartbeats", kStream,
       "OK / 0 assistant call0(A function f '{}') tool_calls", Then::kBeats},
      {"a03-1-stop-on-each-then-done", kStream, "OK / 0 assistant 'one two three' stop"},
      {"a03-2-stop-on-each-clean-end", kStream,
       "ABORTED UPSTREAM_STREAM_TRUNCATED, may have run / 0 assistant 'one two three' -"},
      {"a03-3-stop-on-each-cut-cleanly", kStream,
       "ABORTED UPSTREAM_STREAM_TRUNCATED, may have run / 0 assistant 'one two ' -"},
      {"a03-4-stop-on-each-then-pings", kStream,
       "ABORTED UPSTREAM_STALLED, may have run / 0 assistant 'one two ' -", Then::kPings},
      {"a03-5-the-word-null-then-done", kStream, "OK / 0 assistant 'one two three' -"},
      {"a03-6-the-word-null-cut-cleanly", kStream,
       "ABORTED UPSTREAM_STREAM_TRUNCATED, may have run / 0 assistant 'one two ' -"},
      {"a05-1-no-newline", kStream, kHi},
      {"a05-2-one-lf", kStream, kHi},
      {"a05-3-cr-lf", kStream, kHi},
      {"a05-4-by-content-length", kStream, kHi},
      {"a06-1-controls-in-content", kStream,
       "OK / 0 assistant 'a\x1B"
       "[31mred\ttab\x1' stop"},
      {"a06-2-nul-in-content", kStream, std::string("OK / 0 assistant 'a") + '\0' + "b' stop"},
      {"a06-3-esc-in-arguments", kStream,
       "OK / 0 assistant call0(A function f '{\"x\":\"\x1B"
       "[0m\"}') tool_calls"},
      {"a06-4-chat-controls", kChat,
       "OK / 0 assistant 'a\x1B"
       "[31mred\ttab\x1' stop"},
      {"a06-5-logprob-infinity", kStream, "OK / 0 assistant 'a' stop"},
      {"a06-6-logprob-nan", kStream, "OK / 0 assistant 'a' stop"},
      {"a06-7-usage-nan", kStream, "OK / 0 assistant 'hi' stop / usage 0+2=0"},
      {"a07-1-stream", kStream,
       "OK / 0 assistant reasoning~'hm' 'Hello' stop / message extra "
       "{\"content\":[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\",\"text\":\"hm\"}],"
       "\"closed\":true}]}{\"content\":[{\"type\":\"text\",\"text\":\"Hel\"}]}{\"content\":[{"
       "\"type\":\"text\",\"text\":\"lo\"}]}"},
      {"a07-2-chat", kChat,
       "OK / 0 assistant reasoning~'hm' 'Hello' stop / message extra "
       "{\"content\":[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\",\"text\":\"hm\"}],"
       "\"closed\":true},{\"type\":\"text\",\"text\":\"Hello\"}]} / usage 7+2=9"},
      {"a07-3-chat-two-texts", kChat,
       "OK / 0 assistant 'Hello' stop / message extra "
       "{\"content\":[{\"type\":\"text\",\"text\":\"Hel\"},{\"type\":\"text\",\"text\":\"lo\"}]} / "
       "usage 7+2=9"},
      {"a08-1-stream-as-application-json", kStream, "OK / 0 assistant 'hello' stop / usage 7+2=9"},
      {"a08-2-stream-as-text-plain", kStream, "OK / 0 assistant 'hello' stop / usage 7+2=9"},
      {"a08-3-stream-as-application-octet-stream", kStream,
       "OK / 0 assistant 'hello' stop / usage 7+2=9"},
      {"a08-4-stream-two-types", kStream, "OK / 0 assistant 'hello' stop / usage 7+2=9"},
      {"a08-5-chat-json-as-text-event-stream", kChat, kHiUsage},
      {"a08-6-chat-json-as-text-plain", kChat, kHiUsage},
      {"a08-7-chat-json-then-done", kChat, kHiUsage},
      {"a09-1-coding-none", kStream, "OK / 0 assistant 'hello' stop / usage 7+2=9"},
      {"a09-2-coding-utf-8", kStream, "OK / 0 assistant 'hello' stop / usage 7+2=9"},
      {"a09-3-coding-Identity", kStream, "OK / 0 assistant 'hello' stop / usage 7+2=9"},
      {"a09-4-coding-identity-identity", kStream, "OK / 0 assistant 'hello' stop / usage 7+2=9"},
      {"a09-5-gzip", kStream, "OK / 0 assistant 'hello' stop / usage 7+2=9"},
      {"a09-6-gzip-undeclared", kStream, "OK / 0 assistant 'hello' stop / usage 7+2=9"},
      {"a09-7-chat-gzip-undeclared", kChat, kHiUsage},
      {"a09-8-429-gzip", kBoth, "RESOURCE_EXHAUSTED RATE_LIMITED, retry in 7000", Then::kKeep,
       "\"too fast, wait a little\""},
      {"a11-1-index-0-for-both", kStream, kTwoCallsOneIndex},
      {"a11-2-index-0-for-both-split", kStream, kTwoCallsOneIndex},
      {"a11-3-no-index-one-delta", kStream, kTwoCalls},
      {"a11-4-no-index-split", kStream, kTwoCalls},
      {"a11-5-index-as-text", kStream, kTwoCalls},
      {"a11-6-index-null", kStream, kTwoCalls},
      {"a11-7-chat-index-0-for-both", kChat, std::string(kTwoCallsOneIndex) + " / usage 7+2=9"},
      {"a15-1-message-beside-delta", kStream,
       "OK / 0 assistant 'w w w w w w w w w w w w w w w w w w w w w w w w w w w w w w w w w w w w "
       "w w w w w w w w w w w w w w w w w w w w w w w w ' stop / extra {\"citations\":[\"u1\"]}"},
      {"a15-2-only-message-growing", kStream, "OK / 0 assistant 'a b c' stop"},
      {"a15-3-a-completion-as-event", kStream, kHiUsage},
      {"a17-1-array", kBoth, "INVALID_ARGUMENT INVALID_REQUEST", Then::kKeep,
       "\"the key is made up\""},
      {"a17-2-framed-as-event", kBoth, "RESOURCE_EXHAUSTED RATE_LIMITED, retry in 1000",
       Then::kKeep, "\"too fast\""},
      {"a18-3-stream-201", kStream, kHi},
      {"a18-4-chat-201", kChat, kHiUsage},
      {"j-1-redirect-307", kBoth, kRedirect, Then::kKeep, "points to"},
      {"j-2-redirect-308", kBoth, kRedirect, Then::kKeep, "points to"},
      {"j-3-redirect-301", kBoth, kRedirect, Then::kKeep, "points to"},
  };
  return *kCases;
}

// The place of the first file with this beginning.
size_t IndexOf(const std::string& beginning) {
  size_t i = 0;
  while (std::string(Cases().at(i).file).rfind(beginning, 0) != 0) ++i;
  return i;
}

// The file's bytes as they were sent: the head, then each HTTP chunk by itself.
std::vector<std::string> Pieces(const std::string& bytes) {
  std::vector<std::string> pieces;
  size_t at = bytes.find("\r\n\r\n") + 4;
  pieces.push_back(bytes.substr(0, at));
  while (at < bytes.size()) {
    const size_t line = bytes.find("\r\n", at);
    const size_t length = line == std::string::npos ? 0 : std::strtoul(&bytes[at], nullptr, 16);
    const size_t end = length == 0 ? bytes.size() : std::min(line + 2 + length + 2, bytes.size());
    pieces.push_back(bytes.substr(at, end - at));
    at = end;
  }
  return pieces;
}

// Answers as the case says which the request's `user` names: "case/cut".
bool Answer(Connection& connection, const std::string& request) {
  const std::string name = support::CallNameOf(request);
  const Case& c = Cases().at(std::stoul(name));
  const std::string bytes = ReadCase(c.file);
  const bool whole = name.substr(name.find('/') + 1) == "0";
  connection.SendSlowly(whole ? std::vector<std::string>{bytes} : Pieces(bytes), milliseconds(1));
  const std::string again = c.then == Then::kBeats ? ": beat\n\n" : ": ping\n\n";
  switch (c.then) {
    case Then::kKeep:
      return true;
    case Then::kSilence:
      connection.WaitForPeerClose();
      return false;
    default:
      while (connection.Send(support::Chunk(again))) std::this_thread::sleep_for(milliseconds(50));
      return false;
  }
}

struct Stage {
  support::ScriptedUpstream upstream{[](Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      if (!Answer(connection, request->body)) return;
    }
  }};
  support::ServerProcess server{upstream.base_url(),
                                {"--content_gap_timeout=2s", "--end_grace=1s"}};
  support::Caller caller{server.address()};
};

class FieldCases : public testing::TestWithParam<size_t> {
 protected:
  static void SetUpTestSuite() { stage_ = std::make_unique<Stage>(); }
  static void TearDownTestSuite() { stage_.reset(); }
  static std::unique_ptr<Stage> stage_;
};

std::unique_ptr<Stage> FieldCases::stage_;

TEST_P(FieldCases, TheCallerSees) {
  const Case& c = Cases()[GetParam()];
  for (const Rpc rpc : support::kBothRpcs) {
    if ((c.rpcs & (rpc == Rpc::kChat ? kChat : kStream)) == 0) continue;
    for (const char* cut : {"/0", "/1"}) {
      const CallResult result =
          stage_->caller.Call(rpc, support::ChatRequestBody(std::to_string(GetParam()) + cut));
      SCOPED_TRACE(std::string(c.file) + cut + "\n" + result.Describe() + "\n" + result.AllJson());
      EXPECT_EQ(tolerance::Summary(result), c.seen);
      EXPECT_NE(result.message.find(c.says), std::string::npos) << result.message;
      EXPECT_LT(result.elapsed(), seconds(5));
      if (rpc == Rpc::kStreamChat) tolerance::ExpectContract(result);
    }
  }
}

std::string NameOf(const testing::TestParamInfo<size_t>& info) {
  std::string name = Cases()[info.param].file;
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name;
}

std::vector<size_t> AllCases() {
  std::vector<size_t> indices(Cases().size());
  for (size_t i = 0; i < indices.size(); ++i) indices[i] = i;
  return indices;
}

INSTANTIATE_TEST_SUITE_P(Files, FieldCases, testing::ValuesIn(AllCases()), NameOf);

// What was repaired is counted in the call's line of the log, so that somebody can look.
TEST(Anomalies, AreCountedInTheLog) {
  Stage stage;
  std::vector<std::string> files;
  for (size_t i = 0; i < Cases().size(); ++i) {
    const Case& c = Cases()[i];
    if (std::string(c.file).rfind("a06", 0) != 0) continue;
    const Rpc rpc = c.rpcs == kChat ? Rpc::kChat : Rpc::kStreamChat;
    EXPECT_TRUE(stage.caller.Call(rpc, support::ChatRequestBody(std::to_string(i) + "/0")).ok());
    files.push_back(c.file);
  }
  EXPECT_TRUE(
      stage.caller.Chat(support::ChatRequestBody(std::to_string(IndexOf("a08-6")) + "/0")).ok());
  stage.server.Stop();
  std::istringstream log(stage.server.process().output() + stage.server.process().errors());
  std::vector<bool> counted;
  for (std::string line; std::getline(log, line);) {
    if (line.find("\"method\"") == std::string::npos) continue;
    counted.push_back(line.find("\"anomalies\"") != std::string::npos);
  }
  ASSERT_EQ(counted.size(), files.size() + 1);
  for (size_t i = 0; i < files.size(); ++i) EXPECT_TRUE(counted[i]) << files[i];
  EXPECT_FALSE(counted.back()) << "nothing was odd";
}

}  // namespace
}  // namespace sparkgate::field
