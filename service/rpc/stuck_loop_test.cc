// A loop that hangs is a bug that must not become a process that never ends: Kubernetes would kill
// it, but a machine without a watchman would keep it. No caller can make a loop hang, so the hook
// for the log does it here.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <future>
#include <memory>
#include <string>

#include "service/rpc/server.h"
#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"

namespace sparkgate::rpc {
namespace {

using std::chrono::milliseconds;
using support::Rpc;

// Ends the process, as main would be ended.
void DrainWithAStuckLoop() {
  support::ScriptedUpstream upstream([](support::Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      connection.Send(support::AnswerTo(request->body, "Hello"));
    }
  });
  const upstream::Resolver resolver("127.0.0.1", upstream.port());
  std::promise<void> stuck;
  ServerOptions options;
  options.client.base_url = upstream.base_url();
  options.drain_delay = milliseconds(0);
  options.drain_grace = milliseconds(100);
  options.on_over = [&](const CallReport&) {
    stuck.set_value();
    std::promise<void>().get_future().wait();
  };
  options.on_notice = [](const std::string& notice) { fprintf(stderr, "%s\n", notice.c_str()); };
  auto server = Server::Start(std::move(options), &resolver);
  support::Caller caller("127.0.0.1:" + std::to_string((*server)->port()));
  if (!caller.Chat(support::ChatRequestBody("a")).ok()) abort();
  stuck.get_future().wait();
  // This one comes to a loop that runs no more.
  support::RunningCall second = caller.Start(Rpc::kStreamChat, support::ChatRequestBody("b"));
  (*server)->Drain();
}

// ThreadSanitizer ends it by a code of its own, because of a thread that gRPC had no time to join.
bool EndedByItself(int status) {
#ifdef SPARKGATE_SANITIZED
  return WIFEXITED(status);
#else
  return WIFEXITED(status) && WEXITSTATUS(status) == 1;
#endif
}

TEST(StuckLoopDeathTest, TheProcessEndsAllTheSame) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(DrainWithAStuckLoop(), EndedByItself,
              "calls did not end when told to: [12](.|\n)*ending without it");
}

}  // namespace
}  // namespace sparkgate::rpc
