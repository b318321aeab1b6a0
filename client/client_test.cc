#include "client/client.h"

#include <gtest/gtest.h>

#include <fstream>
#include <future>
#include <iterator>
#include <string>
#include <thread>

#include "client/testing/test_server.h"

namespace sparkgate::client {
namespace {

using std::chrono::milliseconds;

std::unique_ptr<Client> Connect(const TestServer& server, const ClientOptions& options = {}) {
  auto client = Client::Create(server.target(), options);
  return client.ok() ? *std::move(client) : nullptr;
}

v1::ChatRequest Question() {
  v1::ChatRequest request;
  request.set_model("a-model");
  request.add_messages()->set_role("user");
  request.mutable_messages(0)->set_content("why?");
  return request;
}

std::string ReadFile(const std::string& name) {
  std::ifstream file(name);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Writes one message and then waits to be left.
TestServer::Handler OneWordThenSilence(std::promise<void>* left) {
  return [left](TestCall* call) {
    if (call->streaming()) call->Write(Delta("one"));
    call->WaitForCancel();
    left->set_value();
    return TestStatus{};
  };
}

TEST(Client, StreamsMessagesInOrderWithMetadataBothWays) {
  TestServer server([](TestCall* call) {
    call->AddInitialMetadata("x-request-id", "req-1");
    call->Write(Delta("a"));
    call->Write(Delta("b"));
    call->Write(FinishDelta("stop"));
    TestStatus status;
    status.trailers = {{"x-end", "yes"}};
    return status;
  });
  auto client = Connect(server);
  CallOptions options;
  options.metadata = {{"x-who", "me"}};
  Stream stream = client->StreamChat(Question(), options);
  v1::StreamChatResponse message;
  std::string text;
  while (stream.Next(&message)) text += message.choices(0).delta().content() + "|";

  EXPECT_EQ(stream.Finish(), std::nullopt);
  EXPECT_EQ(text, "a|b||");
  EXPECT_EQ(message.choices(0).finish_reason(), "stop");
  EXPECT_EQ(stream.initial_metadata().find("x-request-id")->second, "req-1");
  EXPECT_EQ(stream.trailers().find("x-end")->second, "yes");
  ASSERT_EQ(server.calls().size(), 1u);
  const TestedCall call = server.calls()[0];
  EXPECT_EQ(call.request.SerializeAsString(), Question().SerializeAsString());
  EXPECT_EQ(call.metadata.count("x-who"), 1u);
  EXPECT_TRUE(call.streaming);
}

TEST(Client, ChatReturnsTheAnswerWithMetadata) {
  TestServer server([](TestCall* call) {
    call->AddInitialMetadata("x-request-id", "req-2");
    call->response()->add_choices()->mutable_message()->set_content("because");
    return TestStatus{};
  });
  auto reply = Connect(server)->Chat(Question());
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(reply.value().response.choices(0).message().content(), "because");
  EXPECT_EQ(reply.value().initial_metadata.find("x-request-id")->second, "req-2");
}

TEST(Client, CancelFromAnotherThreadEndsAStreamAndTheServerSeesIt) {
  std::promise<void> left;
  TestServer server(OneWordThenSilence(&left));
  auto client = Connect(server);
  Stream stream = client->StreamChat(Question());
  v1::StreamChatResponse message;
  ASSERT_TRUE(stream.Next(&message));
  std::thread other([&stream] { stream.Cancel(); });
  EXPECT_FALSE(stream.Next(&message));
  other.join();
  ASSERT_TRUE(stream.Finish());
  EXPECT_EQ(stream.Finish()->code, absl::StatusCode::kCancelled);
  left.get_future().wait();
}

TEST(Client, ACancellerEndsAWaitingChat) {
  std::promise<void> begun;
  TestServer server([&begun](TestCall* call) {
    begun.set_value();
    call->WaitForCancel();
    return TestStatus{};
  });
  auto client = Connect(server);
  Canceller canceller;
  CallOptions options;
  options.canceller = &canceller;
  std::thread other([&] {
    begun.get_future().wait();
    canceller.Cancel();
  });
  auto reply = client->Chat(Question(), options);
  other.join();
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, absl::StatusCode::kCancelled);
}

TEST(Client, ACancellerThatWasFasterKeepsTheCallFromRunning) {
  TestServer server([](TestCall* call) {
    if (call->streaming()) call->Write(Delta("never seen"));
    return TestStatus{};
  });
  auto client = Connect(server);
  Canceller canceller;
  canceller.Cancel();
  CallOptions options;
  options.canceller = &canceller;
  Stream stream = client->StreamChat(Question(), options);
  v1::StreamChatResponse message;
  EXPECT_FALSE(stream.Next(&message));
  ASSERT_TRUE(stream.Finish());
  EXPECT_EQ(stream.Finish()->code, absl::StatusCode::kCancelled);
}

TEST(Client, LeavingAStreamCancelsIt) {
  std::promise<void> left;
  TestServer server(OneWordThenSilence(&left));
  auto client = Connect(server);
  {
    Stream stream = client->StreamChat(Question());
    v1::StreamChatResponse message;
    ASSERT_TRUE(stream.Next(&message));
  }
  left.get_future().wait();
}

TEST(Client, AnErrorHasItsDetailsAndComesAfterTheText) {
  TestServer server([](TestCall* call) {
    call->Write(Delta("half"));
    return SparkgateStatus(10, "cut", "UPSTREAM_STREAM_TRUNCATED", true);
  });
  auto client = Connect(server);
  Stream stream = client->StreamChat(Question());
  v1::StreamChatResponse message;
  ASSERT_TRUE(stream.Next(&message));
  EXPECT_EQ(message.choices(0).delta().content(), "half");
  EXPECT_FALSE(stream.Next(&message));
  const auto& error = stream.Finish();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, absl::StatusCode::kAborted);
  EXPECT_EQ(error->message, "cut");
  EXPECT_EQ(error->reason_code, v1::ERROR_REASON_UPSTREAM_STREAM_TRUNCATED);
  EXPECT_EQ(error->may_have_run, true);
  EXPECT_EQ(error->request_id(), "req-test");
}

TEST(Client, ATimeoutIsTheDeadline) {
  std::promise<void> left;
  TestServer server(OneWordThenSilence(&left));
  auto client = Connect(server);
  CallOptions options;
  options.timeout = milliseconds(50);
  auto reply = client->Chat(Question(), options);
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(reply.error().may_have_run, std::nullopt);
  left.get_future().wait();
}

TEST(Client, TakesAnswersAboveGrpcsDefaultAndRefusesThoseAboveItsLimit) {
  TestServer server([](TestCall* call) {
    call->response()->add_choices()->mutable_message()->set_content(std::string(5 << 20, 'x'));
    return TestStatus{};
  });
  EXPECT_TRUE(Connect(server)->Chat(Question()).ok());
  ClientOptions small;
  small.max_receive_bytes = 1 << 20;
  auto reply = Connect(server, small)->Chat(Question());
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, absl::StatusCode::kResourceExhausted);
}

