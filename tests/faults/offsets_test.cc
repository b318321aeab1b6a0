// A long stream that is cut at places that nobody chose: by a reset, and by a FIN. The caller gets
// a beginning of what was said, the right status, and never an OK unless the end mark was whole.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/faults/sentence.h"
#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/server_process.h"
#include "tests/support/tcp_info.h"
#include "tests/support/test_certificates.h"

namespace sparkgate::faults {
namespace {

using support::CallResult;
using support::Chunk;
using support::Connection;
using support::SseEvent;

constexpr unsigned kSeed = 20240611;
constexpr int kOffsets = support::Thinned(100, 20);
constexpr size_t kAtOnce = 20;

// Long enough for many reads and TLS records, with comments, usage and an end as real ones have.
struct Script {
  Script() {
    bytes = support::SseHead() + Chunk(SseEvent(support::RoleChunk()));
    status_line_end = bytes.find("\r\n") + 2;
    for (int i = 0; i < 200; ++i) {
      const std::string piece = "word-" + std::to_string(i) + " ";
      text += piece;
      bytes += Chunk(SseEvent(support::ContentChunk(piece)));
      if (i % 20 == 0) bytes += Chunk(": still here\n\n");
    }
    bytes += Chunk(SseEvent(support::FinishChunk())) + Chunk(SseEvent(support::UsageChunk()));
    bytes += Chunk(SseEvent("[DONE]")) + support::LastChunk();
    done_end = bytes.find("[DONE]") + 6;
  }

  std::string bytes;
  std::string text;
  size_t status_line_end;
  size_t done_end;
};

const Script& TheScript() {
  static const auto* const script = new Script;
  return *script;
}

// The seed's offsets, and those around the end mark, which chance would miss.
std::vector<size_t> Offsets() {
  std::mt19937 random(kSeed);
  std::set<size_t> offsets;
  while (offsets.size() < static_cast<size_t>(kOffsets)) {
    offsets.insert(random() % TheScript().bytes.size());
  }
  for (size_t near = 0; near < 10; ++near) offsets.insert(TheScript().done_end - 8 + near);
  return {offsets.begin(), offsets.end()};
}

// The names of calls: "offset/reset".
void Cut(Connection& connection) {
  const auto request = connection.ReadRequest();
  if (!request) return;
  const std::string name = support::CallNameOf(request->body);
  connection.Send(TheScript().bytes.substr(0, std::stoul(name)));
  if (name.back() == '0') return connection.Close();
  support::WaitUntilRead(connection.peer_port(), connection.port());
  connection.Reset();
}

void Check(size_t offset, const CallResult& result) {
  const Script& script = TheScript();
  ExpectForm(result);
  EXPECT_EQ(script.text.compare(0, result.Text().size(), result.Text()), 0) << result.Text();
  if (offset >= script.done_end) {
    EXPECT_EQ(result.name, "OK");
    EXPECT_EQ(result.Text(), script.text);
    EXPECT_EQ(result.FinishReason(), "stop");
    return;
  }
  EXPECT_EQ(result.name, "ABORTED");
  EXPECT_EQ(result.may_have_run(), "true");
  EXPECT_EQ(result.reason, offset < script.status_line_end ? "UPSTREAM_CONNECTION_LOST"
                                                           : "UPSTREAM_STREAM_TRUNCATED");
}

class OffsetsTest : public testing::TestWithParam<bool> {};

TEST_P(OffsetsTest, NeverAShortenedOk) {
  const auto upstream =
      GetParam() ? std::make_unique<support::ScriptedUpstream>(Cut, support::Certificate::kRight)
                 : std::make_unique<support::ScriptedUpstream>(Cut);
  support::ServerProcess::Options options;
  options.upstream_url = upstream->base_url();
  if (GetParam()) options.ca_file = support::CaFile();
  support::ServerProcess server(options);
  support::Caller caller(server.address());
  std::printf("seed %u, %zu bytes\n", kSeed, TheScript().bytes.size());

  std::vector<std::string> names;
  for (const size_t offset : Offsets()) {
    for (const char* reset : {"/0", "/1"}) names.push_back(std::to_string(offset) + reset);
  }
  for (size_t first = 0; first < names.size(); first += kAtOnce) {
    std::vector<support::RunningCall> calls;
    const size_t last = std::min(names.size(), first + kAtOnce);
    for (size_t i = first; i < last; ++i) {
      calls.push_back(caller.Start(support::Rpc::kStreamChat, support::ChatRequestBody(names[i])));
    }
    for (size_t i = first; i < last; ++i) {
      const CallResult result = calls[i - first].Wait();
      SCOPED_TRACE(names[i] + ": " + result.Describe());
      Check(std::stoul(names[i]), result);
    }
  }
  EXPECT_EQ(upstream->requests().size(), names.size()) << "every call went out once";
}

INSTANTIATE_TEST_SUITE_P(Transport, OffsetsTest, testing::Bool(),
                         [](const auto& info) { return info.param ? "Tls" : "Plain"; });

}  // namespace
}  // namespace sparkgate::faults
