// Every fault as it looks on the wire.
#include <gtest/gtest.h>

#include <string>

#include "simulator/test_client.h"
#include "simulator/test_server.h"

namespace sparkgate::simulator {
namespace {

using End = TestClient::End;

constexpr char kTerminator[] = "\r\n0\r\n\r\n";
constexpr char kFinish[] = R"("finish_reason":"stop")";
constexpr char kDone[] = "data: [DONE]\n\n";

struct Case {
  const char* model;
  bool stream;
  const char* status;  // Of the first response; empty: no byte came.
  End end;             // With `Connection: close`; kOpen: it stays open.
  std::string last;    // What the received bytes end with.
  std::vector<std::string> with;
  std::vector<std::string> without;
  const char* outcome;  // "finished", "cut" or "rejected".
};

std::string Name(const testing::TestParamInfo<Case>& info) {
  std::string name = std::string(info.param.stream ? "Stream" : "Unary") + "_";
  for (char c : std::string(info.param.model)) name += std::isalnum(c) ? c : '_';
  return name;
}

class FaultTest : public testing::TestWithParam<Case> {};

TEST_P(FaultTest, LooksLikeThisOnTheWire) {
  const Case& c = GetParam();
  TestServer server;
  TestClient client(server.port());
  const std::string model = c.model;
  client.Send(ChatPost(ChatBody(model, c.stream, R"(,"seed":3)"), "Connection: close\r\n"));
  if (c.end == End::kOpen) {
    ASSERT_TRUE(client.ReadUntil(c.last));
    EXPECT_TRUE(client.IsSilent());
  } else {
    EXPECT_EQ(client.ReadToEnd(), c.end);
  }
  const std::string& all = client.received();
  EXPECT_EQ(all.substr(0, 12), c.status[0] == 0 ? "" : std::string("HTTP/1.1 ") + c.status);
  ASSERT_GE(all.size(), c.last.size());
  EXPECT_EQ(all.substr(all.size() - c.last.size()), c.last);
  for (const std::string& text : c.with) EXPECT_NE(all.find(text), std::string::npos) << text;
  for (const std::string& text : c.without) EXPECT_EQ(all.find(text), std::string::npos) << text;
  EXPECT_TRUE(server.Await([&](const nlohmann::json& status) {
    return status[c.outcome] == 1 && status["open"] == 0;
  })) << server.Status().dump();
}

INSTANTIATE_TEST_SUITE_P(
    Stream, FaultTest,
    testing::Values(
        Case{"sim/cut", true, "200", End::kFin, "}\n\n\r\n", {"content"}, {kFinish, kDone}, "cut"},
        Case{"sim/cut?byte=0", true, "", End::kFin, "", {}, {}, "cut"},
        Case{"sim/cut?byte=17", true, "200", End::kFin, "HTTP/1.1 200 OK\r\n", {}, {}, "cut"},
        Case{"sim/drop", true, "", End::kFin, "", {}, {}, "cut"},
        Case{"sim/half-close", true, "200", End::kFin, "}\n\n\r\n", {}, {kFinish}, "cut"},
        Case{"sim/reset", true, "200", End::kReset, "}\n\n\r\n", {"content"}, {kFinish}, "cut"},
        Case{"sim/reset?byte=12", true, "200", End::kReset, "HTTP/1.1 200", {}, {}, "cut"},
        Case{
            "sim/no-finish", true, "200", End::kFin, kTerminator, {}, {kFinish, kDone}, "finished"},
        Case{"sim/no-done", true, "200", End::kFin, kTerminator, {kFinish}, {kDone}, "finished"},
        Case{"sim/finish-reset", true, "200", End::kReset, "}\n\n\r\n", {kFinish}, {kDone}, "cut"},
        Case{"sim/done-no-terminator",
             true,
             "200",
             End::kFin,
             "data: [DONE]\n\n\r\n",
             {kFinish},
             {kTerminator},
             "finished"},
        Case{"sim/keep-open?delay=1h",
             true,
             "200",
             End::kOpen,
             "data: [DONE]\n\n\r\n",
             {kFinish},
             {kTerminator},
             "finished"},
        Case{"sim/keep-open?delay=1ms",
             true,
             "200",
             End::kFin,
             kTerminator,
             {kFinish, kDone},
             {},
             "finished"},
        Case{"sim/close-delimited",
             true,
             "200",
             End::kFin,
             kDone,
             {kFinish},
             {"transfer-encoding", "content-length"},
             "finished"},
        Case{"sim/empty-stream",
             true,
             "200",
             End::kFin,
             "\r\n\r\n0\r\n\r\n",
             {"event-stream"},
             {"data:"},
             "finished"},
        Case{
            "sim/done-only", true, "200", End::kFin, kTerminator, {kDone}, {"choices"}, "finished"},
        Case{"sim/error-in-stream",
             true,
             "200",
             End::kFin,
             kTerminator,
             {"data: {\"error\":{", "content"},
             {kFinish, kDone},
             "finished"},
        Case{"sim/error-then-done",
             true,
             "200",
             End::kFin,
             kTerminator,
             {"data: {\"error\":{", kDone},
             {kFinish},
             "finished"},
        Case{"sim/finish-error",
             true,
             "200",
             End::kFin,
             kTerminator,
             {R"("finish_reason":"error")", kDone},
             {kFinish},
             "finished"},
        Case{"sim/bad-json", true, "200", End::kFin, kTerminator, {kFinish, kDone}, {}, "finished"},
        Case{"sim/json-instead-of-sse",
             true,
             "200",
             End::kFin,
             "}",
             {"application/json"},
             {"data:"},
             "finished"},
        Case{"sim/1xx",
             true,
             "100",
             End::kFin,
             kTerminator,
             {"HTTP/1.1 103", "HTTP/1.1 200", kDone},
             {},
             "finished"},
        Case{"sim/trailers",
             true,
             "200",
             End::kFin,
             "\r\nx-request-id: not-this-one\r\n\r\n",
             {"\r\n0\r\nx-sim-trailer: late\r\n"},
             {},
             "finished"},
        Case{"sim/gzip",
             true,
             "200",
             End::kFin,
             kTerminator,
             {"content-encoding: gzip\r\n", "\x1f\x8b\x08", kDone},
             {},
             "finished"},
        Case{"sim/surrogates",
             true,
             "200",
             End::kFin,
             kTerminator,
             {"\"\\ud83d\"", "\"\\ude00\"", kDone},
             {},
             "finished"},
        Case{"sim/second-response",
             true,
             "200",
             End::kFin,
             "}]}",
             {kDone, "0\r\n\r\nHTTP/1.1 200 OK", "Nobody asked"},
             {},
             "finished"},
        Case{"sim/second-response?delay=5ms",
             true,
             "200",
             End::kFin,
             "}]}",
             {kDone, "0\r\n\r\nHTTP/1.1 200 OK"},
             {},
             "finished"},
        Case{"sim/late-408?delay=5ms",
             true,
             "200",
             End::kFin,
             "Request Timeout\n",
             {kDone, "0\r\n\r\nHTTP/1.1 408"},
             {},
             "finished"},
        Case{"sim/firehose?tokens=3000",
             true,
             "200",
             End::kFin,
             kTerminator,
             {kDone, "\"completion_tokens\":3000"},
             {},
             "finished"},
        Case{"sim/big?size=300000", true, "200", End::kFin, kTerminator, {kDone}, {}, "finished"},
        Case{"sim/slow?interval=1ms", true, "200", End::kFin, kTerminator, {kDone}, {}, "finished"},
        Case{"sim/headers-slow?delay=5ms",
             true,
             "200",
             End::kFin,
             kTerminator,
             {kDone},
             {},
             "finished"},
        Case{"sim/first-token-slow?delay=5ms",
             true,
             "200",
             End::kFin,
             kTerminator,
             {kDone},
             {},
             "finished"}),
    Name);

INSTANTIATE_TEST_SUITE_P(
    Unary, FaultTest,
    testing::Values(
        Case{"sim/cut", false, "200", End::kFin, "", {"content-length"}, {"usage"}, "cut"},
        Case{"sim/drop", false, "", End::kFin, "", {}, {}, "cut"},
        Case{"sim/reset", false, "200", End::kReset, "", {"content-length"}, {"usage"}, "cut"},
        Case{"sim/empty-stream",
             false,
             "200",
             End::kFin,
             "content-length: 0\r\n\r\n",
             {},
             {},
             "finished"},
        Case{"sim/done-only", false, "200", End::kFin, R"("choices":[]})", {}, {}, "finished"},
        Case{"sim/error-in-stream",
             false,
             "200",
             End::kFin,
             "\"}",
             {"{\"error\":{"},
             {"choices"},
             "finished"},
        Case{"sim/finish-error",
             false,
             "200",
             End::kFin,
             "}",
             {R"("finish_reason":"error")"},
             {},
             "finished"},
        Case{"sim/bad-json", false, "200", End::kFin, "<<<sim>>>", {}, {}, "finished"},
        Case{"sim/json-instead-of-sse",
             false,
             "200",
             End::kFin,
             "}",
             {"content-type: text/event-stream", "chat.completion\""},
             {"application/json"},
             "finished"},
        Case{"sim/close-delimited",
             false,
             "200",
             End::kFin,
             "}",
             {},
             {"content-length", "transfer-encoding"},
             "finished"},
        Case{"sim/trailers",
             false,
             "200",
             End::kFin,
             "\r\nx-sim-trailer: late\r\n\r\n",
             {},
             {"content-length"},
             "finished"},
        Case{"sim/1xx",
             false,
             "100",
             End::kFin,
             "}",
             {"HTTP/1.1 103", "HTTP/1.1 200"},
             {},
             "finished"},
        Case{"sim/gzip", false, "200", End::kFin, "", {"content-encoding: gzip"}, {}, "finished"},
        Case{"sim/surrogates", false, "200", End::kFin, "}", {"😀"}, {}, "finished"},
        Case{"sim/big", false, "200", End::kFin, "}", {}, {}, "finished"},
        Case{"sim/late-408?delay=5ms",
             false,
             "200",
             End::kFin,
             "Request Timeout\n",
             {"HTTP/1.1 408"},
             {},
             "finished"}),
    Name);

INSTANTIATE_TEST_SUITE_P(
    Error, FaultTest,
    testing::Values(
        Case{"sim/error-400",
             true,
             "400",
             End::kFin,
             "\"}",
             {"invalid_request_error"},
             {},
             "rejected"},
        Case{"sim/error-401", true, "401", End::kFin, "\"}", {"\"code\":401"}, {}, "rejected"},
        Case{"sim/error-402", false, "402", End::kFin, "\"}", {}, {}, "rejected"},
        Case{"sim/error-403", false, "403", End::kFin, "\"}", {}, {}, "rejected"},
        Case{"sim/error-404",
             true,
             "404",
             End::kFin,
             "\"}",
             {"\"param\":\"model\"", "NOT_FOUND"},
             {},
             "rejected"},
        Case{"sim/error-408", true, "408", End::kFin, "\"}", {}, {}, "rejected"},
        Case{"sim/error-412",
             true,
             "412",
             End::kFin,
             "\"}",
             {"PRECONDITION_FAILED"},
             {},
             "rejected"},
        Case{"sim/error-412-string",
             true,
             "412",
             End::kFin,
             "\"}",
             {"{\"error\":\"Account"},
             {},
             "rejected"},
        Case{"sim/error-413", true, "413", End::kFin, "\"}", {}, {}, "rejected"},
        Case{"sim/error-422",
             true,
             "422",
             End::kFin,
             "}]}",
             {"{\"detail\":[{\"loc\":[\"body\""},
             {},
             "rejected"},
        Case{"sim/error-425", true, "425", End::kFin, "\"}", {}, {}, "rejected"},
        Case{"sim/error-429",
             true,
             "429",
             End::kFin,
             "\"}",
             {"rate limit exceeded"},
             {"retry-after"},
             "rejected"},
        Case{"sim/error-429-retry-after",
             true,
             "429",
             End::kFin,
             "\"}",
             {"retry-after: 1\r\n"},
             {},
             "rejected"},
        Case{"sim/error-500", true, "500", End::kFin, "\"}", {}, {}, "rejected"},
        Case{"sim/error-500-as-stream",
             true,
             "500",
             End::kFin,
             "\"}",
             {"content-type: text/event-stream"},
             {"data:"},
             "rejected"},
        Case{"sim/error-502", true, "502", End::kFin, "\"}", {"application/json"}, {}, "rejected"},
        Case{"sim/html-502", true, "502", End::kFin, "</html>\r\n", {"text/html"}, {}, "rejected"},
        Case{"sim/error-503",
             true,
             "503",
             End::kFin,
             "\"}",
             {"service overloaded"},
             {"retry-after"},
             "rejected"},
        Case{"sim/error-503?retry_after=9",
             true,
             "503",
             End::kFin,
             "\"}",
             {"retry-after: 9\r\n"},
             {},
             "rejected"},
        Case{"sim/scaling-up",
             true,
             "503",
             End::kFin,
             "}}",
             {"DEPLOYMENT_SCALING_UP"},
             {},
             "rejected"},
        Case{"sim/error-504", true, "504", End::kFin, "</html>\r\n", {}, {}, "rejected"},
        Case{"sim/error-520", true, "520", End::kFin, "</html>\r\n", {}, {}, "rejected"},
        Case{"sim/error-529", true, "529", End::kFin, "\"}", {}, {}, "rejected"},
        Case{"sim/error-418", true, "418", End::kFin, "\"}", {"\"code\":null"}, {}, "rejected"},
        Case{"sim/prompt-too-long",
             true,
             "400",
             End::kFin,
             "\"}",
             {"The prompt is too long: 365407, model maximum context length: 262143"},
             {},
             "rejected"}),
    Name);

TEST(FaultWireTest, ABrokenEventIsOneAndTheStreamGoesOn) {
  TestServer server;
  TestClient client(server.port());
  client.Send(ChatPost(ChatBody("sim/bad-json", true)));
  ASSERT_TRUE(client.ReadUntil(kTerminator));
  const std::string body = BodyOf(client.received());
  int broken = 0, good = 0;
  for (size_t at = 0; at < body.size();) {
    const size_t end = body.find("\n\n", at);
    const std::string event = body.substr(at + 6, end - at - 6);
    at = end + 2;
    if (event == "[DONE]") continue;
    nlohmann::json::accept(event) ? ++good : ++broken;
  }
  EXPECT_EQ(broken, 1);
  EXPECT_EQ(good, 14);
}

TEST(FaultWireTest, ASecondResponseLeavesTheConnectionUsable) {
  TestServer server;
  TestClient client(server.port());
  client.Send(ChatPost(ChatBody("sim/second-response", false)));
  ASSERT_TRUE(client.ReadUntil("Nobody asked"));
  client.Send(ChatPost(ChatBody("sim/echo", false)));
  EXPECT_TRUE(client.ReadUntil("\"content\":\"Hello\""));
}

}  // namespace
}  // namespace sparkgate::simulator
