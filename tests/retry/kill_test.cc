// Connections that are killed at every byte of request and answer, on fresh connections and on kept
// ones: the mapped status each time, never an OK for an answer that is not whole, and no call is
// complete twice at the upstream, whatever the caller's library does.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

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

constexpr int kAtOnce = 40;

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

void End(Connection& connection, bool reset) {
  if (!reset) return connection.Close();
  support::WaitUntilRead(connection.peer_port(), connection.port());
  connection.Reset();
}

// The names of calls that are killed: "number/reset". Those before them, which leave a connection
// behind: "warm-number/reset".
int NumberOf(const std::string& name) { return std::stoi(name); }
bool ResetOf(const std::string& name) { return name.back() == '1'; }
bool IsWarm(const std::string& name) { return name.rfind("warm-", 0) == 0; }
std::string Plan(const std::string& warm_name) { return warm_name.substr(5); }

// So many requests are there at once, hence on as many connections.
class Meeting {
 public:
  void Expect(int count) {
    std::lock_guard<std::mutex> lock(mutex_);
    missing_ = count;
  }
  void Arrive() {
    std::unique_lock<std::mutex> lock(mutex_);
    --missing_;
    changed_.notify_all();
    changed_.wait_for(lock, support::kPatience, [this] { return missing_ <= 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int missing_ = 0;
};

struct Setting {
  bool tls;
  bool kept;  // killed calls go out on connections that were used before
};

std::string NameOf(const testing::TestParamInfo<Setting>& info) {
  return std::string(info.param.tls ? "Tls" : "Plain") + (info.param.kept ? "Kept" : "Fresh");
}

class Kills : public testing::TestWithParam<Setting> {
 protected:
  void Serve(ScriptedUpstream::Script script) {
    upstream_ = GetParam().tls ? std::make_unique<ScriptedUpstream>(std::move(script),
                                                                    support::Certificate::kRight)
                               : std::make_unique<ScriptedUpstream>(std::move(script));
    ServerProcess::Options options;
    options.upstream_url = upstream_->base_url();
    // One pool: a call finds the connection that another one left. Forty handshakes at once take
    // their time on a machine that others use.
    options.flags = {"--loops=1", "--connect_timeout=60s"};
    if (GetParam().tls) options.ca_file = support::CaFile();
    server_ = std::make_unique<ServerProcess>(options);
    caller_ = std::make_unique<support::Caller>(server_->address());
    support::ChannelOptions channel;
    channel.service_config = kRetryPolicy;
    repeating_caller_ = std::make_unique<support::Caller>(server_->address(), channel);
  }

  // Waits for the call that is to be killed here. False if it took another connection.
  bool AwaitVictim(Connection& connection, int batch) {
    while (!connection.WaitForBytes(std::chrono::milliseconds(5))) {
      if (batch_.load() != batch) return false;
    }
    return true;
  }

  // Answers calls that warm a connection when all of them are there; false for the first other
  // request, which is the one to kill.
  bool ServeWarm(Connection& connection, const std::string& body) {
    const std::string name = support::CallNameOf(body);
    if (!IsWarm(name)) return false;
    meeting_.Arrive();
    connection.Send(support::AnswerTo(body, "warm"));
    return true;
  }

  // Kills each answer behind so many of its bytes as the call's name says.
  void ServeAndKill(const std::string& answer) {
    Serve([this, answer](Connection& connection) {
      bool kept = false;
      while (const auto request = connection.ReadRequest()) {
        if (ServeWarm(connection, request->body)) {
          kept = true;
          continue;
        }
        const std::string name = support::CallNameOf(request->body);
        const auto bytes = static_cast<size_t>(NumberOf(name));
        const int batch = batch_.load();
        killed_on_kept_ += kept ? 1 : 0;
        connection.Send(answer.substr(0, bytes));
        // What is complete leaves a connection that another call of the batch may take: ended at
        // that moment, nobody can say whether the request was seen.
        if (bytes >= answer.size() && AwaitVictim(connection, batch)) continue;
        return End(connection, ResetOf(name));
      }
    });
  }

  void Warm(const std::vector<std::string>& names) {
    meeting_.Expect(static_cast<int>(names.size()));
    std::vector<RunningCall> calls;
    for (const std::string& name : names) {
      calls.push_back(caller_->Start(Rpc::kChat, ChatRequestBody("warm-" + name)));
    }
    for (RunningCall& call : calls) EXPECT_TRUE(call.Wait().ok());
  }

  // Every second byte is that of a caller whose library repeats what is UNAVAILABLE.
  support::Caller& CallerOf(const std::string& name) {
    return *(NumberOf(name) % 2 == 0 ? caller_ : repeating_caller_);
  }

  // Calls for numbers from 0 to `end`, killed by FIN and by RST, some at once.
  template <typename Check>
  void ForEachKill(int end, Rpc rpc, Check check) {
    const int step = support::Thinned(1, GetParam().tls ? 101 : 29);
    std::vector<std::string> names;
    for (int number = 0; number <= end; number += step) {
      for (const char* reset : {"/0", "/1"}) names.push_back(std::to_string(number) + reset);
    }
    for (size_t first = 0; first < names.size(); first += kAtOnce) {
      const size_t last = std::min(names.size(), first + kAtOnce);
      const std::vector<std::string> some(names.begin() + first, names.begin() + last);
      if (leftovers_end_) {
        EXPECT_TRUE(upstream_->WaitForNoneOpen());
      }
      if (GetParam().kept) Warm(some);
      std::vector<RunningCall> calls;
      for (const std::string& name : some) {
        calls.push_back(CallerOf(name).Start(rpc, ChatRequestBody(name)));
      }
      for (size_t i = 0; i < some.size(); ++i) {
        const CallResult result = calls[i].Wait();
        SCOPED_TRACE(some[i] + ": " + result.Describe());
        check(some[i], result);
      }
      ++batch_;
    }
    calls_ = static_cast<int>(names.size());
  }

  // Every call went out once, and on the kind of connection that it should.
  void ExpectEachSeenOnce() {
    ExpectNothingSeenTwice(*upstream_);
    EXPECT_EQ(static_cast<int>(upstream_->requests().size()), calls_ * (GetParam().kept ? 2 : 1));
    if (GetParam().kept) {
      // A call may begin a moment before the connection that it could have had is free.
      EXPECT_GE(killed_on_kept_.load(), calls_ * 3 / 4);
    } else {
      EXPECT_EQ(killed_on_kept_.load(), 0);
    }
  }

  Meeting meeting_;
  std::atomic<int> batch_{0};
  std::atomic<int> killed_on_kept_{0};
  bool leftovers_end_ = false;  // with each batch, so that the next one finds none
  int calls_ = 0;
  std::unique_ptr<ScriptedUpstream> upstream_;
  std::unique_ptr<ServerProcess> server_;
  std::unique_ptr<support::Caller> caller_;
  std::unique_ptr<support::Caller> repeating_caller_;  // with a retry policy
};

std::vector<Setting> Settings() {
  std::vector<Setting> settings;
  for (const bool tls : {false, true}) {
    for (const bool kept : {false, true}) settings.push_back({tls, kept});
  }
  return settings;
}

INSTANTIATE_TEST_SUITE_P(All, Kills, testing::ValuesIn(Settings()), NameOf);

TEST_P(Kills, AtEveryByteOfAStream) {
  const std::string answer = support::StreamAnswer({"Hel", "lo"});
  const size_t whole = answer.find("[DONE]") + 6;
  const size_t status_line = answer.find("\r\n") + 2;  // before it is whole there is no answer
  ServeAndKill(answer);
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
  ExpectEachSeenOnce();
}

TEST_P(Kills, AtEveryByteOfAChatsAnswer) {
  const std::string answer = support::ChatAnswer("Hello");
  ServeAndKill(answer);
  ForEachKill(static_cast<int>(answer.size()), Rpc::kChat,
              [&](const std::string& name, const CallResult& result) {
                const bool whole = static_cast<size_t>(NumberOf(name)) == answer.size();
                EXPECT_EQ(result.name, whole ? "OK" : "ABORTED");
              });
  ExpectEachSeenOnce();
}

// The upstream reads so many bytes of the request and goes away. What of it was certainly not seen
// may be sent again, on a fresh connection; so some calls end well, each seen once.
TEST_P(Kills, AtEveryByteOfARequest) {
  std::atomic<int> length{0};
  std::atomic<bool> answering{false};  // what comes on fresh connections is answered
  Serve([&](Connection& connection) {
    if (connection.index() == 0) {  // how long is a request?
      const auto first = connection.ReadRequest();
      length = static_cast<int>(connection.bytes_received());
      connection.Send("HTTP/1.1 400 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    const int batch = batch_.load();
    std::string plan = std::to_string(connection.index() % std::max(1, length.load())) + "/" +
                       std::to_string(connection.index() % 2);
    if (answering) {
      const auto first = connection.ReadRequest();
      if (!first) return;
      if (!ServeWarm(connection, first->body)) {
        connection.Send(support::AnswerTo(first->body, "Hello"));
        return;
      }
      plan = Plan(support::CallNameOf(first->body));
    }
    if (!AwaitVictim(connection, batch)) return;
    connection.ReadBytes(static_cast<size_t>(NumberOf(plan)));
    if (ResetOf(plan)) return connection.Reset();
    connection.Close();
  });
  EXPECT_EQ(caller_->Chat(ChatRequestBody("probe")).reason, "INVALID_REQUEST");
  answering = leftovers_end_ = GetParam().kept;
  std::map<std::string, int> outcomes;
  std::map<std::string, std::string> ends;
  ForEachKill(length.load(), Rpc::kChat, [&](const std::string& name, const CallResult& result) {
    ++outcomes[result.name + " " + result.reason + " " + result.Info("attempts")];
    ends[name] = result.name;
    if (result.ok()) {
      EXPECT_EQ(result.Text(), "Hello");
      return;
    }
    // What is not seen on a kept connection has one more try on a fresh one.
    EXPECT_TRUE(result.name == "ABORTED" || (result.name == "UNAVAILABLE" && !GetParam().kept));
  });
  for (const auto& [outcome, times] : outcomes) std::printf("%4d %s\n", times, outcome.c_str());
  ExpectNothingSeenTwice(*upstream_);
  for (const auto& [name, times] : TimesSeen(*upstream_)) {
    if (ends.count(name) != 0) {
      EXPECT_EQ(ends[name], "OK") << name << " was seen";
    }
  }
  if (!GetParam().kept) {
    EXPECT_EQ(upstream_->requests().size(), 1u) << "none but the first was read whole";
  }
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
        CallerOf(std::to_string(i / 2))
            .Call(i % 2 == 0 ? Rpc::kChat : Rpc::kStreamChat, ChatRequestBody(name));
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
  for (const auto& [name, times] : expected) repeating_caller_->Chat(ChatRequestBody(name));
  EXPECT_EQ(TimesSeen(*upstream_), expected);
}

}  // namespace
}  // namespace sparkgate::retry
