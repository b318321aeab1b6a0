// Events and answers of megabytes: pictures and arguments in one delta.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/server_process.h"

namespace sparkgate::field {
namespace {

using nlohmann::json;
using support::CallResult;
using support::Connection;
using support::Rpc;

// The members of a message, some megabytes of them.
struct Large {
  const char* name;
  std::string members;
  std::string holds;  // of the text of the messages as JSON
};

std::string Picture(size_t bytes) {
  return R"("images":[{"type":"image_url","image_url":{"url":"data:image/png;base64,)" +
         std::string(bytes, 'A') + "\"}}]";
}

std::string Arguments(size_t bytes, const std::string& index) {
  return R"("tool_calls":[{)" + index +
         R"("id":"A","type":"function","function":{"name":"f","arguments":")" +
         std::string(bytes, 'x') + "\"}}]";
}

std::vector<Large> LargeMessages() {
  return {
      {"a picture of 1.4 MB", Picture(1400000), std::string(1400000, 'A')},
      {"a picture of 5.6 MB", Picture(5600000), std::string(5600000, 'A')},
      {"arguments of 3 MB", Arguments(3000000, R"("index":0,)"), std::string(3000000, 'x')},
      {"a text of 12 MB", R"("content":")" + std::string(12000000, 'y') + "\"",
       std::string(12000000, 'y')},
      {"reasoning of 2 MB", R"("reasoning_content":")" + std::string(2000000, 'z') + "\"",
       std::string(2000000, 'z')},
      {"an unknown list of 2 MB", R"("audio":[")" + std::string(2000000, 'Q') + "\"]",
       std::string(2000000, 'Q')},
  };
}

// Cut into HTTP chunks of 64 KiB, as such servers do.
std::string Chunked(const std::string& body) {
  constexpr size_t kPiece = 65536;
  std::string chunks;
  for (size_t at = 0; at < body.size(); at += kPiece) {
    chunks += support::Chunk(body.substr(at, kPiece));
  }
  return chunks + support::LastChunk();
}

std::string Respond(const std::string& members, const std::string& request) {
  if (!support::IsStream(request)) {
    return support::ChunkedHead("application/json") +
           Chunked(R"({"id":"c1","choices":[{"index":0,"message":{"role":"assistant",)" + members +
                   R"(},"finish_reason":"stop"}]})");
  }
  return support::SseHead() +
         Chunked(
             support::SseEvent(R"({"id":"c1","choices":[{"index":0,"delta":{"role":"assistant",)" +
                               members + R"(},"finish_reason":null}]})") +
             support::SseEvent(support::FinishChunk()) + support::SseEvent("[DONE]"));
}

class LargeEvents : public testing::Test {
 protected:
  // Answers with the message that the request's `user` counts.
  LargeEvents()
      : upstream_([this](Connection& connection) {
          while (const auto request = connection.ReadRequest()) {
            const Large& large = messages_.at(std::stoul(support::CallNameOf(request->body)));
            connection.Send(Respond(large.members, request->body));
          }
        }) {}

  const std::vector<Large> messages_ = LargeMessages();
  support::ScriptedUpstream upstream_;
};

TEST_F(LargeEvents, AreDeliveredByDefault) {
  support::ServerProcess server(upstream_.base_url());
  support::Caller caller(server.address());
  for (size_t i = 0; i < messages_.size(); ++i) {
    for (const Rpc rpc : support::kBothRpcs) {
      SCOPED_TRACE(std::string(messages_[i].name) + ", " + std::string(RpcName(rpc)));
      const CallResult result = caller.Call(rpc, support::ChatRequestBody(std::to_string(i)));
      ASSERT_TRUE(result.ok()) << result.Describe();
      EXPECT_EQ(result.FinishReason(), "stop");
      // EXPECT_TRUE: nobody wants to read these texts.
      EXPECT_TRUE(result.AllJson().find(messages_[i].holds) != std::string::npos);
    }
  }
}

TEST_F(LargeEvents, OverTheLimitTheStatusNamesItsFlag) {
  support::ServerProcess server(upstream_.base_url(),
                                {"--max_event_bytes=1MiB", "--max_chat_body_bytes=1MiB"});
  support::Caller caller(server.address());
  for (size_t i = 0; i < messages_.size(); ++i) {
    for (const Rpc rpc : support::kBothRpcs) {
      SCOPED_TRACE(std::string(messages_[i].name) + ", " + std::string(RpcName(rpc)));
      const CallResult result = caller.Call(rpc, support::ChatRequestBody(std::to_string(i)));
      EXPECT_EQ(result.name, "INTERNAL") << result.Describe();
      EXPECT_EQ(result.reason, "UPSTREAM_PROTOCOL_ERROR");
      EXPECT_EQ(result.may_have_run(), "true");
      const char* const flag = rpc == Rpc::kChat ? "--max_chat_body_bytes" : "--max_event_bytes";
      EXPECT_NE(result.message.find(flag), std::string::npos) << result.message;
    }
  }
}

// What Chat takes by default StreamChat takes in one event, up to its own limit.
TEST_F(LargeEvents, ManySmallerOnesHaveNoLimitTogether) {
  std::vector<std::string> events;
  for (int i = 0; i < 20; ++i) {
    events.push_back(support::ContentChunk(std::string(1000000, 'y')));
  }
  events.push_back(support::FinishChunk());
  const std::string answer = support::SseResponse(events);
  support::ScriptedUpstream upstream([&](Connection& connection) {
    while (connection.ReadRequest()) connection.Send(answer);
  });
  support::ServerProcess server(upstream.base_url());
  support::Caller caller(server.address());
  const CallResult result = caller.StreamChat(support::ChatRequestBody("a"));
  ASSERT_TRUE(result.ok()) << result.Describe();
  EXPECT_EQ(result.Text().size(), 20000000u);
}

// A stream that repeats the whole text so far costs the caller what the text costs.
TEST(GrowingMessages, CostTheCallerTheirTextOnce) {
  for (const bool beside_delta : {true, false}) {
    std::vector<std::string> events;
    std::string text;
    for (int i = 0; i < 500; ++i) {
      text += "word ";
      json choice = {{"index", 0},
                     {"finish_reason", nullptr},
                     {"message", {{"role", "assistant"}, {"content", text}}}};
      if (beside_delta) choice["delta"] = {{"content", "word "}};
      events.push_back(
          json({{"id", "c"}, {"citations", {"u1"}}, {"choices", json::array({choice})}}).dump());
    }
    events.push_back(support::FinishChunk());
    const std::string answer = support::SseResponse(events);
    support::ScriptedUpstream upstream([&](Connection& connection) {
      while (connection.ReadRequest()) connection.Send(answer);
    });
    support::ServerProcess server(upstream.base_url());
    support::Caller caller(server.address());
    const CallResult result = caller.StreamChat(support::ChatRequestBody("a"));
    ASSERT_TRUE(result.ok()) << result.Describe();
    EXPECT_EQ(result.Text(), text);
    size_t bytes = 0;
    for (const std::string& message : result.messages) bytes += message.size();
    EXPECT_LT(bytes, 500u * 40u) << "linear: some bytes for each event";
    const std::string all = result.AllJson();
    const size_t first = all.find("citations");
    ASSERT_NE(first, std::string::npos);
    EXPECT_EQ(all.find("citations", first + 1), std::string::npos) << "once";
  }
}

}  // namespace
}  // namespace sparkgate::field
