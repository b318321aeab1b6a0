// What waits for Sparkgate's own workers is not the upstream's fault: its timers stand still.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/server_process.h"

namespace sparkgate::limits {
namespace {

using support::Caller;
using support::CallResult;
using support::ChatRequestBody;
using support::ChildProcess;
using support::Connection;
using support::ScriptedUpstream;
using support::ServerProcess;

constexpr char kChat[] = "/sparkgate.v1.ChatService/Chat";
constexpr size_t kLarge = 2'000'000;

// All of an answer at once: a word, an event that a worker decodes, and the end.
std::string LargeStream() {
  const std::string text(kLarge, 'x');
  return support::SseHead() +
         support::Chunk(support::SseEvent(support::RoleChunk()) +
                        support::SseEvent(support::ContentChunk("before"))) +
         support::Chunk(support::SseEvent(support::ContentChunk(text))) +
         support::Chunk(support::SseEvent(support::FinishChunk()) + support::SseEvent("[DONE]")) +
         support::LastChunk();
}

TEST(BusyWorkers, MakeNobodysUpstreamLookStalled) {
  const std::string stream = LargeStream();
  ScriptedUpstream upstream([&stream](Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      const bool large = support::CallNameOf(request->body) == "large";
      connection.Send(large ? stream : support::AnswerTo(request->body, "Hello"));
    }
  });
  ServerProcess server(upstream.base_url(),
                       {"--content_gap_timeout=200ms", "--idle_timeout=200ms"});
  // Several callers, since the jobs of one leave a thread free.
  std::vector<std::unique_ptr<ChildProcess>> busy;
  for (int i = 0; i < 4; ++i) {
    busy.push_back(std::make_unique<ChildProcess>(std::vector<std::string>{
        "tests/limits/costly_client", server.address(), kChat, "jnt", "2", "0"}));
  }
  for (auto& client : busy) ASSERT_TRUE(client->AwaitLine(" ").has_value()) << client->errors();
  Caller caller(server.address());
  std::chrono::milliseconds longest{0};
  for (int i = 0; i < 10; ++i) {
    const CallResult result = caller.StreamChat(ChatRequestBody("large"));
    EXPECT_TRUE(result.ok()) << result.Describe();
    EXPECT_EQ(result.FinishReason(), "stop");
    EXPECT_GT(result.AllJson().size(), kLarge);
    longest =
        std::max(longest, std::chrono::duration_cast<std::chrono::milliseconds>(result.elapsed()));
  }
  std::printf("the longest of 10 took %lld ms\n", static_cast<long long>(longest.count()));
}

}  // namespace
}  // namespace sparkgate::limits
