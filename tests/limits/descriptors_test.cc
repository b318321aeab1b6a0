// A server that runs out of descriptors, or of connections: old ones work on, new ones wait or are
// refused, and everything recovers.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/eventually.h"
#include "tests/support/gate.h"
#include "tests/support/http_text.h"
#include "tests/support/in_soak.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/server_process.h"

namespace sparkgate::limits {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using support::Caller;
using support::CallOptions;
using support::CallResult;
using support::ChatRequestBody;
using support::Connection;
using support::Gate;
using support::Rpc;
using support::RunningCall;
using support::ScriptedUpstream;
using support::ServerProcess;

constexpr int kNewcomers = 200;

// Connections that say nothing; closed with a reset, so that none is left in TIME_WAIT.
class Newcomers {
 public:
  Newcomers(int port, int count) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < count; ++i) {
      const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const linger now{1, 0};
      setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
      // A refused one may have been reset by the time that connect looks.
      static_cast<void>(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)));
      fds_.push_back(fd);
    }
  }
  ~Newcomers() { Close(); }
  Newcomers(const Newcomers&) = delete;
  Newcomers& operator=(const Newcomers&) = delete;

  void Close() {
    for (const int fd : fds_) close(fd);
    fds_.clear();
  }

 private:
  std::vector<int> fds_;
};

// "ticks": a stream that goes on until the test ends; "held": an answer when the test says so; any
// other call is answered at once.
class Upstream {
 public:
  Gate go_on;
  std::atomic<bool> stop{false};
  ScriptedUpstream server{[this](Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      const std::string name = support::CallNameOf(request->body);
      if (name == "ticks") return Tick(connection);
      if (name == "held") go_on.Await();
      if (!connection.Send(support::AnswerTo(request->body, "Hello"))) return;
    }
  }};
  ~Upstream() { stop = true; }

 private:
  void Tick(Connection& connection) {
    connection.Send(support::SseHead());
    const std::string event = support::Chunk(support::SseEvent(support::ContentChunk("t")));
    while (!stop && connection.Send(event)) std::this_thread::sleep_for(milliseconds(2));
    connection.Send(
        support::Chunk(support::SseEvent(support::FinishChunk()) + support::SseEvent("[DONE]")) +
        support::LastChunk());
  }
};

ServerProcess::Options OptionsFor(const Upstream& upstream, int descriptors,
                                  std::vector<std::string> flags) {
  ServerProcess::Options options;
  options.upstream_url = upstream.server.base_url();
  options.flags = std::move(flags);
  options.allow_core = true;  // descriptors are counted
  const std::string limit = std::to_string(descriptors);
  options.run_by = {"/usr/bin/prlimit", "--nofile=" + limit + ":" + limit};
  return options;
}

void SetLimit(ServerProcess* server, int descriptors) {
  rlimit limit{};
  ASSERT_EQ(prlimit(server->process().pid(), RLIMIT_NOFILE, nullptr, &limit), 0);
  limit.rlim_cur = static_cast<rlim_t>(descriptors);
  ASSERT_EQ(prlimit(server->process().pid(), RLIMIT_NOFILE, &limit, nullptr), 0);
}

CallResult CallAnew(const ServerProcess& server, milliseconds deadline, bool wait) {
  Caller caller(server.address());
  CallOptions options;
  options.deadline = deadline;
  options.wait_for_ready = wait;
  return caller.Chat(ChatRequestBody("new"), options);
}

// The stream that runs goes on, and its connection takes further calls.
void ExpectOldOnesWorkOn(Caller* caller, RunningCall* ticks) {
  for (int i = 0; i < 10; ++i) {
    const CallResult result = caller->Chat(ChatRequestBody("old"));
    EXPECT_TRUE(result.ok()) << result.Describe();
  }
  EXPECT_TRUE(ticks->AwaitMessages(ticks->messages() + 5)) << "the running stream stood still";
}

void ExpectRecovered(const ServerProcess& server, const char* what) {
  const auto begun = steady_clock::now();
  CallResult result;
  // Beyond the limit of connections a caller is told to come again.
  EXPECT_TRUE(support::Eventually([&] {
    result = CallAnew(server, milliseconds(support::kTimesCount ? 10000 : 20000), true);
    return result.reason != "OVERLOADED";
  }));
  EXPECT_TRUE(result.ok()) << result.Describe();
  const auto took = std::chrono::duration_cast<milliseconds>(steady_clock::now() - begun).count();
  std::printf("%s: a new caller was served %lld ms after they had gone\n", what,
              static_cast<long long>(took));
  if (support::InSoak()) {
    EXPECT_LE(took, 2000);
  }
}

