// What the process is started with and sent by its surroundings: signals, variables that libraries
// read, descriptors that are closed.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <string>

#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/scripts.h"
#include "tests/support/server_process.h"

namespace sparkgate::limits {
namespace {

using support::Caller;
using support::ChatRequestBody;
using support::ScriptedUpstream;
using support::ServerProcess;

TEST(Surroundings, SignalsThatMeanNothingHereAreIgnored) {
  ScriptedUpstream upstream(support::AnswerHello);
  ServerProcess server(upstream.base_url());
  Caller caller(server.address());
  for (const int signal : {SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGPIPE}) {
    server.process().Signal(signal);
    EXPECT_TRUE(caller.Chat(ChatRequestBody("a")).ok()) << "signal " << signal;
  }
}  // whose end is exit code 0 after SIGTERM

// gRPC's own tracing would write each call's headers and messages to the log.
TEST(Surroundings, LibrariesDoNotTrace) {
  ScriptedUpstream upstream(support::AnswerHello);
  ServerProcess::Options options;
  options.upstream_url = upstream.base_url();
  options.flags = {"--log_level=debug"};
  options.run_by = {"/usr/bin/env", "GRPC_TRACE=all", "GRPC_VERBOSITY=debug"};
  ServerProcess server(options);
  Caller caller(server.address());
  support::CallOptions call;
  call.metadata = {{"x-made-up-word", "quellwolke"}};
  EXPECT_TRUE(caller.Chat(ChatRequestBody("a"), call).ok());
  server.Stop();
  EXPECT_EQ(server.process().errors().find("quellwolke"), std::string::npos);
  EXPECT_EQ(server.process().errors().find("made-up-word"), std::string::npos);
}

// Else the next socket is descriptor 2, and its peer reads the log.
TEST(Surroundings, StandardDescriptorsThatAreClosedAreNoSocketsLater) {
  ScriptedUpstream upstream(support::AnswerHello);
  for (const std::string closed : {"0<&-", "2>&-", "0<&- 2>&-"}) {
    SCOPED_TRACE(closed);
    ServerProcess::Options options;
    options.upstream_url = upstream.base_url();
    options.run_by = {"/bin/sh", "-c", "exec \"$0\" \"$@\" " + closed};
    options.allow_core = true;  // lets /proc be read
    ServerProcess server(options);
    Caller caller(server.address());
    EXPECT_TRUE(caller.Chat(ChatRequestBody("a")).ok());
    for (const char fd : {'0', '2'}) {
      if (closed.find(fd) == std::string::npos) continue;
      const std::string link =
          "/proc/" + std::to_string(server.process().pid()) + "/fd/" + std::string(1, fd);
      std::array<char, 256> target{};
      ASSERT_GT(readlink(link.c_str(), target.data(), target.size() - 1), 0) << link;
      EXPECT_STREQ(target.data(), "/dev/null") << link;
    }
  }
}

}  // namespace
}  // namespace sparkgate::limits
