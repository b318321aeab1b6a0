// Connections that are killed at every byte: the mapped status each time, never an OK for an answer
// that is not whole, and no call is complete twice at the upstream, whatever the caller's library
// does.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <map>
#include <memory>
#include <random>
#include <string>

#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/server_process.h"
#include "tests/support/tcp_info.h"

namespace sparkgate::retry {
namespace {

using support::CallResult;
using support::ChatRequestBody;
using support::Connection;
using support::Rpc;
using support::RunningCall;
using support::ScriptedUpstream;
using support::ServerProcess;

constexpr char kRetryPolicy[] =
    R"({"methodConfig":[{"name":[{}],"retryPolicy":{"maxAttempts":4,)"
    R"("initialBackoff":"0.01s","maxBackoff":"0.02s","backoffMultiplier":1,)"
    R"("retryableStatusCodes":["UNAVAILABLE"]}}]})";

std::map<std::string, int> TimesSeen(const ScriptedUpstream& upstream) {
  std::map<std::string, int> times;
  for (const auto& request : upstream.requests()) ++times[support::CallNameOf(request.body)];
  return times;
}

void ExpectNothingSeenTwice(const ScriptedUpstream& upstream) {
  for (const auto& [name, times] : TimesSeen(upstream)) {
    EXPECT_EQ(times, 1) << name << " was complete more than once";
  }
}

void Kill(Connection& connection, bool reset, int port) {
  if (!reset) return connection.Close();
  support::WaitUntilRead(connection.peer_port(), port);
  connection.Reset();
}

// The names of calls here: "number/reset".
int NumberOf(const std::string& name) { return std::stoi(name); }
bool ResetOf(const std::string& name) { return name.back() == '1'; }

class Kills : public testing::TestWithParam<bool> {
 protected:
  void Serve(ScriptedUpstream::Script script) {
    if (GetParam()) {
      upstream_ =
          std::make_unique<ScriptedUpstream>(std::move(script), support::Certificate::kRight);
    } else {
      upstream_ = std::make_unique<ScriptedUpstream>(std::move(script));
    }
    ServerProcess::Options options;
    options.upstream_url = upstream_->base_url();
    if (GetParam()) options.ca_file = support::CaFile();
    server_ = std::make_unique<ServerProcess>(options);
    support::ChannelOptions channel;
    channel.service_config = kRetryPolicy;
    caller_ = std::make_unique<support::Caller>(server_->address(), channel);
  }

  // Calls for numbers from 0 to `end`, killed by FIN and by RST, some at once.
  template <typename Check>
  void ForEachKill(int end, Rpc rpc, Check check) {
    constexpr int kAtOnce = 40;
    const int step = GetParam() ? support::Thinned(11, 101) : support::Thinned(1, 23);
    std::vector<std::string> names;
    for (int number = 0; number <= end; number += step) {
      for (const char* reset : {"/0", "/1"}) names.push_back(std::to_string(number) + reset);
    }
    for (size_t first = 0; first < names.size(); first += kAtOnce) {
      std::vector<std::pair<std::string, RunningCall>> calls;
      for (size_t i = first; i < std::min(names.size(), first + kAtOnce); ++i) {
        calls.emplace_back(names[i], caller_->Start(rpc, ChatRequestBody(names[i])));
      }
      for (auto& [name, call] : calls) {
        const CallResult result = call.Wait();
        SCOPED_TRACE(name + ": " + result.Describe());
        check(name, result);
      }
    }
  }

