// The client against a scripted upstream: answers as they should be.
#include "service/upstream/curl_client.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "service/upstream/testing/curl_client_fixture.h"
#include "tests/support/gate.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"

namespace sparkgate::upstream {
namespace {

using namespace std::string_literals;
using support::Certificate;
using support::Connection;
using support::Gate;
using support::JsonResponse;
using support::PeerClose;
using support::ScriptedUpstream;
using support::SseEvent;
using support::SseHead;
using support::SseResponse;

// Each test plain and over TLS.
class EitherWay : public ClientTest, public testing::WithParamInterface<bool> {
 protected:
  std::unique_ptr<ScriptedUpstream> Serve(ScriptedUpstream::Script script) {
    auto upstream = GetParam()
                        ? std::make_unique<ScriptedUpstream>(std::move(script), Certificate::kRight)
                        : std::make_unique<ScriptedUpstream>(std::move(script));
    Connect(*upstream);
    return upstream;
  }
};
INSTANTIATE_TEST_SUITE_P(PlainAndTls, EitherWay, testing::Bool(),
                         [](const auto& info) { return info.param ? "Tls" : "Plain"; });

ScriptedUpstream::Script Always(std::string response) {
  return [response = std::move(response)](Connection& connection) {
    while (connection.ReadRequest()) connection.Send(response);
  };
}

TEST_P(EitherWay, AStreamArrivesAsItWasSent) {
  const auto upstream = Serve(Always(SseResponse({"one", "two"})));
  const RecordingSink sink = Fetch(Post("{}"));
  EXPECT_EQ(sink.status(), 200);
  EXPECT_EQ(sink.Header("content-type"), "text/event-stream");
  EXPECT_EQ(sink.body, SseEvent("one") + SseEvent("two") + SseEvent("[DONE]"));
  EXPECT_EQ(sink.end->how, How::kComplete);
  EXPECT_EQ(sink.end->attempts, 1);
  EXPECT_EQ(sink.end->detail, "");
}

TEST_P(EitherWay, ConnectionsAreKept) {
  const auto upstream = Serve(Always(JsonResponse("{\"a\":1}")));
  for (int i = 0; i < 5; ++i) {
    const RecordingSink sink = Fetch(Post("{}"));
    EXPECT_EQ(sink.body, "{\"a\":1}");
    EXPECT_EQ(sink.end->how, How::kComplete);
  }
  EXPECT_EQ(upstream->connections_accepted(), 1);
  EXPECT_EQ(client_->counts().started, 5u);
  EXPECT_EQ(client_->counts().connections, 1u);
  EXPECT_EQ(client_->counts().reused, 4u);
  EXPECT_EQ(client_->counts().discarded, 0u);
}

TEST_P(EitherWay, LargeBodiesBothWays) {
  std::string answer(3'000'000, 'a');
  for (size_t i = 0; i < answer.size(); ++i) answer[i] = static_cast<char>('a' + i % 26);
  const auto upstream = Serve(Always(JsonResponse(answer)));
  const std::string question(2'000'000, 'q');
  const RecordingSink sink = Fetch(Post(question));
  EXPECT_EQ(sink.end->how, How::kComplete);
  EXPECT_TRUE(sink.body == answer);
  EXPECT_TRUE(upstream->requests()[0].body == question);
}

// libcurl's handles are used again.
TEST_P(EitherWay, ARequestHasNothingOfTheOneBefore) {
  const auto upstream = Serve([](Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      if (request->body != "doubtful") {
        connection.Send(support::Head(200, "Content-Length: 2\r\n") + "ok");
      } else {  // with two lengths, so that the connection is not kept
        connection.Send(support::Head(200, "Content-Length: 9\r\nTransfer-Encoding: chunked\r\n") +
                        support::Chunk("ok") + "0\r\n\r\n");
      }
    }
  });
  const std::string large(200'000, 'l');
  std::vector<std::string> bodies;
  for (const std::string& body : {large, "small"s, ""s, "doubtful"s, large, ""s, "last"s}) {
    Request request = Post(body);
    if (body.empty()) request.method = "GET";
    request.headers = {{"x-number", std::to_string(bodies.size())}};
    const RecordingSink sink = Fetch(std::move(request));
    EXPECT_EQ(sink.body, "ok") << bodies.size();
    EXPECT_EQ(sink.end->how, How::kComplete) << sink.end->detail;
    bodies.push_back(body);
  }
  const auto received = upstream->requests();
  ASSERT_EQ(received.size(), bodies.size());
  for (size_t i = 0; i < bodies.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(received[i].method, bodies[i].empty() ? "GET" : "POST");
    EXPECT_TRUE(received[i].body == bodies[i]);
    EXPECT_EQ(received[i].Header("x-number"), std::to_string(i));
    EXPECT_EQ(received[i].Header("content-length"),
              bodies[i].empty() ? "" : std::to_string(bodies[i].size()));
    EXPECT_EQ(received[i].headers.size(), bodies[i].empty() ? 5u : 7u);
  }
  EXPECT_EQ(upstream->connections_accepted(), 2);
}

TEST_F(ClientTest, TheRequestOnTheWire) {
  ScriptedUpstream upstream(Always(JsonResponse("{}")));
  ClientOptions options = OptionsFor(upstream);
  options.api_key = "sesame";
  options.user_agent = "sparkgate/test";
  Connect(options);
  Request request = Post("{\"model\":\"m\"}");
  request.headers = {{"x-request-id", "r1"}, {"x-empty", ""}};
  request.event_stream = true;
  Fetch(std::move(request));
  const auto received = upstream.requests().at(0);
  EXPECT_EQ(received.method, "POST");
  EXPECT_EQ(received.target, "/v1/chat/completions");
  EXPECT_EQ(received.body, "{\"model\":\"m\"}");
  EXPECT_EQ(received.Header("authorization"), "Bearer sesame");
  EXPECT_EQ(received.Header("content-type"), "application/json");
  EXPECT_EQ(received.Header("accept"), "text/event-stream");
  EXPECT_EQ(received.Header("accept-encoding"), "identity");
  EXPECT_EQ(received.Header("user-agent"), "sparkgate/test");
  EXPECT_EQ(received.Header("content-length"), "13");
  EXPECT_EQ(received.Header("x-request-id"), "r1");
  EXPECT_EQ(received.headers.size(), 9u) << "no header that nobody asked for";
}

TEST_F(ClientTest, AGetHasNoBody) {
  ScriptedUpstream upstream(Always(JsonResponse("{}")));
  Connect(upstream);
  Request request;
  request.method = "GET";
  request.path = "/models";
  const RecordingSink sink = Fetch(std::move(request));
  EXPECT_EQ(sink.end->how, How::kComplete);
  EXPECT_EQ(upstream.requests().at(0).method, "GET");
  EXPECT_EQ(upstream.requests().at(0).target, "/v1/models");
  EXPECT_EQ(upstream.requests().at(0).Header("content-length"), "");
  EXPECT_EQ(upstream.requests().at(0).Header("content-type"), "");
}

}  // namespace
}  // namespace sparkgate::upstream
