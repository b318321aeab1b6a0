#include "simulator/server.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "simulator/testing/test_client.h"
#include "simulator/testing/test_server.h"

namespace sparkgate::simulator {
namespace {

using nlohmann::json;

std::string Ask(uint16_t port, const std::string& request, const std::string& until) {
  TestClient client(port);
  client.Send(request);
  EXPECT_TRUE(client.ReadUntil(until)) << client.received();
  return client.received();
}

std::string Get(uint16_t port, const std::string& path) {
  TestClient client(port);
  client.Send("GET " + path + " HTTP/1.1\r\nHost: sim\r\nAuthorization: Bearer k\r\n" +
              "Connection: close\r\n\r\n");
  EXPECT_EQ(client.ReadToEnd(), TestClient::End::kFin);
  return client.received();
}

TEST(ServerTest, StreamsAsTheUpstreamDoes) {
  TestServer server;
  TestClient client(server.port());
  client.Send(ChatPost(ChatBody("sim/echo", true, R"(,"perf_metrics_in_response":true)"),
                       "X-Request-Id: mine\r\n"));
  ASSERT_TRUE(client.ReadUntil("\r\n0\r\n\r\n"));
  const std::string& all = client.received();
  EXPECT_EQ(all.substr(0, 17), "HTTP/1.1 200 OK\r\n");
  for (const char* field : {"content-type: text/event-stream\r\n", "x-request-id: mine\r\n",
                            "fireworks-prompt-tokens: 5\r\n", "x-ratelimit-over-limit: no\r\n"}) {
    EXPECT_NE(all.find(field), std::string::npos) << field;
  }
  const std::string body = BodyOf(all);
  EXPECT_NE(body.find(R"("delta":{"role":"assistant"})"), std::string::npos);
  EXPECT_NE(body.find(R"("delta":{"content":"Hello"})"), std::string::npos);
  EXPECT_NE(body.find(R"("finish_reason":"stop"}],"usage":{"prompt_tokens":5)"), std::string::npos);
  EXPECT_NE(body.find(R"("perf_metrics":{)"), std::string::npos);
  EXPECT_EQ(body.substr(body.size() - 16), "\n\ndata: [DONE]\n\n");
}

TEST(ServerTest, KeepsTheConnectionForTheNextRequest) {
  TestServer server;
  TestClient client(server.port());
  for (bool stream : {true, false, true}) {
    client.Forget();
    client.Send(ChatPost(ChatBody("sim/echo", stream)));
    ASSERT_TRUE(client.ReadUntil(stream ? "[DONE]\n\n\r\n0\r\n\r\n" : "\"cached_tokens\":0}}}"));
    EXPECT_TRUE(client.IsSilent());
  }
  // The last bytes reach the client before the server hears that they were written.
  EXPECT_TRUE(server.Await([](const json& status) { return status["finished"] == 3; }));
  EXPECT_EQ(server.Status()["connections_total"], 1);
  EXPECT_EQ(server.Status()["open"], 0);
}

TEST(ServerTest, AnswersPipelinedRequestsInTheirOrder) {
  TestServer server;
  TestClient client(server.port());
  client.Send(ChatPost(ChatBody("sim/error-404", false)) + ChatPost(ChatBody("sim/echo", false)));
  ASSERT_TRUE(client.ReadUntil("\"content\":\"Hello\""));
  EXPECT_EQ(client.received().substr(0, 12), "HTTP/1.1 404");
}

TEST(ServerTest, UnaryAnswersCarryMetricsAsHeaders) {
  TestServer server;
  const std::string all = Ask(server.port(), ChatPost(ChatBody("sim/story", false)), "}}}");
  EXPECT_NE(all.find("fireworks-server-time-to-first-token: 0.000000\r\n"), std::string::npos);
  EXPECT_NE(all.find("fireworks-sampling-options: {"), std::string::npos);
  const json body = json::parse(BodyOf(all));
  EXPECT_EQ(body["object"], "chat.completion");
  EXPECT_EQ(body["usage"]["completion_tokens"], 12);
  EXPECT_FALSE(body.contains("perf_metrics"));
}

TEST(ServerTest, ChecksTheRequestBeforeItAnswers) {
  Options options = TestOptions();
  options.reject_stream_options = true;
  TestServer server(options);
  struct Case {
    std::string request;
    std::string status;
    std::string text;
  };
  const std::string usage = R"(,"stream_options":{"include_usage":true})";
  const Case cases[] = {
      {ChatPost("{"), "400", "not a valid JSON object"},
      {ChatPost(ChatBody("sim/echo", false, ",\"colour\":\"red\"")), "400",
       "Extra inputs are not permitted, field: 'colour', value: 'red'"},
      {ChatPost(ChatBody("sim/echo", true, usage)), "400", "field: 'stream_options'"},
      {ChatPost(ChatBody("sim/echo", false, ",\"temperature\":\"hot\"")), "400", "valid number"},
      {ChatPost(ChatBody("sim/echo", false, ",\"n\":0")), "400", "from 1 to 128"},
      {ChatPost(ChatBody("gpt-4", false)), "404", "\"code\":\"NOT_FOUND\""},
      {ChatPost(ChatBody("sim/story?pace=1", false)), "400", "bad parameter"},
      {"POST /other HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "404", "Path not found"},
      {"GET /inference/v1/chat/completions HTTP/1.1\r\nHost: a\r\n\r\n", "405", "allow: POST"},
      {"POST /inference/v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}",
       "401", "\"code\":401"},
      {"NONSENSE\r\n\r\n", "400", "could not be understood"},
  };
  for (const Case& c : cases) {
    const std::string answer = Ask(server.port(), c.request, "}");
    EXPECT_EQ(answer.substr(9, 3), c.status) << answer;
    EXPECT_NE(answer.find(c.text), std::string::npos) << answer;
  }
  EXPECT_EQ(server.Status()["started"], 0);
}

TEST(ServerTest, ARequiredKeyMustBeTheRightOne) {
  Options options = TestOptions();
  options.api_key = "right-key";
  TestServer server(options);
  EXPECT_EQ(Ask(server.port(), ChatPost(ChatBody("sim/echo", false)), "}").substr(9, 3), "401");
  std::string request = ChatPost(ChatBody("sim/echo", false));
  request.replace(request.find("test-key"), 8, "right-key");
  EXPECT_EQ(Ask(server.port(), request, "}").substr(9, 3), "200");
}

TEST(ServerTest, AnonymousCallersWhereTheyAreAllowed) {
  Options options = TestOptions();
  options.allow_anonymous = true;
  TestServer server(options);
  std::string request = ChatPost(ChatBody("sim/echo", false));
  request.erase(request.find("Authorization"),
                std::string("Authorization: Bearer test-key\r\n").size());
  EXPECT_EQ(Ask(server.port(), request, "}").substr(9, 3), "200");
}

TEST(ServerTest, ABodyOverTheLimitIsRefusedAndTheAnswerArrives) {
  Options options = TestOptions();
  options.max_body = 1000;
  TestServer server(options);
  TestClient client(server.port());
  client.Send(ChatPost(std::string(200'000, ' ')));
  EXPECT_EQ(client.ReadToEnd(), TestClient::End::kFin);
  EXPECT_EQ(client.received().substr(0, 12), "HTTP/1.1 413");
}

TEST(ServerTest, ExpectationOfContinueIsMet) {
  TestServer server;
  TestClient client(server.port());
  const std::string request = ChatPost(ChatBody("sim/echo", false), "Expect: 100-continue\r\n");
  const size_t body = request.find("\r\n\r\n") + 4;
  client.Send(request.substr(0, body));
  ASSERT_TRUE(client.ReadUntil("HTTP/1.1 100 Continue\r\n\r\n"));
  client.Send(request.substr(body));
  EXPECT_TRUE(client.ReadUntil("\"content\":\"Hello\""));
}

TEST(ServerTest, ListsItsModels) {
  TestServer server;
  const json models = json::parse(BodyOf(Get(server.port(), "/inference/v1/models")));
  EXPECT_EQ(models["object"], "list");
  EXPECT_GT(models["data"].size(), 50u);
  EXPECT_EQ(models["data"][0]["id"], "sim/story");
  EXPECT_EQ(models["data"][0]["supports_chat"], true);
}

TEST(ServerTest, TheJournalKeepsBodiesAndHidesSecrets) {
  TestServer server;
  const std::string body = ChatBody("sim/echo", false, R"(, "temperature" : 0.10)");
  Ask(server.port(), ChatPost(body, "X-Request-Id: j-1\r\nX-Api-Key: hidden\r\n"), "}}}");
  const json journal = json::parse(BodyOf(Get(server.port(), "/_sim/requests?limit=1")));
  ASSERT_EQ(journal["requests"].size(), 1u);
  EXPECT_EQ(journal["requests"][0]["body"], body);
  EXPECT_EQ(journal["requests"][0]["x_request_id"], "j-1");

  const std::string raw = Get(server.port(), "/_sim/status");
  EXPECT_EQ(raw.find("test-key"), std::string::npos);
  EXPECT_EQ(raw.find("hidden"), std::string::npos);
  const json request = json::parse(BodyOf(raw))["recent_requests"][0];
  EXPECT_EQ(request["headers"]["authorization"], "present");
  EXPECT_EQ(request["outcome"], "finished");
  EXPECT_EQ(request["model"], "sim/echo");
}

TEST(ServerTest, ResetForgets) {
  TestServer server;
  Ask(server.port(), ChatPost(ChatBody("sim/echo", false)), "}}}");
  Ask(server.port(), "POST /_sim/reset HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "{}");
  const json status = server.Status();
  EXPECT_EQ(status["requests"], 0);
  EXPECT_EQ(status["finished"], 0);
  EXPECT_TRUE(status["recent_requests"].empty());
}

// How far the answer has come when the client leaves. Nothing may be on its way then: a client that
// closes with unread bytes sends RST, whatever it wanted.
struct Moment {
  const char* model;
  bool stream;
  const char* until;  // Empty: as soon as the generation is open.
};

class AbortTest : public testing::TestWithParam<Moment> {};

TEST_P(AbortTest, FinAndResetAreSeenAtOnce) {
  TestServer server;
  for (bool reset : {false, true}) {
    const std::string id = reset ? "by-reset" : "by-fin";
    TestClient client(server.port());
    client.Send(
        ChatPost(ChatBody(GetParam().model, GetParam().stream), "X-Request-Id: " + id + "\r\n"));
    ASSERT_TRUE(client.ReadUntil(GetParam().until));
    ASSERT_TRUE(server.Await([](const json& status) { return status["open"] == 1; }));
    reset ? client.Reset() : client.Close();
    ASSERT_TRUE(server.Await([](const json& status) { return status["open"] == 0; }));
    const json status = server.Status();
    EXPECT_EQ(status["aborted_fin"], 1);
    EXPECT_EQ(status["aborted_rst"], reset ? 1 : 0);
    EXPECT_EQ(status["finished"], 0);
    EXPECT_EQ(status["last_abort_reason"], reset ? "rst" : "fin");
    const json abort = status["recent_aborts"].back();
    EXPECT_EQ(abort["x_request_id"], id);
    EXPECT_GT(abort["monotonic_us"], status["recent_requests"].back()["received_us"]);
    EXPECT_LE(abort["monotonic_us"], status["monotonic_us"]);
  }
  EXPECT_TRUE(server.Await([](const json& status) { return status["connections_open"] == 0; }));
}

INSTANTIATE_TEST_SUITE_P(Moments, AbortTest,
                         testing::Values(Moment{"sim/headers-slow?delay=1h", true, ""},
                                         Moment{"sim/first-token-slow?delay=1h", true, "assistant"},
                                         Moment{"sim/story?interval=1h", true, "content"},
                                         Moment{"sim/silent", true, "\r\n\r\n"},
                                         Moment{"sim/comments?interval=1h", true, "\r\n\r\n"},
                                         Moment{"sim/stall", true, "content"},
                                         Moment{"sim/story?interval=1h", false, ""},
                                         Moment{"sim/silent", false, "\r\n\r\n"}));

TEST(ServerTest, AReaderThatStopsStopsTheGeneration) {
  TestServer server;
  TestClient client(server.port());
  client.Send(ChatPost(ChatBody("sim/big?size=1000000", true)));
  // About 35 MB of events. The count stands still once the socket buffers are full, long before.
  uint64_t before = 0;
  int still = 0;
  ASSERT_TRUE(server.Await([&](const json& status) {
    const uint64_t now = status["bytes_sent"];
    still = now == before && now > 0 ? still + 1 : 0;
    before = now;
    return still > 2000;
  }));
  EXPECT_LT(before, 25'000'000u);
  EXPECT_EQ(server.Status()["open"], 1);
  client.Close();
  EXPECT_TRUE(server.Await([](const json& status) { return status["aborted"] == 1; }));
}

TEST(ServerTest, ManyStreamsAtOnceOnSeveralThreads) {
  Options options = TestOptions();
  options.threads = 2;
  options.defaults.interval = std::chrono::milliseconds(1);
  TestServer server(options);
  constexpr int kStreams = 200;
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < kStreams; ++i) {
    clients.push_back(std::make_unique<TestClient>(server.port()));
    clients.back()->Send(ChatPost(ChatBody("sim/story", true, R"(,"seed":1)")));
  }
  std::string first;
  for (auto& client : clients) ASSERT_TRUE(client->ReadUntil("data: [DONE]\n\n"));
  EXPECT_TRUE(server.Await([](const json& status) { return status["finished"] == kStreams; }));
  EXPECT_EQ(server.Status()["connections_open"], kStreams);
}

TEST(ServerTest, AServerWideFaultHitsItsShare) {
  Options options = TestOptions();
  options.fault = "error-503";
  options.fault_rate = 0.5;
  TestServer server(options);
  int failed = 0;
  for (int i = 0; i < 100; ++i) {
    failed += Ask(server.port(), ChatPost(ChatBody("sim/echo", false)), "}").substr(9, 3) == "503";
  }
  EXPECT_GT(failed, 25);
  EXPECT_LT(failed, 75);
}

TEST(ServerTest, ATakenPortIsAnError) {
  TestServer server;
  Options options = TestOptions();
  options.port = server.port();
  Server second(options);
  std::string error;
  EXPECT_FALSE(second.Listen(&error));
  EXPECT_NE(error.find("Address already in use"), std::string::npos) << error;
}

}  // namespace
}  // namespace sparkgate::simulator
