// ListModels as a caller and the upstream see it: the request, the answer, metadata, health, log.
#include <nlohmann/json.hpp>

#include "tests/api/models_fixture.h"
#include "tests/support/answers.h"
#include "tests/support/secrets.h"

namespace sparkgate::api {
namespace {

using support::CallOptions;
using support::CallResult;
using support::JsonResponse;
using support::ReceivedRequest;

TEST_F(ModelsTest, TheRequestOnTheWire) {
  ServeAnswer(JsonResponse(kTwoModels), {"--header_allow_list=x-own"});
  CallOptions options;
  options.metadata = {{"x-own", "o"}, {"x-other", "no"}, {"x-request-id", "mine"}};
  const CallResult result = List(options);
  ASSERT_TRUE(result.ok()) << result.Describe();
  const ReceivedRequest request = upstream_->requests().at(0);
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.target, "/inference/v1/models");
  EXPECT_EQ(request.body, "");
  EXPECT_EQ(request.Header("authorization"), std::string("Bearer ") + support::kMadeUpKey);
  EXPECT_EQ(request.Header("accept"), "application/json");
  EXPECT_EQ(request.Header("content-type"), "");
  EXPECT_EQ(request.Header("content-length"), "");
  EXPECT_EQ(request.Header("transfer-encoding"), "");
  EXPECT_EQ(request.Header("x-own"), "o");
  EXPECT_EQ(request.Header("x-other"), "");
  EXPECT_EQ(request.Header("x-request-id"), "mine");
  EXPECT_EQ(result.InitialMetadata("x-request-id"), "mine");
}

TEST_F(ModelsTest, EveryFieldAndWhatHasNone) {
  ServeAnswer(
      JsonResponse(R"({"object":"list","has_more":false,"data":[)"
                   R"({"id":"b","object":"model","created":1743379200,"owned_by":"fireworks",)"
                   R"("kind":"HF_BASE_MODEL","supports_chat":true,"supports_image_input":false,)"
                   R"("supports_tools":true,"context_length":163840,"price":{"b":1.10,"a":-0}},)"
                   R"({"id":"a","context_length":null,"kind":7}],"next":12345678901234567890})"));
  const v1::ListModelsResponse answer = AnswerOf(List());
  ASSERT_EQ(answer.data_size(), 2);
  const v1::Model& full = answer.data(0);
  EXPECT_EQ(full.id(), "b");
  EXPECT_EQ(full.created(), 1743379200);
  EXPECT_EQ(full.owned_by(), "fireworks");
  EXPECT_EQ(full.kind(), "HF_BASE_MODEL");
  EXPECT_TRUE(full.supports_chat());
  EXPECT_TRUE(full.has_supports_image_input() && !full.supports_image_input());
  EXPECT_TRUE(full.supports_tools());
  EXPECT_EQ(full.context_length(), 163840);
  EXPECT_EQ(full.extra_json(), R"({"price":{"b":1.10,"a":-0}})");
  const v1::Model& bare = answer.data(1);
  EXPECT_EQ(bare.id(), "a");
  EXPECT_FALSE(bare.has_context_length() || bare.has_created() || bare.has_supports_chat());
  EXPECT_EQ(bare.extra_json(), R"({"kind":7})");
  EXPECT_EQ(answer.extra_json(), R"({"has_more":false,"next":12345678901234567890})");
}

TEST_F(ModelsTest, NoModelsIsAnAnswer) {
  ServeAnswer(JsonResponse(R"({"object":"list","data":[]})"));
  EXPECT_EQ(AnswerOf(List()).data_size(), 0);
}

// What is over 64 KiB is decoded by a worker, and over a frame it leaves in several.
TEST_F(ModelsTest, AThousandModels) {
  std::string body = R"({"data":[)";
  for (int i = 0; i < 1000; ++i) {
    body += (i > 0 ? "," : "") + std::string(R"({"id":"accounts/fireworks/models/m)") +
            std::to_string(i) + R"(","note":")" + std::string(100, 'x') + "\"}";
  }
  ServeAnswer(JsonResponse(body + "]}"));
  const v1::ListModelsResponse answer = AnswerOf(List());
  ASSERT_EQ(answer.data_size(), 1000);
  EXPECT_EQ(answer.data(999).id(), "accounts/fireworks/models/m999");
}

TEST_F(ModelsTest, ManyAtOnceOnTwoLoops) {
  ServeAnswer(JsonResponse(kTwoModels), {"--loops=2"});
  std::vector<support::RunningCall> calls;
  for (int i = 0; i < 100; ++i) calls.push_back(Start());
  for (support::RunningCall& call : calls) EXPECT_EQ(AnswerOf(call.Wait()).data_size(), 2);
  EXPECT_EQ(upstream_->requests().size(), 100u);
}

TEST_F(ModelsTest, SharesKeptConnectionsWithChat) {
  Serve(
      [](support::Connection& connection) {
        while (const auto request = connection.ReadRequest()) {
          connection.Send(request->method == "GET" ? JsonResponse(kTwoModels)
                                                   : support::AnswerTo(request->body, "Hello"));
        }
      },
      {"--loops=1"});
  EXPECT_EQ(AnswerOf(List()).data_size(), 2);
  EXPECT_TRUE(caller_->Chat(support::ChatRequestBody("a")).ok());
  EXPECT_EQ(AnswerOf(List()).data_size(), 2);
  EXPECT_EQ(upstream_->connections_accepted(), 1);
}

TEST_F(ModelsTest, TheUpstreamsIdAndRateLimitsAreMetadata) {
  const std::string headers = "x-request-id: up-7\r\nx-ratelimit-remaining-requests: 3\r\n";
  ServeAnswer(JsonResponse(kTwoModels, 200, headers));
  const CallResult good = List();
  EXPECT_EQ(good.InitialMetadata("x-upstream-request-id"), "up-7");
  EXPECT_EQ(good.InitialMetadata("x-ratelimit-remaining-requests"), "3");
  ServeAnswer(JsonResponse("{}", 429, headers));
  const CallResult failed = List();
  EXPECT_EQ(failed.Trailer("x-upstream-request-id"), "up-7");
  EXPECT_EQ(failed.Trailer("x-ratelimit-remaining-requests"), "3");
  EXPECT_EQ(failed.Info("upstream_request_id"), "up-7");
}

TEST_F(ModelsTest, ARefusedRequestReachesNobody) {
  ServeAnswer(JsonResponse(kTwoModels), {"--header_allow_list=x-own"});
  const CallResult rubbish = caller_->StartRaw(kListModels, "\x0a\xff\xff\xff rubbish").Wait();
  EXPECT_EQ(rubbish.name, "INVALID_ARGUMENT") << rubbish.Describe();
  EXPECT_EQ(rubbish.reason, "INVALID_REQUEST");
  EXPECT_NE(rubbish.message.find("sparkgate.v1.ListModelsRequest"), std::string::npos);
  CallOptions twice;
  twice.metadata = {{"x-own", "a"}, {"x-own", "b"}};
  EXPECT_EQ(List(twice).name, "INVALID_ARGUMENT");
  EXPECT_TRUE(upstream_->requests().empty());
}

TEST_F(ModelsTest, HealthKnowsTheService) {
  ServeAnswer(JsonResponse(kTwoModels));
  const std::string name = "sparkgate.v1.ModelService";
  const std::string request = "\x0a" + std::string(1, static_cast<char>(name.size())) + name;
  const CallResult health = caller_->StartRaw("/grpc.health.v1.Health/Check", request).Wait();
  ASSERT_TRUE(health.ok()) << health.Describe();
  EXPECT_EQ(health.messages.at(0), "\x08\x01");  // SERVING
}

TEST_F(ModelsTest, TheLogNamesTheMethod) {
  ServeAnswer(JsonResponse(kTwoModels));
  CallOptions options;
  options.metadata = {{"x-request-id", "log-me"}};
  EXPECT_TRUE(List(options).ok());
  server_->Stop();
  EXPECT_NE(server_->process().errors().find("\"method\":\"ListModels\",\"request_id\":\"log-me\""),
            std::string::npos)
      << server_->process().errors();
}

// Each loop has connections of its own, so calls of one method one after the other show which loop
// ran them.
TEST_F(ModelsTest, CallsOfEachMethodAlternateBetweenTheLoops) {
  const std::string request = support::SerializeRequest(support::ChatRequestBody("a"));
  for (const std::string method :
       {"/sparkgate.v1.ChatService/Chat", kListModels, "/sparkgate.v1.ChatService/StreamChat"}) {
    SCOPED_TRACE(method);
    Serve(
        [](support::Connection& connection) {
          while (const auto request = connection.ReadRequest()) {
            connection.Send(request->method == "GET" ? JsonResponse(kTwoModels)
                                                     : support::AnswerTo(request->body, "Hello"));
          }
        },
        {"--loops=2"});
    for (int i = 0; i < 6; ++i) {
      const CallResult result =
          caller_->StartRaw(method, method == kListModels ? "" : request).Wait();
      EXPECT_TRUE(result.ok()) << result.Describe();
    }
    EXPECT_EQ(upstream_->connections_accepted(), 2);
  }
}

TEST(ModelsOfTheSimulator, AreListed) {
  support::ChildProcess simulator({"simulator/sparkgate-sim", "--listen=127.0.0.1:0"});
  const auto address = simulator.AwaitLine("listening on ");
  ASSERT_TRUE(address.has_value()) << simulator.errors();
  support::ServerProcess server("http://" + *address + "/inference/v1");
  support::Caller caller(server.address());
  const CallResult result = caller.StartRaw(kListModels, "").Wait();
  v1::ListModelsResponse answer;
  ASSERT_TRUE(result.ok()) << result.Describe();
  ASSERT_TRUE(answer.ParseFromString(result.messages.at(0)));
  EXPECT_GT(answer.data_size(), 50);
  EXPECT_EQ(answer.data(0).id(), "sim/story");
  EXPECT_TRUE(answer.data(0).supports_chat());
  EXPECT_EQ(answer.data(0).context_length(), 262144);
  const auto extra = nlohmann::json::parse(answer.data(0).extra_json());
  EXPECT_TRUE(extra.contains("description")) << extra;
}

}  // namespace
}  // namespace sparkgate::api