TEST(Descriptors, ALimitThatCannotHoldTheLimitsIsRefusedWithTheNumbers) {
  Upstream upstream;
  const struct {
    int descriptors;
    std::vector<std::string> flags;
    const char* told;
  } kRows[] = {{64, {}, "ulimit -n 130"},
               {200, {"--max_calls=500", "--max_connections=10"}, "ulimit -n 638"},
               {200, {"--max_connections=100"}, "ulimit -n 229"}};
  for (const auto& row : kRows) {
    ServerProcess::Options options = OptionsFor(upstream, row.descriptors, row.flags);
    options.wait = false;
    ServerProcess server(options);
    EXPECT_EQ(server.WaitForEnd(), 1);
    const std::string errors = server.process().errors();
    EXPECT_NE(errors.find(row.told), std::string::npos) << errors;
    EXPECT_NE(errors.find(std::to_string(row.descriptors)), std::string::npos) << errors;
  }
}

TEST(Descriptors, TheConnectionLimit) {
  Upstream upstream;
  ServerProcess server(OptionsFor(upstream, 200, {"--max_calls=32", "--max_connections=40"}));
  Caller old(server.address());
  RunningCall ticks = old.Start(Rpc::kStreamChat, ChatRequestBody("ticks"));
  ASSERT_TRUE(ticks.AwaitMessages(1));
  Newcomers newcomers(server.port(), kNewcomers);
  ExpectOldOnesWorkOn(&old, &ticks);
  EXPECT_EQ(CallAnew(server, milliseconds(500), false).name, "UNAVAILABLE") << "a reset connection";
  ExpectOldOnesWorkOn(&old, &ticks);
  newcomers.Close();
  ExpectRecovered(server, "connection limit");
  ExpectOldOnesWorkOn(&old, &ticks);
}

// Descriptors run out in the midst of it: the limit is taken from the server after its start.
TEST(Descriptors, NoneLeft) {
  Upstream upstream;
  ServerProcess server(
      OptionsFor(upstream, 600, {"--max_calls=64", "--max_connections=300", "--loops=1"}));
  Caller old(server.address());
  RunningCall ticks = old.Start(Rpc::kStreamChat, ChatRequestBody("ticks"));
  ASSERT_TRUE(ticks.AwaitMessages(1));
  ASSERT_TRUE(old.Chat(ChatRequestBody("old")).ok());
  SetLimit(&server, server.counts().descriptors + 8);
  Newcomers newcomers(server.port(), kNewcomers);
  ExpectOldOnesWorkOn(&old, &ticks);
  // It waits in the kernel's queue of connections.
  EXPECT_EQ(CallAnew(server, milliseconds(500), true).name, "DEADLINE_EXCEEDED");

  // The loop has one kept connection to the upstream; a second call at once needs a new one.
  const int before = static_cast<int>(upstream.server.requests().size());
  RunningCall held = old.Start(Rpc::kChat, ChatRequestBody("held"));
  ASSERT_TRUE(upstream.server.WaitForRequests(before + 1));
  for (const Rpc rpc : support::kBothRpcs) {
    const CallResult refused = old.Call(rpc, ChatRequestBody("more"));
    EXPECT_EQ(refused.name, "UNAVAILABLE") << refused.Describe();
    EXPECT_EQ(refused.reason, "UPSTREAM_UNREACHABLE");
    EXPECT_EQ(refused.may_have_run(), "false");
  }

  // Half a second in which newcomers wait for descriptors: that costs next to nothing.
  const double begun = server.counts().cpu_seconds;
  EXPECT_FALSE(held.AwaitEnd(milliseconds(500)));
  const double cpu = server.counts().cpu_seconds - begun;
  std::printf("half a second without descriptors: %.0f ms of CPU\n", 1000 * cpu);
  if (support::kTimesCount) {
    EXPECT_LT(cpu, 0.15);
  }
  upstream.go_on.Open();
  EXPECT_TRUE(held.Wait().ok());
  newcomers.Close();
  ExpectRecovered(server, "no descriptors");
  ExpectOldOnesWorkOn(&old, &ticks);
}

}  // namespace
}  // namespace sparkgate::limits
