// An upstream whose name has several addresses, some of them dead, or whose name moves.
#include <gtest/gtest.h>
#include <stdio.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/eventually.h"
#include "tests/support/gate.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/scripts.h"
#include "tests/support/server_process.h"

namespace sparkgate::field {
namespace {

using std::chrono::milliseconds;
using support::Caller;
using support::CallResult;
using support::ChatRequestBody;
using support::Connection;
using support::Rpc;
using support::ScriptedUpstream;
using support::ServerProcess;

constexpr char kOne[] = "127.0.0.1";
constexpr char kTwo[] = "127.0.0.2";
constexpr char kThree[] = "127.0.0.3";

// Where two.test is.
class Names {
 public:
  Names() : path_(std::string(std::getenv("TEST_TMPDIR")) + "/names") {}

  // At once, for every look-up that begins now.
  void Set(const std::vector<std::string>& addresses) {
    const std::string fresh = path_ + ".new";
    std::ofstream file(fresh);
    file << "two.test";
    for (const std::string& address : addresses) file << ' ' << address;
    file << "\n";
    file.close();
    ASSERT_EQ(rename(fresh.c_str(), path_.c_str()), 0);
  }

  // A server in front of http://two.test:port.
  ServerProcess::Options ServerAt(int port, std::vector<std::string> flags = {}) const {
    ServerProcess::Options options;
    options.upstream_url = "http://two.test:" + std::to_string(port);
    options.flags = std::move(flags);
    options.run_by = {"/usr/bin/env", "LD_PRELOAD=tests/support/libnames.so",
                      "SPARKGATE_TEST_NAMES=" + path_};
    return options;
  }

 private:
  const std::string path_;
};

// Each call connects anew.
void AnswerOne(Connection& connection) {
  const auto request = connection.ReadRequest();
  if (request) connection.Send(support::AnswerTo(request->body, "Hello"));
}

// Four calls of each RPC, one after the other; how many of them tried an address in vain.
int ExpectPromptCalls(const ServerProcess& server, milliseconds most) {
  Caller caller(server.address());
  int waited = 0;
  for (const Rpc rpc : support::kBothRpcs) {
    for (int i = 0; i < 4; ++i) {
      const CallResult result = caller.Call(rpc, ChatRequestBody("a"));
      EXPECT_TRUE(result.ok()) << result.Describe();
      EXPECT_EQ(result.Text(), "Hello");
      EXPECT_TRUE(!support::kTimesCount || result.elapsed() < most) << result.elapsed().count();
      waited += result.elapsed() >= milliseconds(400) ? 1 : 0;
    }
  }
  return waited;
}

// Of the eight calls half began with such an address, and the first of them told the others.
void ExpectLearnt(int waited) {
  EXPECT_GE(waited, 1);
  EXPECT_LE(waited, 2) << "a slow machine has one for nothing";
}

TEST(Addresses, OneThatDoesNotAnswerCostsLittleOnce) {
  ScriptedUpstream upstream(AnswerOne);
  const support::BlackHole silent(kTwo, upstream.port());
  for (const bool silent_first : {true, false}) {
    Names names;
    names.Set(silent_first ? std::vector<std::string>{kTwo, kOne}
                           : std::vector<std::string>{kOne, kTwo});
    ServerProcess server(names.ServerAt(upstream.port()));
    ExpectLearnt(ExpectPromptCalls(server, milliseconds(900)));
  }
}

TEST(Addresses, TwoOfThreeThatDoNotAnswer) {
  ScriptedUpstream upstream(AnswerOne);
  const support::BlackHole second(kTwo, upstream.port());
  const support::BlackHole third(kThree, upstream.port());
  Names names;
  names.Set({kTwo, kThree, kOne});
  ServerProcess server(names.ServerAt(upstream.port()));
  ExpectLearnt(ExpectPromptCalls(server, milliseconds(1500)));
}

TEST(Addresses, OneThatRefusesCostsNothing) {
  ScriptedUpstream upstream(AnswerOne);
  Names names;
  names.Set({kTwo, kOne, "::1"});
  ServerProcess server(names.ServerAt(upstream.port()));
  ExpectPromptCalls(server, milliseconds(900));
}

TEST(Addresses, OneThatFallsSilentWhileItServes) {
  ScriptedUpstream upstream(AnswerOne);
  auto second = std::make_unique<ScriptedUpstream>(AnswerOne, kTwo, upstream.port());
  Names names;
  names.Set({kOne, kTwo});
  ServerProcess server(names.ServerAt(upstream.port()));
  ExpectPromptCalls(server, milliseconds(900));
  EXPECT_EQ(second->requests().size(), 4u) << "calls are spread";
  EXPECT_TRUE(second->WaitForNoneOpen());
  second.reset();
  const support::BlackHole silent(kTwo, upstream.port());
  ExpectLearnt(ExpectPromptCalls(server, milliseconds(900)));
}

TEST(Addresses, NoneThatAnswersIsUnavailableInTime) {
  const support::BlackHole one(kOne, 0);
  const support::BlackHole two(kTwo, one.port());
  Names names;
  names.Set({kOne, kTwo});
  ServerProcess server(names.ServerAt(one.port(), {"--connect_timeout=1s"}));
  Caller caller(server.address());
  for (const Rpc rpc : support::kBothRpcs) {
    const CallResult result = caller.Call(rpc, ChatRequestBody("a"));
    EXPECT_EQ(result.name, "UNAVAILABLE") << result.Describe();
    EXPECT_EQ(result.may_have_run(), "false");
    EXPECT_LT(result.elapsed(), milliseconds(5000));
  }
}

// Kept connections to the old address live on, and get no new calls.
TEST(Addresses, NewCallsFollowTheName) {
  support::Gate end, all_there;
  ScriptedUpstream old([&](Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      const std::string name = support::CallNameOf(request->body);
      if (name == "long") end.Await();
      if (name == "burst") all_there.Await();
      connection.Send(support::AnswerTo(request->body, "Hello"));
    }
  });
  ScriptedUpstream moved(support::AnswerHello, kTwo, old.port());
  Names names;
  names.Set({kOne});
  ServerProcess server(names.ServerAt(old.port(), {"--dns_refresh=1s"}));
  Caller caller(server.address());
  support::RunningCall running = caller.Start(Rpc::kStreamChat, ChatRequestBody("long"));
  std::vector<support::RunningCall> burst;
  for (int i = 0; i < 5; ++i) burst.push_back(caller.Start(Rpc::kChat, ChatRequestBody("burst")));
  ASSERT_TRUE(old.WaitForRequests(6));
  all_there.Open();
  for (support::RunningCall& call : burst) EXPECT_TRUE(call.Wait().ok());
  EXPECT_EQ(old.connections_open(), 6);

