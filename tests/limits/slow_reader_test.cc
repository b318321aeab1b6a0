// A caller that does not read makes the upstream wait, costs bounded memory, and is told or cut in
// time.
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <string>
#include <thread>

#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/eventually.h"
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
  EXPECT_TRUE(
      support::Eventually([&] { return caller->Chat(ChatRequestBody("next")).ok(); }, patience))
      << "the call still counts";
}

// A closed socket leaves the server's table a moment after its peer is told. Fewer than before are
// well: a sanitizer opens some for a moment, and the count before may hold them.
void AwaitDescriptors(ServerProcess* server, int at_most) {
  EXPECT_TRUE(support::Eventually([&] { return server->counts().descriptors <= at_most; }))
      << server->counts().descriptors << ", and before at most " << at_most;
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

// The last message leaves together with the status: both wait for the reader's window.
TEST(SlowReader, ALastMessageThatNobodyReadsDoesNotStay) {
  const std::string text(300'000, 'x');
  ScriptedUpstream upstream([&](Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      const bool next = support::CallNameOf(request->body) != "flood";
      connection.Send(support::AnswerTo(request->body, next ? "Hello" : text));
    }
  });
  for (const Rpc rpc : support::kBothRpcs) {
    ServerProcess server(upstream.base_url(), {"--reader_stall_timeout=300ms", "--max_calls=1"});
    Caller caller(server.address(), SmallWindow());
    CallOptions options;
    options.read_first = 0;
    RunningCall call = caller.Start(rpc, ChatRequestBody("flood"), options);
    ASSERT_TRUE(upstream.WaitForRequests(rpc == support::kBothRpcs[0] ? 1 : 3));
    Caller next(server.address());
    AwaitNoCallLeft(&next);
    server.Stop();
    EXPECT_NE(server.process().errors().find("SLOW_READER"), std::string::npos)
        << "an answer that was not delivered is logged as what it is";
  }
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

// One message for each chunk of the upstream, also when they have to wait; without the wish they
// are joined.
TEST(SlowReader, GetsChunksOneToOneIfItWantsThem) {
  constexpr int kEvents = 300;
  ScriptedUpstream upstream([](Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      connection.SetSendBuffer(64 * 1024);
      connection.Send(
          support::StreamAnswer(std::vector<std::string>(kEvents, std::string(kEventText, 'x'))));
    }
  });
  ServerProcess server(upstream.base_url(), {"--outbox_bytes=32768"});
  Caller caller(server.address(), SmallWindow());
  for (const bool one_to_one : {true, false}) {
    CallOptions options = ReadOne();
    if (one_to_one) options.metadata = {{"x-sparkgate-coalesce", "off"}};
    RunningCall call = caller.Start(Rpc::kStreamChat, ChatRequestBody("a"), options);
    ASSERT_TRUE(call.AwaitMessages(1));
    ASSERT_TRUE(support::WaitForBlockedSenders(upstream.port(), 1));
    const CallResult result = call.Wait();
    EXPECT_TRUE(result.ok()) << result.Describe();
    EXPECT_EQ(result.Text().size(), kEvents * kEventText);
    // The role before them, the finish reason after them.
    const size_t all = kEvents + 2;
    if (one_to_one) {
      EXPECT_EQ(result.messages.size(), all);
    } else {
      EXPECT_LT(result.messages.size(), all);
    }
  }
}

std::vector<RunningCall> StartReaders(Caller* caller, int count) {
  std::vector<RunningCall> calls;
  for (int i = 0; i < count; ++i) {
    calls.push_back(caller->Start(Rpc::kStreamChat, ChatRequestBody("flood"), ReadOne()));
  }
  for (RunningCall& call : calls) {
    EXPECT_TRUE(call.AwaitMessages(1)) << call.Describe();
  }
  return calls;
}

// Many at once: memory by the limits, and everything is given back.
TEST(SlowReader, ManyCostBoundedMemory) {
  const int readers = support::Thinned(1000, 20);
  constexpr long kOutboxKib = 64;
  ScriptedUpstream upstream(Flood);
  ServerProcess::Options options;
  options.upstream_url = upstream.base_url();
  options.allow_core = true;  // descriptors are counted
  options.flags = {"--reader_stall_timeout=8s", "--outbox_bytes=65536"};
  ServerProcess server(options);
  Caller caller(server.address(), SmallWindow());
  ASSERT_TRUE(caller.Chat(ChatRequestBody("warm")).ok());
  const support::ProcessCounts before = server.counts();

  std::vector<RunningCall> calls = StartReaders(&caller, readers);
  ASSERT_TRUE(support::WaitForBlockedSenders(upstream.port(), readers));
  const long during = server.counts().resident_kib;
  ASSERT_TRUE(upstream.WaitForCloses(readers)) << "the upstream is let go when the time is over";
  int told = 0;
  for (RunningCall& call : calls) {
    const CallResult result = call.Wait();
    EXPECT_TRUE(result.reason == "SLOW_READER" || result.name == "CANCELLED") << result.Describe();
    told += result.reason == "SLOW_READER" ? 1 : 0;
  }

  // What they held is free for others: as many again need no more.
  calls = StartReaders(&caller, readers);
  ASSERT_TRUE(support::WaitForBlockedSenders(upstream.port(), readers));
  const long again = server.counts().resident_kib;
  calls.clear();
  ASSERT_TRUE(upstream.WaitForCloses(2 * readers));
  EXPECT_TRUE(caller.Chat(ChatRequestBody("next")).ok());
  std::printf("%d slow readers: %ld KiB each, as many again: %ld KiB each; %d told, %d cut\n",
              readers, (during - before.resident_kib) / readers,
              (again - before.resident_kib) / readers, told, readers - told);
  if (!support::kSanitized) {
    // The outbox, one message of up to its size on its way, gRPC's window, and the receive buffers.
    EXPECT_LT((during - before.resident_kib) / readers, 2 * (kOutboxKib + kOutboxKib + 64) + 40);
    // What was freed lies in pieces, so not all of it fits; if nothing were freed, it would be all.
    EXPECT_LT(again - during, (during - before.resident_kib) * 2 / 3);
  }
  AwaitDescriptors(&server, before.descriptors);
  const auto begun = steady_clock::now();
  server.Stop();
  EXPECT_LT(steady_clock::now() - begun, milliseconds(support::kTimesCount ? 4000 : 15000))
      << "calls were left";
}

// Events as large as they may be: what waits is one of them, however many follow.
TEST(SlowReader, OfTheLargestEventsCostsAFewOfThem) {
  constexpr long kEventKib = 16 * 1024;
  const std::string event =
      support::SseEvent(support::ContentChunk(std::string(kEventKib * 1024 - 1000, 'x')));
  ScriptedUpstream upstream([&](Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      if (support::CallNameOf(request->body) != "flood") {
        connection.Send(support::AnswerTo(request->body, "Hello"));
        continue;
      }
      connection.SetSendBuffer(64 * 1024);
      connection.Send(support::SseHead());
      while (connection.Send(support::Chunk(event))) {
      }
      connection.WaitForPeerClose();
      return;
    }
  });
  ServerProcess server(upstream.base_url(), {"--reader_stall_timeout=2s"});
  Caller caller(server.address(), SmallWindow());
  ASSERT_TRUE(caller.Chat(ChatRequestBody("warm")).ok());
  const long before = server.counts().resident_kib;
  RunningCall call = caller.Start(Rpc::kStreamChat, ChatRequestBody("flood"), ReadOne());
  ASSERT_TRUE(call.AwaitMessages(1));
  ASSERT_TRUE(upstream.WaitForCloses(1));
  const CallResult result = call.Wait();
  EXPECT_TRUE(result.reason == "SLOW_READER" || result.name == "CANCELLED") << result.Describe();
  const long peak = server.counts().peak_resident_kib - before;
  std::printf("a slow reader of events of %ld KiB: peak %ld KiB\n", kEventKib, peak);
  if (!support::kSanitized) {
    EXPECT_LT(peak, 8 * kEventKib);
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
  // Half a second in which nothing may happen: what is measured is what that costs. A descriptor
  // that is left in epoll would turn the loop all the time.
  const support::ProcessCounts begun = server.counts();
  EXPECT_FALSE(call.AwaitEnd(milliseconds(500)));
  const support::ProcessCounts over = server.counts();
  std::printf("half a second paused after a reset: %.0f ms of CPU, %ld switches\n",
              1000 * (over.cpu_seconds - begun.cpu_seconds),
              over.context_switches - begun.context_switches);
  if (!support::kSanitized) {
    EXPECT_LT(over.cpu_seconds - begun.cpu_seconds, 0.05);
  }
  EXPECT_LT(over.context_switches - begun.context_switches, 200);
  const auto resumed = steady_clock::now();
  const CallResult result = call.Wait();
  EXPECT_LT(steady_clock::now() - resumed, milliseconds(support::kTimesCount ? 1000 : 10000));
  EXPECT_EQ(result.name, "ABORTED") << result.Describe();
  EXPECT_EQ(result.reason, "UPSTREAM_STREAM_TRUNCATED");
  EXPECT_GT(result.Text().size(), 0u);
}

}  // namespace
}  // namespace sparkgate::limits