TEST(Client, MetadataThatGrpcCannotSendIsRefusedHere) {
  TestServer server([](TestCall*) { return TestStatus{}; });
  auto client = Connect(server);
  CallOptions options;
  options.metadata = {{"Not-Lower", "x"}};
  auto reply = client->Chat(Question(), options);
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, absl::StatusCode::kInvalidArgument);
  options.metadata = {{"x-name", "line\nbreak"}};
  Stream stream = client->StreamChat(Question(), options);
  v1::StreamChatResponse message;
  EXPECT_FALSE(stream.Next(&message));
  ASSERT_TRUE(stream.Finish());
  EXPECT_EQ(stream.Finish()->may_have_run, false);
  EXPECT_TRUE(server.requests().empty());
}

TEST(Client, ListsModelsWithMetadataBothWays) {
  TestServer::Others others;
  others.list_models = [](v1::ListModelsResponse* response) {
    response->add_data()->set_id("m-1");
    response->add_data()->set_id("m-2");
    TestStatus status;
    status.trailers = {{"x-end", "yes"}};
    return status;
  };
  TestServer server(others);
  CallOptions options;
  options.metadata = {{"x-who", "me"}};
  auto reply = Connect(server)->ListModels(options);
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  ASSERT_EQ(reply.value().response.data_size(), 2);
  EXPECT_EQ(reply.value().response.data(1).id(), "m-2");
  EXPECT_EQ(reply.value().trailers.find("x-end")->second, "yes");
  ASSERT_EQ(server.calls().size(), 1u);
  EXPECT_EQ(server.calls()[0].metadata.count("x-who"), 1u);
}

TEST(Client, AModelListThatFailsHasItsDetails) {
  TestServer::Others others;
  others.list_models = [](v1::ListModelsResponse*) {
    return SparkgateStatus(13, "m", "UPSTREAM_AUTH_FAILED", false);
  };
  TestServer server(others);
  auto reply = Connect(server)->ListModels();
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().reason_code, v1::ERROR_REASON_UPSTREAM_AUTH_FAILED);
}

TEST(Client, ExplainsTheRequestThatItIsGiven) {
  TestServer::Others others;
  others.explain = [](v1::ExplainChatResponse* response) {
    response->set_method("POST");
    (*response->mutable_headers())["a"] = "b";
    return TestStatus{};
  };
  TestServer server(others);
  auto reply = Connect(server)->Explain(Question());
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(reply.value().response.method(), "POST");
  EXPECT_EQ(reply.value().response.headers().at("a"), "b");
  ASSERT_EQ(server.calls().size(), 1u);
  EXPECT_EQ(server.calls()[0].rpc, "ExplainChat");
  EXPECT_EQ(server.calls()[0].request.SerializeAsString(), Question().SerializeAsString());
}

TEST(Client, AServiceThatTheServerDoesNotHaveIsUnimplemented) {
  TestServer server([](TestCall*) { return TestStatus{}; });
  auto client = Connect(server);
  auto models = client->ListModels();
  auto explained = client->Explain(Question());
  ASSERT_FALSE(models.ok());
  ASSERT_FALSE(explained.ok());
  EXPECT_EQ(models.error().code, absl::StatusCode::kUnimplemented);
  EXPECT_EQ(explained.error().code, absl::StatusCode::kUnimplemented);
}

TEST(Client, SpeaksTlsAndTrustsOnlyTheGivenAuthority) {
  const std::string folder = "client/testing/";
  TestServer server(
      [](TestCall* call) {
        call->response()->set_id("over-tls");
        return TestStatus{};
      },
      {ReadFile(folder + "test_key.pem"), ReadFile(folder + "test_certificate.pem")});
  ClientOptions trusting;
  trusting.ca_file = folder + "test_certificate.pem";
  auto reply = Connect(server, trusting)->Chat(Question());
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(reply.value().response.id(), "over-tls");

  ClientOptions plain;
  auto refused = Connect(server, plain)->Chat(Question());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, absl::StatusCode::kUnavailable);
}

TEST(Client, ACaFileThatIsNotThereIsAnError) {
  ClientOptions options;
  options.ca_file = "/no/such/file.pem";
  const auto client = Client::Create("127.0.0.1:1", options);
  ASSERT_FALSE(client.ok());
  EXPECT_NE(client.status().message().find("/no/such/file.pem"), absl::string_view::npos);
}

}  // namespace
}  // namespace sparkgate::client