  std::unique_ptr<ScriptedUpstream> upstream_;
  std::unique_ptr<ServerProcess> server_;
  std::unique_ptr<support::Caller> caller_;
};

INSTANTIATE_TEST_SUITE_P(Transport, Kills, testing::Bool(),
                         [](const auto& info) { return info.param ? "Tls" : "Plain"; });

TEST_P(Kills, AtEveryByteOfAStream) {
  const std::string answer = support::StreamAnswer({"Hel", "lo"});
  const size_t whole = answer.find("[DONE]") + 6;
  const size_t status_line = answer.find("\r\n") + 2;  // before it is whole there is no answer
  int port = 0;
  Serve([&](Connection& connection) {
    const auto request = connection.ReadRequest();
    if (!request) return;
    const std::string name = support::CallNameOf(request->body);
    connection.Send(answer.substr(0, static_cast<size_t>(NumberOf(name))));
    Kill(connection, ResetOf(name), port);
  });
  port = upstream_->port();
  ForEachKill(static_cast<int>(answer.size()), Rpc::kStreamChat,
              [&](const std::string& name, const CallResult& result) {
                if (static_cast<size_t>(NumberOf(name)) >= whole) {
                  EXPECT_EQ(result.name, "OK");
                  EXPECT_EQ(result.Text(), "Hello");
                  return;
                }
                EXPECT_EQ(result.name, "ABORTED");
                EXPECT_EQ(result.reason, static_cast<size_t>(NumberOf(name)) < status_line
                                             ? "UPSTREAM_CONNECTION_LOST"
                                             : "UPSTREAM_STREAM_TRUNCATED");
                EXPECT_EQ(std::string("Hello").rfind(result.Text(), 0), 0u) << result.Text();
              });
  ExpectNothingSeenTwice(*upstream_);
}

TEST_P(Kills, AtEveryByteOfAChatsAnswer) {
  const std::string answer = support::ChatAnswer("Hello");
  int port = 0;
  Serve([&](Connection& connection) {
    const auto request = connection.ReadRequest();
    if (!request) return;
    const std::string name = support::CallNameOf(request->body);
    connection.Send(answer.substr(0, static_cast<size_t>(NumberOf(name))));
    Kill(connection, ResetOf(name), port);
  });
  port = upstream_->port();
  ForEachKill(static_cast<int>(answer.size()), Rpc::kChat,
              [&](const std::string& name, const CallResult& result) {
                const bool whole = static_cast<size_t>(NumberOf(name)) == answer.size();
                EXPECT_EQ(result.name, whole ? "OK" : "ABORTED");
              });
  ExpectNothingSeenTwice(*upstream_);
}

// The upstream reads so many bytes of the request and goes away. Fresh connections: none is kept.
TEST_P(Kills, AtEveryByteOfARequest) {
  std::atomic<int> complete{0};
  Serve([&](Connection& connection) {
    if (connection.index() == 0) {  // how long is a request?
      const auto first = connection.ReadRequest();
      complete = static_cast<int>(connection.bytes_received());
      if (first)
        connection.Send("HTTP/1.1 503 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    const int length = complete.load();
    const int count = length == 0 ? 0 : connection.index() % length;
    connection.ReadBytes(static_cast<size_t>(count));
    if (connection.index() % 2 == 0) {
      connection.Reset();
    } else {
      connection.Close();
    }
  });
  support::Caller once(server_->address());
  EXPECT_EQ(once.Chat(ChatRequestBody("probe")).reason, "UPSTREAM_OVERLOADED");
  std::map<std::string, int> outcomes;
  ForEachKill(complete, Rpc::kChat, [&](const std::string&, const CallResult& result) {
    EXPECT_TRUE(result.name == "ABORTED" || result.name == "UNAVAILABLE");
    ++outcomes[result.name + " " + result.reason];
  });
  for (const auto& [outcome, times] : outcomes) std::printf("%4d %s\n", times, outcome.c_str());
  EXPECT_EQ(upstream_->requests().size(), 1u) << "no other one was read whole";
}

// Connections are closed at about the moment when the next request goes out. What the upstream's
// kernel has acknowledged may have been seen; all else is sent again, and ends well.
TEST_P(Kills, IdleTimeoutRace) {
  Serve([](Connection& connection) {
    std::minstd_rand random(static_cast<unsigned>(connection.index()) + 1);
    auto request = connection.ReadRequest();
    while (request) {
      connection.Send(support::AnswerTo(request->body, support::CallNameOf(request->body)));
      const auto patience = std::chrono::microseconds(random() % 1500);
      if (connection.WaitForBytes(patience)) {
        request = connection.ReadRequest();
      } else {
        return connection.HalfClose();
      }
    }
  });
  std::map<std::string, int> outcomes;
  const int calls = support::Thinned(600, 60);
  for (int i = 0; i < calls; ++i) {
    const std::string name = "race-" + std::to_string(i);
    const CallResult result =
        caller_->Call(i % 2 == 0 ? Rpc::kChat : Rpc::kStreamChat, ChatRequestBody(name));
    ++outcomes[result.name + " " + result.reason];
    if (result.ok()) {
      EXPECT_EQ(result.Text(), name);
    } else {
      EXPECT_EQ(result.reason, "UPSTREAM_CONNECTION_LOST") << result.Describe();
    }
  }
  for (const auto& [outcome, times] : outcomes) std::printf("%4d %s\n", times, outcome.c_str());
  std::printf("%4d connections\n", upstream_->connections_accepted());
  EXPECT_GE(outcomes["OK "], calls * 95 / 100);
  ExpectNothingSeenTwice(*upstream_);
}

// A stock retry policy repeats what costs nothing, and nothing else.
TEST_P(Kills, TheCallersOwnPolicy) {
  Serve([](Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      const std::string name = support::CallNameOf(request->body);
      if (name == "lost") return connection.Close();
      const int status = std::stoi(name);
      connection.Send(support::JsonResponse("{}", status));
    }
  });
  const std::map<std::string, int> expected = {{"503", 4}, {"500", 1},  {"429", 1}, {"504", 1},
                                               {"408", 1}, {"lost", 1}, {"425", 4}};
  for (const auto& [name, times] : expected) caller_->Chat(ChatRequestBody(name));
  EXPECT_EQ(TimesSeen(*upstream_), expected);
}

}  // namespace
}  // namespace sparkgate::retry
