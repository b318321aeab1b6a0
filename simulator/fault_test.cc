// Every fault as it looks on the wire.
#include <gtest/gtest.h>

#include <string>

#include "simulator/testing/wire_case.h"

namespace sparkgate::simulator {
namespace {

class FaultTest : public testing::TestWithParam<WireCase> {};

TEST_P(FaultTest, LooksLikeThisOnTheWire) { ExpectOnTheWire(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    Stream, FaultTest,
    testing::Values(
        Streamed("sim/cut").Cut("}\n\n\r\n").Has({"content"}).Lacks({kFinish, kDone}),
        Streamed("sim/cut?byte=0").Status("").Cut(""),
        Streamed("sim/cut?byte=17").Cut("HTTP/1.1 200 OK\r\n"),
        Streamed("sim/drop").Status("").Cut(""),
        Streamed("sim/half-close").Cut("}\n\n\r\n").Lacks({kFinish}),
        Streamed("sim/reset").Reset("}\n\n\r\n").Has({"content"}).Lacks({kFinish}),
        Streamed("sim/reset?byte=12").Reset("HTTP/1.1 200"),
        Streamed("sim/no-finish").Lacks({kFinish, kDone}),
        Streamed("sim/no-done").Has({kFinish}).Lacks({kDone}),
        Streamed("sim/finish-reset").Reset("}\n\n\r\n").Has({kFinish}).Lacks({kDone}),
        Streamed("sim/done-no-terminator")
            .EndsWith("data: [DONE]\n\n\r\n")
            .Has({kFinish})
            .Lacks({kTerminator}),
        Streamed("sim/keep-open?delay=1h")
            .StaysOpen("data: [DONE]\n\n\r\n")
            .Has({kFinish})
            .Lacks({kTerminator}),
        Streamed("sim/keep-open?delay=1ms").Has({kFinish, kDone}),
        Streamed("sim/close-delimited")
            .EndsWith(kDone)
            .Has({kFinish})
            .Lacks({"transfer-encoding", "content-length"}),
        Streamed("sim/empty-stream")
            .EndsWith("\r\n\r\n0\r\n\r\n")
            .Has({"event-stream"})
            .Lacks({"data:"}),
        Streamed("sim/done-only").Has({kDone}).Lacks({"choices"}),
        Streamed("sim/error-in-stream")
            .Has({"data: {\"error\":{", "content"})
            .Lacks({kFinish, kDone}),
        Streamed("sim/error-then-done").Has({"data: {\"error\":{", kDone}).Lacks({kFinish}),
        Streamed("sim/finish-error").Has({R"("finish_reason":"error")", kDone}).Lacks({kFinish}),
        Streamed("sim/bad-json").Has({kFinish, kDone}),
        Streamed("sim/json-instead-of-sse")
            .EndsWith("}")
            .Has({"application/json"})
            .Lacks({"data:"}),
        Streamed("sim/1xx").Status("100").Has({"HTTP/1.1 103", "HTTP/1.1 200", kDone}),
        Streamed("sim/trailers")
            .EndsWith("\r\nx-request-id: not-this-one\r\n\r\n")
            .Has({"\r\n0\r\nx-sim-trailer: late\r\n"}),
        Streamed("sim/gzip").Has({"content-encoding: gzip\r\n", "\x1f\x8b\x08", kDone}),
        Streamed("sim/surrogates").Has({"\"\\ud83d\"", "\"\\ude00\"", kDone}),
        Streamed("sim/second-response")
            .EndsWith("}]}")
            .Has({kDone, "0\r\n\r\nHTTP/1.1 200 OK", "Nobody asked"}),
        Streamed("sim/second-response?delay=5ms")
            .EndsWith("}]}")
            .Has({kDone, "0\r\n\r\nHTTP/1.1 200 OK"}),
        Streamed("sim/late-408?delay=5ms")
            .EndsWith("Request Timeout\n")
            .Has({kDone, "0\r\n\r\nHTTP/1.1 408"}),
        Streamed("sim/firehose?tokens=3000").Has({kDone, "\"completion_tokens\":3000"}),
        Streamed("sim/big?size=300000").Has({kDone}),
        Streamed("sim/slow?interval=1ms").Has({kDone}),
        Streamed("sim/headers-slow?delay=5ms").Has({kDone}),
        Streamed("sim/first-token-slow?delay=5ms").Has({kDone})),
    WireCaseName);

INSTANTIATE_TEST_SUITE_P(
    Unary, FaultTest,
    testing::Values(
        Whole("sim/cut").Cut("").Has({"content-length"}).Lacks({"usage"}),
        Whole("sim/drop").Status("").Cut(""),
        Whole("sim/reset").Reset("").Has({"content-length"}).Lacks({"usage"}),
        Whole("sim/empty-stream").EndsWith("content-length: 0\r\n\r\n"),
        Whole("sim/done-only").EndsWith(R"("choices":[]})"),
        Whole("sim/error-in-stream").EndsWith("\"}").Has({"{\"error\":{"}).Lacks({"choices"}),
        Whole("sim/finish-error").Has({R"("finish_reason":"error")"}),
        Whole("sim/bad-json").EndsWith("<<<sim>>>"),
        Whole("sim/json-instead-of-sse")
            .Has({"content-type: text/event-stream", "chat.completion\""})
            .Lacks({"application/json"}),
        Whole("sim/close-delimited").Lacks({"content-length", "transfer-encoding"}),
        Whole("sim/trailers").EndsWith("\r\nx-sim-trailer: late\r\n\r\n").Lacks({"content-length"}),
        Whole("sim/1xx").Status("100").Has({"HTTP/1.1 103", "HTTP/1.1 200"}),
        Whole("sim/gzip").EndsWith("").Has({"content-encoding: gzip"}),
        Whole("sim/surrogates").Has({"😀"}), Whole("sim/big"),
        Whole("sim/late-408?delay=5ms").EndsWith("Request Timeout\n").Has({"HTTP/1.1 408"})),
    WireCaseName);

INSTANTIATE_TEST_SUITE_P(
    Error, FaultTest,
    testing::Values(
        Refused("sim/error-400", "400").Has({"invalid_request_error"}),
        Refused("sim/error-401", "401").Has({"\"code\":401"}),
        Refused("sim/error-402", "402", /*stream=*/false),
        Refused("sim/error-403", "403", /*stream=*/false),
        Refused("sim/error-404", "404").Has({"\"param\":\"model\"", "NOT_FOUND"}),
        Refused("sim/error-408", "408"),
        Refused("sim/error-412", "412").Has({"PRECONDITION_FAILED"}),
        Refused("sim/error-412-string", "412").Has({"{\"error\":\"Account"}),
        Refused("sim/error-413", "413"),
        Refused("sim/error-422", "422").EndsWith("}]}").Has({"{\"detail\":[{\"loc\":[\"body\""}),
        Refused("sim/error-425", "425"),
        Refused("sim/error-429", "429").Has({"rate limit exceeded"}).Lacks({"retry-after"}),
        Refused("sim/error-429-retry-after", "429").Has({"retry-after: 1\r\n"}),
        Refused("sim/error-500", "500"),
        Refused("sim/error-500-as-stream", "500")
            .Has({"content-type: text/event-stream"})
            .Lacks({"data:"}),
        Refused("sim/error-502", "502").Has({"application/json"}),
        Refused("sim/html-502", "502").EndsWith("</html>\r\n").Has({"text/html"}),
        Refused("sim/error-503", "503").Has({"service overloaded"}).Lacks({"retry-after"}),
        Refused("sim/error-503?retry_after=9", "503").Has({"retry-after: 9\r\n"}),
        Refused("sim/scaling-up", "503").EndsWith("}}").Has({"DEPLOYMENT_SCALING_UP"}),
        Refused("sim/error-504", "504").EndsWith("</html>\r\n"),
        Refused("sim/error-520", "520").EndsWith("</html>\r\n"), Refused("sim/error-529", "529"),
        Refused("sim/error-418", "418").Has({"\"code\":null"}),
        Refused("sim/prompt-too-long", "400")
            .Has({"The prompt is too long: 365407, model maximum context length: 262143"})),
    WireCaseName);

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
