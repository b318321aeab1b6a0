// A caller that does not read makes the upstream wait, costs bounded memory, and is told or cut in
// time.
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <string>
#include <thread>

#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/gate.h"
#include "tests/support/http_text.h"
#include "tests/support/raw_http2.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/server_process.h"
#include "tests/support/tcp_info.h"

namespace sparkgate::limits {
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

constexpr size_t kEventText = 4000;

std::string Event() {
  return support::Chunk(support::SseEvent(support::ContentChunk(std::string(kEventText, 'x'))));
}

// Sends for ever to a call named "flood", and at once the right answer to any other.
void Flood(Connection& connection) {
  while (const auto request = connection.ReadRequest()) {
    const std::string name = support::CallNameOf(request->body);
    if (name != "flood") {
      connection.Send(support::AnswerTo(request->body, "Hello"));
      continue;
    }
    connection.SetSendBuffer(64 * 1024);
    connection.Send(support::SseHead());
    const std::string event = Event();
    while (connection.Send(event)) {
    }
    connection.WaitForPeerClose();
    return;
  }
}

support::ChannelOptions SmallWindow() {
  support::ChannelOptions options;
  options.bdp_probe = false;
  return options;
}

CallOptions ReadOne() {
  CallOptions options;
  options.read_first = 1;
  return options;
}

// With --max_calls=1 a call gets in only when nothing is left of the one before.
void AwaitNoCallLeft(Caller* caller, milliseconds patience = support::kPatience) {
  const auto until = steady_clock::now() + patience;
  while (steady_clock::now() < until) {
    if (caller->Chat(ChatRequestBody("next")).ok()) return;
    std::this_thread::sleep_for(milliseconds(5));
  }
  ADD_FAILURE() << "the call still counts";
}

TEST(SlowReader, MakesTheUpstreamWait) {
  ScriptedUpstream upstream(Flood);
  ServerProcess server(upstream.base_url());
  Caller caller(server.address(), SmallWindow());
  RunningCall call = caller.Start(Rpc::kStreamChat, ChatRequestBody("flood"), ReadOne());
  ASSERT_TRUE(call.AwaitMessages(1));
  ASSERT_TRUE(support::WaitForBlockedSenders(upstream.port(), 1));
  const int read = call.messages();
  call.Read(20);
  EXPECT_TRUE(call.AwaitMessages(read + 20)) << "and goes on when the reader does";
  ASSERT_TRUE(support::WaitForBlockedSenders(upstream.port(), 1));
}

TEST(SlowReader, ThatResumesWithinASecondIsTold) {
  ScriptedUpstream upstream(Flood);
  ServerProcess server(upstream.base_url(), {"--reader_stall_timeout=500ms", "--max_calls=1"});
  Caller caller(server.address(), SmallWindow());
  RunningCall call = caller.Start(Rpc::kStreamChat, ChatRequestBody("flood"), ReadOne());
  ASSERT_TRUE(call.AwaitMessages(1));
  ASSERT_TRUE(upstream.WaitForCloses(1)) << "the upstream is let go as soon as the time is over";
  const CallResult result = call.Wait();
  EXPECT_EQ(result.name, "RESOURCE_EXHAUSTED") << result.Describe();
  EXPECT_EQ(result.reason, "SLOW_READER");
  EXPECT_EQ(result.may_have_run(), "true");
  EXPECT_EQ(result.pushback(), "-1");
  EXPECT_GE(result.elapsed(), milliseconds(500));
  EXPECT_EQ(result.Info("messages_sent"), std::to_string(result.messages.size()));
  Caller next(server.address());
  AwaitNoCallLeft(&next);
}

TEST(SlowReader, ThatNeverResumesIsCut) {
  ScriptedUpstream upstream(Flood);
  ServerProcess server(upstream.base_url(), {"--reader_stall_timeout=300ms", "--max_calls=1"});
  Caller caller(server.address(), SmallWindow());
  RunningCall call = caller.Start(Rpc::kStreamChat, ChatRequestBody("flood"), ReadOne());
  ASSERT_TRUE(call.AwaitMessages(1));
  ASSERT_TRUE(upstream.WaitForCloses(1));
  Caller next(server.address());
  AwaitNoCallLeft(&next);
  EXPECT_EQ(call.Wait().name, "CANCELLED");
}

TEST(SlowReader, ThatStopsReadingItsSocketIsCut) {
  ScriptedUpstream upstream(Flood);
  ServerProcess server(upstream.base_url(), {"--reader_stall_timeout=300ms", "--max_calls=1"});
  support::RawHttp2Call call(server.port(), support::MethodName(Rpc::kStreamChat),
                             support::SerializeRequest(ChatRequestBody("flood")));
  EXPECT_GE(call.Read(1000).size(), 1000u);
  ASSERT_TRUE(upstream.WaitForCloses(1));
  Caller next(server.address());
  AwaitNoCallLeft(&next);
}

TEST(SlowReader, AFinishedAnswerThatNobodyReadsDoesNotStay) {
  ScriptedUpstream upstream([](Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      if (support::CallNameOf(request->body) != "flood") {
        connection.Send(support::AnswerTo(request->body, "Hello"));
        continue;
      }
      connection.Send(support::StreamAnswer(std::vector<std::string>(40, std::string(4000, 'x'))));
    }
  });
  ServerProcess server(upstream.base_url(), {"--reader_stall_timeout=300ms", "--max_calls=1"});
  Caller caller(server.address(), SmallWindow());
  CallOptions options = ReadOne();
  options.metadata = {{"x-sparkgate-coalesce", "off"}};
  RunningCall call = caller.Start(Rpc::kStreamChat, ChatRequestBody("flood"), options);
  ASSERT_TRUE(call.AwaitMessages(1));
  Caller next(server.address());
  AwaitNoCallLeft(&next);
  EXPECT_FALSE(call.Wait().ok());
}

