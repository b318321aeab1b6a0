// A server at its limits still answers probes, and nobody occupies what is kept for them.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "grpc/health/v1/health.pb.h"
#include "grpc/reflection/v1/reflection.pb.h"
#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/eventually.h"
#include "tests/support/gate.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/scripts.h"
#include "tests/support/server_process.h"
#include "tests/support/thread_count.h"

namespace sparkgate::limits {
namespace {

using std::chrono::seconds;
using support::Caller;
using support::CallResult;
using support::ChatRequestBody;
using support::RunningCall;
using support::ScriptedUpstream;
using support::ServerProcess;

CallResult Check(Caller* caller) {
  return caller
      ->StartRaw("/grpc.health.v1.Health/Check",
                 grpc::health::v1::HealthCheckRequest().SerializeAsString())
      .Wait();
}

TEST(FullServer, HealthIsAnsweredBeyondMaxConnections) {
  ScriptedUpstream upstream(support::AnswerHello);
  ServerProcess server(upstream.base_url(), {"--max_connections=4"});
  std::vector<std::unique_ptr<Caller>> callers;
  for (int i = 0; i < 4; ++i) {
    callers.push_back(std::make_unique<Caller>(server.address()));
    ASSERT_TRUE(callers.back()->Chat(ChatRequestBody("a")).ok());
  }
  for (int i = 0; i < 50; ++i) {
    Caller probe(server.address());
    const CallResult result = Check(&probe);
    ASSERT_TRUE(result.ok()) << i << ": " << result.Describe();
    EXPECT_LT(result.elapsed(), seconds(1));
  }
  Caller another(server.address());
  const CallResult refused = another.Chat(ChatRequestBody("a"));
  EXPECT_EQ(refused.name, "RESOURCE_EXHAUSTED") << refused.Describe();
  EXPECT_EQ(refused.reason, "OVERLOADED");
  EXPECT_NE(refused.message.find("--max_connections"), std::string::npos) << refused.message;
  EXPECT_TRUE(Check(&another).ok()) << "on the same connection";
  callers.pop_back();
  EXPECT_TRUE(support::Eventually([&] {
    Caller late(server.address());
    return late.Chat(ChatRequestBody("a")).ok();
  }));
}

TEST(FullServer, WhatIsKeptForProbesCannotBeHeld) {
  ScriptedUpstream upstream(support::AnswerHello);
  ServerProcess server(upstream.base_url(), {"--max_connections=1"});
  Caller first(server.address());
  ASSERT_TRUE(first.Chat(ChatRequestBody("a")).ok());
  std::vector<std::unique_ptr<Caller>> holders;
  for (int i = 0; i < 8; ++i) {
    holders.push_back(std::make_unique<Caller>(server.address()));
    ASSERT_TRUE(Check(holders.back().get()).ok());
  }
  EXPECT_TRUE(support::Eventually(
      [&] {
        Caller probe(server.address());
        return Check(&probe).ok();
      },
      seconds(15)));
}

TEST(FullServer, AConnectionHasFewHealthWatches) {
  constexpr int kWatches = 100;
  ScriptedUpstream upstream(support::AnswerHello);
  ServerProcess server(upstream.base_url());
  Caller caller(server.address());
  const std::string request = grpc::health::v1::HealthCheckRequest().SerializeAsString();
  std::vector<RunningCall> watches;
  for (int i = 0; i < kWatches; ++i) {
    watches.push_back(caller.StartRaw("/grpc.health.v1.Health/Watch", request));
  }
  int told = 0, refused = 0;
  for (RunningCall& watch : watches) {
    ASSERT_TRUE(support::Eventually([&] { return watch.messages() > 0 || watch.ended(); }));
    told += watch.messages() > 0;
    refused += watch.ended();
  }
  EXPECT_EQ(told, 8);
  EXPECT_EQ(refused, kWatches - 8);
  Caller other(server.address());
  RunningCall watch = other.StartRaw("/grpc.health.v1.Health/Watch", request);
  EXPECT_TRUE(support::Eventually([&] { return watch.messages() > 0; })) << "another connection";
  watches.clear();
  EXPECT_TRUE(support::Eventually([&] {
    RunningCall again = caller.StartRaw("/grpc.health.v1.Health/Watch", request);
    return support::Eventually([&] { return again.messages() > 0 || again.ended(); }) &&
           again.messages() > 0;
  })) << "those that have left make room";
}

TEST(FullServer, ReflectionStreamsTakeNoThreadsAndAreFew) {
  constexpr int kStreams = 200;
  ScriptedUpstream upstream(support::AnswerHello);
  ServerProcess server(upstream.base_url());
  Caller caller(server.address());
  ASSERT_TRUE(caller.Chat(ChatRequestBody("a")).ok());
  grpc::reflection::v1::ServerReflectionRequest request;
  request.set_list_services("");
  support::CallOptions open;
  open.half_close = false;
  std::vector<RunningCall> streams;
  for (int i = 0; i < kStreams; ++i) {
    const char* version = i % 2 == 0 ? "v1" : "v1alpha";
    streams.push_back(caller.StartRaw(
        "/grpc.reflection." + std::string(version) + ".ServerReflection/ServerReflectionInfo",
        request.SerializeAsString(), open));
  }
  int served = 0, refused = 0;
  for (RunningCall& stream : streams) {
    ASSERT_TRUE(support::Eventually([&] { return stream.messages() > 0 || stream.ended(); }));
    served += stream.messages() > 0;
    refused += stream.ended();
  }
  EXPECT_EQ(served, 16);
  EXPECT_EQ(refused, kStreams - 16);
  EXPECT_EQ(support::ThreadsNamed(server.process().pid(), "grpcpp_sync_ser"), 0);
  EXPECT_TRUE(caller.Chat(ChatRequestBody("a")).ok());
  streams.clear();
  EXPECT_TRUE(support::Eventually([&] {
    RunningCall again = caller.StartRaw("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                                        request.SerializeAsString());
    return again.Wait().ok();
  }));
}

}  // namespace
}  // namespace sparkgate::limits
