// What real servers were seen to do, as it looks on the wire.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "simulator/testing/wire_case.h"

namespace sparkgate::simulator {
namespace {

using End = TestClient::End;
using Json = nlohmann::json;

class HabitTest : public testing::TestWithParam<Case> {};

TEST_P(HabitTest, LooksLikeThisOnTheWire) { ExpectOnTheWire(GetParam()); }

constexpr char kThinking[] = R"("content":[{"type":"thinking","thinking":[{"type":"text","text":)";

std::vector<Case> StreamCases() {
  const std::string end = kTerminator;
  return {
      {"sim/content-parts",
       true,
       "200",
       End::kFin,
       end,
       {kThinking, R"("delta":{"content":[{"type":"text","text":)", kDone},
       {"reasoning_content"},
       "finished"},
      {"sim/tools-index-0",
       true,
       "200",
       End::kFin,
       end,
       {R"("index":0,"id":"call_)", kDone},
       {R"("index":1,)"},
       "finished"},
      {"sim/tools-no-index",
       true,
       "200",
       End::kFin,
       end,
       {R"("tool_calls":[{"id":"call_)", kDone},
       {R"("tool_calls":[{"index")"},
       "finished"},
      {"sim/raw-controls",
       true,
       "200",
       End::kFin,
       end,
       {"\x1B", "\t", "\x01", std::string(1, '\0'), kDone},
       {"\\u001b", "\\u0000", "\\t"},
       "finished"},
      {"sim/data-keep-alives",
       true,
       "200",
       End::kFin,
       end,
       {"data: : still there\n\n", "data: \"\"\n\n", "data: null\n\n", "data: ping\n\n", kDone},
       {},
       "finished"},
      {"sim/bare-error-in-stream",
       true,
       "200",
       End::kFin,
       end,
       {"data: {\"message\":\"The model server failed\"}\n\n"},
       {"\"error\"", kDone, kFinish},
       "finished"},
      {"sim/bare-error-in-stream?at=0",
       true,
       "200",
       End::kFin,
       end,
       {"data: {\"message\":\"The model server failed\"}\n\n"},
       {"\"error\"", kDone, kFinish, "\"content\":\""},
       "finished"},
      {"sim/error-in-stream?at=0",
       true,
       "200",
       End::kFin,
       end,
       {"data: {\"error\":{"},
       {kDone, kFinish, "\"content\":\""},
       "finished"},
      {"sim/done-unfinished",
       true,
       "200",
       End::kFin,
       end,
       {"content", kDone},
       {kFinish},
       "finished"},
      {"sim/finish-cut",
       true,
       "200",
       End::kFin,
       "}\n\n\r\n",
       {kFinish},
       {kDone, "0\r\n\r\n"},
       "cut"},
      {"sim/no-blank-line", true, "200", End::kFin, "}" + end, {kFinish}, {kDone}, "finished"},
      {"sim/no-blank-line?usage=trailing",
       true,
       "200",
       End::kFin,
       "}}" + end,
       {kFinish},
       {kDone},
       "finished"},
      {"sim/no-done-open",
       true,
       "200",
       End::kOpen,
       R"({"cached_tokens":0}}})"
       "\n\n\r\n",
       {},
       {},
       "finished"},
      {"sim/story?type=application/json",
       true,
       "200",
       End::kFin,
       end,
       {"content-type: application/json\r\n", kDone},
       {"event-stream"},
       "finished"},
      {"sim/story?coding=none",
       true,
       "200",
       End::kFin,
       end,
       {"content-encoding: none\r\n", kDone},
       {},
       "finished"},
      {"sim/gzip-undeclared",
       true,
       "200",
       End::kFin,
       end,
       {"\x1f\x8b\x08", kDone},
       {"content-encoding"},
       "finished"},
      {"sim/deaf", true, "200", End::kFin, end, {kFinish, kDone}, {}, "finished"},
      {"sim/drops-next", true, "200", End::kFin, end, {kFinish, kDone}, {}, "finished"},
  };
}

std::vector<Case> UnaryCases() {
  return {
      {"sim/content-parts",
       false,
       "200",
       End::kFin,
       "}",
       {kThinking, R"(}]},{"type":"text","text":)"},
       {"reasoning_content"},
       "finished"},
      {"sim/tools-index-0",
       false,
       "200",
       End::kFin,
       "}",
       {R"([{"index":0,"id":)", R"(,{"index":0,"id":)"},
       {},
       "finished"},
      {"sim/raw-controls",
       false,
       "200",
       End::kFin,
       "}",
       {"\x1B", "\t", "\x01"},
       {"\\u001b"},
       "finished"},
      {"sim/bare-error-in-stream",
       false,
       "200",
       End::kFin,
       "}",
       {R"({"message":"The model)"},
       {"choices"},
       "finished"},
      {"sim/finish-cut", false, "200", End::kFin, "", {"content-length"}, {"usage"}, "cut"},
      {"sim/story?type=text/event-stream",
       false,
       "200",
       End::kFin,
       "}",
       {"content-type: text/event-stream\r\n"},
       {"application/json"},
       "finished"},
      {"sim/gzip-undeclared",
       false,
       "200",
       End::kFin,
       "",
       {"\x1f\x8b\x08"},
       {"content-encoding"},
       "finished"},
  };
}

INSTANTIATE_TEST_SUITE_P(Stream, HabitTest, testing::ValuesIn(StreamCases()), Name);
INSTANTIATE_TEST_SUITE_P(Unary, HabitTest, testing::ValuesIn(UnaryCases()), Name);

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

TEST(HabitWireTest, EveryTextHasAFinishReason) {
  const auto choices = ChoicesOf("sim/finish-each");
  ASSERT_GT(choices.size(), 3u);
  for (size_t i = 1; i < choices.size(); ++i) EXPECT_EQ(choices[i]["finish_reason"], "stop") << i;
}

TEST(HabitWireTest, AMessageGrowsBesideTheDeltas) {
  std::string text;
  for (const Json& choice : ChoicesOf("sim/message-beside-delta")) {
    if (!choice["delta"].contains("content")) continue;
    text += choice["delta"]["content"].get<std::string>();
    EXPECT_EQ(choice["message"]["content"], text);
  }
  EXPECT_FALSE(text.empty());
}

TEST(HabitWireTest, OfSeveralChoicesOneStaysUnfinished) {
  int finished = 0;
  for (const Json& choice : ChoicesOf("sim/done-unfinished", R"(,"n":3)")) {
    finished += choice["finish_reason"] == "stop";
  }
  EXPECT_EQ(finished, 2);
}

TEST(HabitWireTest, CommentsForEverBehindTheFinishReason) {
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