TEST(SlowReader, ThatReadsSlowlyGetsEverything) {
  constexpr int kEvents = 300;
  ScriptedUpstream upstream([](Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      connection.Send(
          support::StreamAnswer(std::vector<std::string>(kEvents, std::string(kEventText, 'x'))));
    }
  });
  ServerProcess server(upstream.base_url(), {"--reader_stall_timeout=1s", "--outbox_bytes=32768"});
  Caller caller(server.address(), SmallWindow());
  RunningCall call = caller.Start(Rpc::kStreamChat, ChatRequestBody("a"), ReadOne());
  int read = 1;
  while (!call.ended() && call.AwaitMessages(read, milliseconds(500))) {
    std::this_thread::sleep_for(milliseconds(15));
    call.Read(1);
    ++read;
  }
  const CallResult result = call.Wait();
  EXPECT_TRUE(result.ok()) << result.Describe();
  EXPECT_EQ(result.Text().size(), kEvents * kEventText);
}

// Many at once: memory by the limits, and everything is given back.
TEST(SlowReader, ManyCostBoundedMemory) {
  const int readers = support::Thinned(100, 20);
  constexpr long kOutboxKib = 64;
  ScriptedUpstream upstream(Flood);
  ServerProcess::Options options;
  options.upstream_url = upstream.base_url();
  options.flags = {"--reader_stall_timeout=2s", "--outbox_bytes=65536"};
  ServerProcess server(options);
  Caller caller(server.address(), SmallWindow());
  ASSERT_TRUE(caller.Chat(ChatRequestBody("warm")).ok());
  const long before = server.counts().resident_kib;
  std::vector<RunningCall> calls;
  for (int i = 0; i < readers; ++i) {
    calls.push_back(caller.Start(Rpc::kStreamChat, ChatRequestBody("flood"), ReadOne()));
  }
  for (RunningCall& call : calls) ASSERT_TRUE(call.AwaitMessages(1));
  ASSERT_TRUE(support::WaitForBlockedSenders(upstream.port(), readers));
  const long during = server.counts().resident_kib;
  std::printf("%d slow readers: %ld KiB each\n", readers, (during - before) / readers);
  if (!support::kSanitized) {
    // The outbox, one message of up to its size on its way, gRPC's window, and the receive buffers.
    EXPECT_LT((during - before) / readers, 2 * (kOutboxKib + kOutboxKib + 64) + 40);
  }
  ASSERT_TRUE(upstream.WaitForCloses(readers));
  for (RunningCall& call : calls) {
    const CallResult result = call.Wait();
    EXPECT_TRUE(result.reason == "SLOW_READER" || result.name == "CANCELLED") << result.Describe();
  }
  EXPECT_TRUE(caller.Chat(ChatRequestBody("next")).ok());
}

// The upstream dies while we make it wait: that costs nothing until the reader goes on, and then he
// gets all that came before, and the truth.
TEST(SlowReader, AResetDuringThePauseIsToldAfterIt) {
  support::Gate paused;
  support::Gate reset;
  ScriptedUpstream upstream([&](Connection& connection) {
    if (!connection.ReadRequest()) return;
    connection.Send(support::SseHead());
    for (int i = 0; i < 200; ++i) connection.Send(Event());
    paused.Await();
    connection.Reset();
    reset.Open();
  });
  ServerProcess server(upstream.base_url(), {"--outbox_bytes=16384", "--loops=1"});
  Caller caller(server.address(), SmallWindow());
  RunningCall call = caller.Start(Rpc::kStreamChat, ChatRequestBody("a"), ReadOne());
  ASSERT_TRUE(call.AwaitMessages(1));
  ASSERT_TRUE(support::WaitForBlockedSenders(upstream.port(), 1));
  paused.Open();
  ASSERT_TRUE(reset.Await());
  const double cpu = server.counts().cpu_seconds;
  std::this_thread::sleep_for(milliseconds(500));
  if (!support::kSanitized) {
    EXPECT_LT(server.counts().cpu_seconds - cpu, 0.1);
  }
  const CallResult result = call.Wait();
  EXPECT_EQ(result.name, "ABORTED") << result.Describe();
  EXPECT_EQ(result.reason, "UPSTREAM_STREAM_TRUNCATED");
  EXPECT_GT(result.Text().size(), 0u);
}

}  // namespace
}  // namespace sparkgate::limits
