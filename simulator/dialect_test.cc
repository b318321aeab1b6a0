// What real servers were seen to do, as it looks on the wire.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "simulator/testing/wire_case.h"

namespace sparkgate::simulator {
namespace {

using End = TestClient::End;
using Json = nlohmann::json;

class DialectTest : public testing::TestWithParam<WireCase> {};

TEST_P(DialectTest, LooksLikeThisOnTheWire) { ExpectOnTheWire(GetParam()); }

constexpr char kThinking[] = R"("content":[{"type":"thinking","thinking":[{"type":"text","text":)";

std::vector<WireCase> StreamedCases() {
  return {
      Streamed("sim/content-parts")
          .Has({kThinking, R"("delta":{"content":[{"type":"text","text":)", kDone})
          .Lacks({"reasoning_content"}),
      Streamed("sim/tools-index-0")
          .Has({R"("index":0,"id":"call_)", kDone})
          .Lacks({R"("index":1,)"}),
      Streamed("sim/tools-no-index")
          .Has({R"("tool_calls":[{"id":"call_)", kDone})
          .Lacks({R"("tool_calls":[{"index")"}),
      Streamed("sim/raw-controls")
          .Has({"\x1B", "\t", "\x01", std::string(1, '\0'), kDone})
          .Lacks({"\\u001b", "\\u0000", "\\t"}),
      Streamed("sim/data-keep-alives")
          .Has({"data: : still there\n\n", "data: \"\"\n\n", "data: null\n\n", "data: ping\n\n",
                kDone}),
      Streamed("sim/bare-error-in-stream")
          .Has({"data: {\"message\":\"The model server failed\"}\n\n"})
          .Lacks({"\"error\"", kDone, kFinish}),
      Streamed("sim/bare-error-in-stream?at=0")
          .Has({"data: {\"message\":\"The model server failed\"}\n\n"})
          .Lacks({"\"error\"", kDone, kFinish, "\"content\":\""}),
      Streamed("sim/error-in-stream?at=0")
          .Has({"data: {\"error\":{"})
          .Lacks({kDone, kFinish, "\"content\":\""}),
      Streamed("sim/done-unfinished").Has({"content", kDone}).Lacks({kFinish}),
      Streamed("sim/finish-cut").Cut("}\n\n\r\n").Has({kFinish}).Lacks({kDone, "0\r\n\r\n"}),
      Streamed("sim/no-blank-line")
          .EndsWith(std::string("}") + kTerminator)
          .Has({kFinish})
          .Lacks({kDone}),
      Streamed("sim/no-blank-line?usage=trailing")
          .EndsWith(std::string("}}") + kTerminator)
          .Has({kFinish})
          .Lacks({kDone}),
      Streamed("sim/no-done-open")
          .StaysOpen(R"({"cached_tokens":0}}})"
                     "\n\n\r\n"),
      Streamed("sim/story?type=application/json")
          .Has({"content-type: application/json\r\n", kDone})
          .Lacks({"event-stream"}),
      Streamed("sim/story?coding=none").Has({"content-encoding: none\r\n", kDone}),
      Streamed("sim/gzip-undeclared").Has({"\x1f\x8b\x08", kDone}).Lacks({"content-encoding"}),
      Streamed("sim/deaf").Has({kFinish, kDone}),
      Streamed("sim/drops-next").Has({kFinish, kDone}),
  };
}

std::vector<WireCase> WholeCases() {
  return {
      Whole("sim/content-parts")
          .Has({kThinking, R"(}]},{"type":"text","text":)"})
          .Lacks({"reasoning_content"}),
      Whole("sim/tools-index-0").Has({R"([{"index":0,"id":)", R"(,{"index":0,"id":)"}),
      Whole("sim/raw-controls").Has({"\x1B", "\t", "\x01"}).Lacks({"\\u001b"}),
      Whole("sim/bare-error-in-stream").Has({R"({"message":"The model)"}).Lacks({"choices"}),
      Whole("sim/finish-cut").Cut("").Has({"content-length"}).Lacks({"usage"}),
      Whole("sim/json-instead-of-sse?type=text/x")
          .Has({"content-type: text/x\r\n"})
          .Lacks({"event-stream"}),
      Whole("sim/story?type=text/event-stream")
          .Has({"content-type: text/event-stream\r\n"})
          .Lacks({"application/json"}),
      Whole("sim/gzip-undeclared").EndsWith("").Has({"\x1f\x8b\x08"}).Lacks({"content-encoding"}),
  };
}

INSTANTIATE_TEST_SUITE_P(Stream, DialectTest, testing::ValuesIn(StreamedCases()), WireCaseName);
INSTANTIATE_TEST_SUITE_P(Unary, DialectTest, testing::ValuesIn(WholeCases()), WireCaseName);

// The choices of a streamed answer's events, in order.
std::vector<Json> ChoicesOf(const std::string& model, const std::string& more = "") {
  TestServer server;
  TestClient client(server.port());
  client.Send(ChatPost(ChatBody(model, true, more), "Connection: close\r\n"));
  EXPECT_EQ(client.ReadToEnd(), End::kFin);
  const std::string body = BodyOf(client.received());
  std::vector<Json> choices;
  for (size_t at = 0; at < body.size();) {
    const size_t end = body.find("\n\n", at);
    const std::string data = body.substr(at + 6, end - at - 6);
    at = end + 2;
    if (data != "[DONE]") choices.push_back(Json::parse(data)["choices"][0]);
  }
  return choices;
}

TEST(DialectWireTest, EveryTextHasAFinishReason) {
  const auto choices = ChoicesOf("sim/finish-each");
  ASSERT_GT(choices.size(), 3u);
  for (size_t i = 1; i < choices.size(); ++i) EXPECT_EQ(choices[i]["finish_reason"], "stop") << i;
}

TEST(DialectWireTest, AMessageGrowsBesideTheDeltas) {
  std::string text;
  for (const Json& choice : ChoicesOf("sim/message-beside-delta")) {
    if (!choice["delta"].contains("content")) continue;
    text += choice["delta"]["content"].get<std::string>();
    EXPECT_EQ(choice["message"]["content"], text);
  }
  EXPECT_FALSE(text.empty());
}

TEST(DialectWireTest, OfSeveralChoicesOneStaysUnfinished) {
  int finished = 0;
  for (const Json& choice : ChoicesOf("sim/done-unfinished", R"(,"n":3)")) {
    finished += choice["finish_reason"] == "stop";
  }
  EXPECT_EQ(finished, 2);
}

TEST(DialectWireTest, CommentsForEverBehindTheFinishReason) {
  TestServer server;
  TestClient client(server.port());
  client.Send(ChatPost(ChatBody("sim/no-done-comments", true)));
  ASSERT_TRUE(client.ReadUntil(kFinish));
  client.Forget();
  ASSERT_TRUE(client.ReadUntil(": keep-alive"));
  client.Forget();
  ASSERT_TRUE(client.ReadUntil(": keep-alive"));
  EXPECT_EQ(server.Status()["finished"], 1);
}

TEST(LeavingTest, ADeafServerGeneratesToTheEnd) {
  for (const bool stream : {true, false}) {
    SCOPED_TRACE(stream);
    TestServer server;
    {
      TestClient client(server.port());
      client.Send(ChatPost(ChatBody("sim/deaf?interval=20ms", stream)));
      ASSERT_TRUE(server.Await([](const Json& status) { return status["open"] == 1; }));
      if (stream) {
        ASSERT_TRUE(client.ReadUntil("content\":"));
      }
    }
    ASSERT_TRUE(server.Await([](const Json& status) { return status["connections_open"] == 0; }));
    EXPECT_EQ(server.Status()["open"], 1);
    ASSERT_TRUE(server.Await([](const Json& status) { return status["open"] == 0; }));
    const Json status = server.Status();
    EXPECT_EQ(status["unheard"], 1);
    EXPECT_EQ(status["aborted"], 0);
    EXPECT_GT(status["bytes_unheard"], stream ? 1000 : 100);
    EXPECT_EQ(status["recent_requests"][0]["outcome"], "unheard");
  }
}

TEST(LeavingTest, OneThatHearsLateStopsLate) {
  TestServer server;
  TestClient client(server.port());
  client.Send(ChatPost(ChatBody("sim/deaf?delay=100ms&interval=10ms&tokens=100000", true)));
  ASSERT_TRUE(client.ReadUntil("content\":"));
  client.Reset();
  ASSERT_TRUE(server.Await([](const Json& status) { return status["aborted_rst"] == 1; }));
  const Json status = server.Status();
  EXPECT_GT(status["bytes_unheard"], 0);
  EXPECT_EQ(status["unheard"], 0);
  EXPECT_EQ(status["open"], 0);
}

TEST(LeavingTest, TheNextCallsAreDropped) {
  TestServer server;
  {
    TestClient client(server.port());
    client.Send(ChatPost(ChatBody("sim/drops-next?count=2&interval=1h", true)));
    ASSERT_TRUE(client.ReadUntil("HTTP/1.1 200"));
  }
  ASSERT_TRUE(server.Await([](const Json& status) { return status["aborted"] == 1; }));
  for (const bool dropped : {true, true, false}) {
    TestClient client(server.port());
    client.Send(ChatPost(ChatBody("sim/echo", false), "Connection: close\r\n"));
    EXPECT_EQ(client.ReadToEnd(), End::kFin);
    EXPECT_EQ(client.received().empty(), dropped);
  }
}

}  // namespace
}  // namespace sparkgate::simulator
