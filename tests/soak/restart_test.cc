// The server is killed, and comes again on the same port; and it dies of a fault of its own.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/http_text.h"
#include "tests/support/in_soak.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/secrets.h"
#include "tests/support/server_process.h"

namespace sparkgate::soak {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using support::Caller;
using support::CallOptions;
using support::CallResult;
using support::ChatRequestBody;
using support::Connection;
using support::Rpc;
using support::RunningCall;
using support::ScriptedUpstream;
using support::ServerProcess;

// Begins a stream that is called "endless" and waits; answers every other call.
void Play(Connection& connection) {
  while (const auto request = connection.ReadRequest()) {
    if (support::CallNameOf(request->body) != "endless") {
      connection.Send(support::AnswerTo(request->body, "Hello"));
      continue;
    }
    connection.Send(support::SseHead() +
                    support::Chunk(support::SseEvent(support::ContentChunk("Hel"))));
    connection.WaitForPeerClose();
    return;
  }
}

double Since(steady_clock::time_point begun) {
  return std::chrono::duration<double, std::milli>(steady_clock::now() - begun).count();
}

// What the caller's own library makes of it: a code without our details.
void ExpectNotOurs(const CallResult& result) {
  EXPECT_EQ(result.name, "UNAVAILABLE") << result.Describe();
  EXPECT_EQ(result.error_infos, 0);
}

// One caller with a channel to one address lives through several servers on it.
TEST(Restart, OnTheSamePortTheCallerIsServedAgain) {
  const int restarts = support::InSoak() ? 20 : support::Thinned(4, 2);
  ScriptedUpstream upstream(Play);
  auto server = std::make_unique<ServerProcess>(upstream.base_url());
  const std::string listen = "--listen=" + server->address();
  Caller caller(server->address());
  CallOptions patient;
  patient.wait_for_ready = true;
  std::vector<double> ready;
  std::vector<double> served;
  for (int i = 0; i < restarts; ++i) {
    RunningCall running = caller.Start(Rpc::kStreamChat, ChatRequestBody("endless"), patient);
    ASSERT_TRUE(running.AwaitMessages(1));
    const int closes = static_cast<int>(upstream.closes().size());
    server->process().Signal(SIGKILL);
    EXPECT_EQ(server->WaitForEnd(), 128 + SIGKILL);
    ExpectNotOurs(running.Wait());
    EXPECT_TRUE(upstream.WaitForCloses(closes + 1)) << "the upstream still generates";
    const auto begun = steady_clock::now();
    server = std::make_unique<ServerProcess>(upstream.base_url(), std::vector<std::string>{listen});
    ready.push_back(Since(begun));
    const CallResult result = caller.Chat(ChatRequestBody("next"), patient);
    served.push_back(Since(begun));
    EXPECT_TRUE(result.ok()) << result.Describe();
    EXPECT_EQ(result.Text(), "Hello");
  }
  std::sort(ready.begin(), ready.end());
  std::sort(served.begin(), served.end());
  std::printf(
      "%d restarts after SIGKILL: ready after p50 %.0f, at most %.0f ms; the old caller "
      "served again after p50 %.0f, at most %.0f ms\n",
      restarts, ready[ready.size() / 2], ready.back(), served[served.size() / 2], served.back());
  EXPECT_LT(ready.back(), support::InSoak() ? 1000 : support::kTimesCount ? 5000 : 20000);
}

// A server in the midst of a stream whose prompt nobody may see, and the shell allows it a core.
struct Faulty {
  Faulty() {
    ServerProcess::Options options;
    options.upstream_url = upstream.base_url();
    options.run_by = {"/usr/bin/prlimit", "--core=unlimited"};
    server = std::make_unique<ServerProcess>(options);
    caller = std::make_unique<Caller>(server->address());
    running =
        std::make_unique<RunningCall>(caller->Start(Rpc::kStreamChat, ChatRequestBody("endless")));
    EXPECT_TRUE(running->AwaitMessages(1));
  }

  // A stack, the signal's own exit, no core, and neither key nor prompt.
  void ExpectDiedOf(int signal) {
    EXPECT_EQ(server->process().Wait().value_or(0), 128 + signal);
    EXPECT_FALSE(server->process().dumped_core());
    const std::string errors = server->process().errors();
    const size_t stack = errors.find("*** sparkgate died of ");
    ASSERT_NE(stack, std::string::npos) << errors;
    const auto lines = std::count(errors.begin() + static_cast<long>(stack), errors.end(), '\n');
    EXPECT_GE(lines, 4) << errors;
    support::ExpectNoSecret("the crash's trace", errors);
    support::ExpectNoSecret("standard output", server->process().output());
    server->Abandon();
    ExpectNotOurs(running->Wait());
    EXPECT_TRUE(upstream.WaitForCloses(1));
  }

  ScriptedUpstream upstream{Play};
  std::unique_ptr<ServerProcess> server;
  std::unique_ptr<Caller> caller;
  std::unique_ptr<RunningCall> running;
};

class Fault : public testing::TestWithParam<int> {};

TEST_P(Fault, LeavesAStackAndNothingElse) {
  Faulty faulty;
  faulty.server->process().Signal(GetParam());
  faulty.ExpectDiedOf(GetParam());
}

std::vector<pid_t> ThreadsOf(pid_t pid) {
  std::vector<pid_t> threads;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
    threads.push_back(std::stoi(entry.path().filename()));
  }
  std::sort(threads.begin(), threads.end());
  return threads;
}

// Whichever thread it is that fails: the loops, the workers, the logger, and gRPC's.
TEST(FaultOfAThread, LeavesAStackAndNothingElse) {
  // A sanitizer has threads of its own, with its own handling of signals; the first is main's.
  const size_t threads = support::Thinned(100, 1);
  size_t there = 1;
  for (size_t i = 0; i < std::min(threads, there); ++i) {
    Faulty faulty;
    const pid_t pid = faulty.server->process().pid();
    const std::vector<pid_t> all = ThreadsOf(pid);
    there = std::max(there, all.size());
    SCOPED_TRACE(i);
    if (i >= all.size()) break;
    ASSERT_EQ(syscall(SYS_tgkill, pid, all[i], SIGSEGV), 0);
    faulty.ExpectDiedOf(SIGSEGV);
  }
  std::printf("%zu threads\n", there);
  EXPECT_GT(there, 5u);
}

INSTANTIATE_TEST_SUITE_P(Signal, Fault, testing::Values(SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL),
                         [](const auto& info) { return std::string(sigabbrev_np(info.param)); });

}  // namespace
}  // namespace sparkgate::soak
