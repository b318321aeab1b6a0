// Connections that are kept, and what becomes of them if libcurl itself fails.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "service/upstream/testing/curl_client_fixture.h"
#include "tests/support/gate.h"
#include "tests/support/http_text.h"

namespace sparkgate::upstream {
namespace {

using std::chrono::milliseconds;
using support::Connection;
using support::ScriptedUpstream;

void AnswerAll(Connection& connection) {
  while (connection.ReadRequest()) connection.Send(support::JsonResponse("{}"));
}

class KeptTest : public ClientTest {
 protected:
  // So many requests at once, each on a connection of its own.
  void Burst(int count) {
    std::vector<std::unique_ptr<RecordingSink>> sinks;
    std::vector<std::unique_ptr<Transfer>> transfers;
    for (int i = 0; i < count; ++i) {
      sinks.push_back(std::make_unique<RecordingSink>());
      transfers.push_back(client_->Start(Post("{}"), sinks.back().get()));
    }
    ASSERT_TRUE(RunUntil([&] {
      for (const auto& sink : sinks) {
        if (!sink->end) return false;
      }
      return true;
    }));
    for (const auto& sink : sinks) EXPECT_EQ(sink->end->how, How::kComplete);
  }
};

TEST_F(KeptTest, ABurstLeavesNoMoreThanMayBeKept) {
  ScriptedUpstream upstream(AnswerAll);
  ClientOptions options = OptionsFor(upstream);
  options.kept_connections = 3;
  Connect(options);
  Burst(20);
  EXPECT_TRUE(RunUntil([&] { return upstream.connections_open() <= 3; }));
  const int made = upstream.connections_accepted();
  Burst(3);
  EXPECT_EQ(upstream.connections_accepted(), made) << "three were left";
}

TEST_F(KeptTest, ABurstBesideALongTransferIsTrimmedToo) {
  support::Gate end;
  ScriptedUpstream upstream([&](Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      if (request->body == "long") end.Await();
      connection.Send(support::JsonResponse("{}"));
    }
  });
  ClientOptions options = OptionsFor(upstream);
  options.kept_connections = 2;
  Connect(options);
  RecordingSink sink;
  const auto transfer = client_->Start(Post("long"), &sink);
  Burst(10);
  EXPECT_TRUE(RunUntil([&] { return upstream.connections_open() <= 3; }));
  EXPECT_FALSE(sink.end);
  end.Open();
  EXPECT_TRUE(RunUntil([&] { return sink.end.has_value(); }));
  EXPECT_EQ(sink.end->how, How::kComplete);
}

TEST_F(KeptTest, NorDoesABurstBehindAnIdleTime) {
  ScriptedUpstream upstream(AnswerAll);
  ClientOptions options = OptionsFor(upstream);
  options.kept_connections = 2;
  Connect(options);
  for (int burst = 0; burst < 3; ++burst) {
    Burst(10);
    EXPECT_TRUE(RunUntil([&] { return upstream.connections_open() <= 2; })) << burst;
  }
}

TEST_F(KeptTest, WhatNobodyUsesIsClosedAfterAWhile) {
  ScriptedUpstream upstream(AnswerAll);
  ClientOptions options = OptionsFor(upstream);
  options.kept_time = milliseconds(100);
  Connect(options);
  Burst(4);
  EXPECT_TRUE(RunUntil([&] { return upstream.connections_open() == 0; }));
  Burst(1);
}

TEST_F(KeptTest, AnErrorOfTheMultiHandleEndsItsTransfersAndNoMore) {
  support::Gate end;
  ScriptedUpstream upstream([&](Connection& connection) {
    const auto request = connection.ReadRequest();
    if (!request) return;
    if (request->body == "begun") connection.Send(support::SseHead() + support::Chunk(": x\n\n"));
    if (request->body != "{}") connection.WaitForPeerClose();
    connection.Send(support::JsonResponse("{}"));
  });
  Connect(upstream);
  RecordingSink sent, begun;
  const auto first = client_->Start(Post("sent"), &sent);
  const auto second = client_->Start(Post("begun"), &begun);
  ASSERT_TRUE(RunUntil([&] { return begun.received > 0 && upstream.requests().size() == 2; }));
  client_->multi_result_for_test = [&](CURLMcode) {
    client_->multi_result_for_test = nullptr;
    return CURLM_INTERNAL_ERROR;
  };
  RecordingSink third;
  const auto transfer = client_->Start(Post("{}"), &third);
  ASSERT_TRUE(RunUntil([&] { return sent.end && begun.end && third.end; }));
  EXPECT_EQ(sent.end->how, How::kLost);
  EXPECT_EQ(begun.end->how, How::kCut);
  EXPECT_EQ(third.end->how, How::kNotConnected);
  EXPECT_NE(third.end->detail.find("libcurl"), std::string::npos);
  EXPECT_EQ(client_->counts().rebuilt, 1u);
  EXPECT_TRUE(upstream.WaitForCloses(2));
  EXPECT_EQ(Fetch(Post("{}")).end->how, How::kComplete);
}

// Nobody is to hear of the end of an answer that only its connection still waits for.
TEST_F(ClientTest, ALingeringConnectionEndsWithTheMultiHandle) {
  ScriptedUpstream upstream([&](Connection& connection) {
    const auto request = connection.ReadRequest();
    if (!request) return;
    if (request->body == "{}") {
      connection.Send(support::JsonResponse("{}"));
    } else {
      connection.Send(support::SseHead() + support::Chunk("data: [DONE]\n\n"));
    }
    connection.WaitForPeerClose();
  });
  ClientOptions options = OptionsFor(upstream);
  options.linger_time = std::chrono::minutes(1);
  Connect(options);
  RecordingSink lingering;
  auto transfer = client_->Start(Post("lingers"), &lingering);
  ASSERT_TRUE(RunUntil([&] { return lingering.received > 0; }));
  transfer->Linger(/*dirty=*/false);
  transfer.reset();
  client_->multi_result_for_test = [&](CURLMcode) {
    client_->multi_result_for_test = nullptr;
    return CURLM_INTERNAL_ERROR;
  };
  EXPECT_EQ(Fetch(Post("{}")).end->how, How::kNotConnected);
  EXPECT_TRUE(upstream.WaitForCloses(1));
  EXPECT_FALSE(lingering.end.has_value());
}

}  // namespace
}  // namespace sparkgate::upstream