  names.Set({kTwo});
  ASSERT_TRUE(support::Eventually([&] {
    EXPECT_TRUE(caller.Chat(ChatRequestBody("b")).ok());
    return !moved.requests().empty();
  }));
  const size_t before = old.requests().size();
  for (const Rpc rpc : support::kBothRpcs) {
    for (int i = 0; i < 6; ++i) {
      const CallResult result = caller.Call(rpc, ChatRequestBody("c"));
      EXPECT_TRUE(result.ok()) << result.Describe();
    }
  }
  EXPECT_EQ(old.requests().size(), before);
  end.Open();
  EXPECT_TRUE(running.Wait().ok()) << "what runs at the old place is not touched";
}

// As when a machine is taken away: its kept connections end without a word.
TEST(Addresses, AnOldPlaceThatFallsSilentCostsNoCall) {
  std::atomic<bool> silent{false};
  ScriptedUpstream old([&](Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      if (silent) connection.WaitForPeerClose();
      connection.Send(support::AnswerTo(request->body, "Hello"));
    }
  });
  ScriptedUpstream moved(support::AnswerHello, kTwo, old.port());
  Names names;
  names.Set({kOne});
  ServerProcess server(names.ServerAt(old.port(), {"--dns_refresh=1s"}));
  Caller caller(server.address());
  std::vector<support::RunningCall> burst;
  for (int i = 0; i < 5; ++i) burst.push_back(caller.Start(Rpc::kChat, ChatRequestBody("a")));
  for (support::RunningCall& call : burst) EXPECT_TRUE(call.Wait().ok());
  names.Set({kTwo});
  ASSERT_TRUE(support::Eventually([&] {
    caller.Chat(ChatRequestBody("b"));
    return !moved.requests().empty();
  }));
  silent = true;
  ExpectPromptCalls(server, milliseconds(900));
}

TEST(Addresses, ANameThatIsGoneKeepsItsLastPlace) {
  ScriptedUpstream upstream(support::AnswerHello);
  Names names;
  names.Set({kOne});
  ServerProcess server(names.ServerAt(upstream.port(), {"--dns_refresh=1s"}));
  Caller caller(server.address());
  names.Set({});
  const auto until = std::chrono::steady_clock::now() + milliseconds(2500);
  while (std::chrono::steady_clock::now() < until) {
    const CallResult result = caller.Chat(ChatRequestBody("a"));
    ASSERT_TRUE(result.ok()) << result.Describe();
  }
}

}  // namespace
}  // namespace sparkgate::field
