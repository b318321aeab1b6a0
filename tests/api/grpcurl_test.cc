// The founding document's bodies, pasted into grpcurl -d as they are; the API from reflection
// alone.
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "nlohmann/json.hpp"
#include "tests/api/founding_bodies.h"
#include "tests/support/answers.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/secrets.h"
#include "tests/support/server_process.h"

namespace sparkgate::api {
namespace {

class Grpcurl : public testing::Test {
 protected:
  struct Run {
    int code;
    std::string output;
    std::string errors;
  };

  Run Call(std::vector<std::string> arguments) {
    const char* const tools = std::getenv("SPARKGATE_TEST_TOOLS");
    EXPECT_NE(tools, nullptr) << "the folder that make tools fills: run the tests with make test";
    std::vector<std::string> argv = {std::string(tools == nullptr ? "" : tools) + "/grpcurl",
                                     "-plaintext"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    support::ChildProcess grpcurl(argv);
    const int code = grpcurl.Wait().value_or(-1);
    support::ExpectNoSecret("what grpcurl prints", grpcurl.output() + grpcurl.errors());
    return {code, grpcurl.output(), grpcurl.errors()};
  }

  support::ScriptedUpstream upstream_{[](support::Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      if (request->method == "GET") {
        connection.Send(support::JsonResponse(
            R"({"object":"list","data":[{"id":"m","object":"model","supports_tools":true,"new":1.10}]})"));
      } else if (request->body.find("\"model\":\"missing\"") != std::string::npos) {
        connection.Send(support::JsonResponse(
            R"({"error":{"message":"Model not found","code":"NOT_FOUND"}})", 404));
      } else {
        connection.Send(support::AnswerTo(request->body, "Paris"));
      }
    }
  }};
  support::ServerProcess server_{upstream_.base_url() + "/inference/v1"};
};

TEST_F(Grpcurl, FoundingBodiesWorkAsTheyStand) {
  for (const FoundingBody& founding : FoundingBodies()) {
    for (const bool stream : {false, true}) {
      SCOPED_TRACE(founding.name + (stream ? ", StreamChat" : ", Chat"));
      const Run run =
          Call({"-d", founding.body, server_.address(),
                std::string("sparkgate.v1.ChatService/") + (stream ? "StreamChat" : "Chat")});
      ASSERT_EQ(run.code, 0) << run.errors;
      EXPECT_NE(run.output.find("\"content\": \"Paris\""), std::string::npos) << run.output;
      EXPECT_NE(run.output.find("\"total_tokens\": 7"), std::string::npos) << run.output;
      EXPECT_NE(run.output.find("\"finish_reason\": \"stop\""), std::string::npos) << run.output;
      const auto request = upstream_.requests().back();
      EXPECT_EQ(request.target, "/inference/v1/chat/completions");
      EXPECT_EQ(request.body, UpstreamBody(founding.body, stream));
    }
  }
}

// Whatever stands in it; tests/data/http_bodies has more.
TEST_F(Grpcurl, AWholeBodyIsOneField) {
  const std::string members =
      R"("model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a"}]}],"stop":"b")";
  const std::string body = "{\"stream\":false," + members + "}";
  const Run run = Call({"-d", nlohmann::json{{"extra_body_json", body}}.dump(), server_.address(),
                        "sparkgate.v1.ChatService/StreamChat"});
  ASSERT_EQ(run.code, 0) << run.errors;
  EXPECT_EQ(upstream_.requests().back().body, UpstreamBody("{" + members + "}", true));
}

TEST_F(Grpcurl, ReflectionAndHealth) {
  const Run services = Call({server_.address(), "list"});
  EXPECT_NE(services.output.find("sparkgate.v1.ChatService"), std::string::npos) << services.errors;
  EXPECT_NE(services.output.find("sparkgate.v1.ModelService"), std::string::npos);
  EXPECT_NE(services.output.find("grpc.health.v1.Health"), std::string::npos);
  const Run message = Call({server_.address(), "describe", "sparkgate.v1.ChatMessage"});
  EXPECT_NE(message.output.find("reasoning_content"), std::string::npos) << message.errors;
  const Run health = Call({server_.address(), "grpc.health.v1.Health/Check"});
  EXPECT_NE(health.output.find("SERVING"), std::string::npos) << health.errors;
}

TEST_F(Grpcurl, Models) {
  const Run run = Call({server_.address(), "sparkgate.v1.ModelService/ListModels"});
  ASSERT_EQ(run.code, 0) << run.errors;
  EXPECT_NE(run.output.find("\"id\": \"m\""), std::string::npos) << run.output;
  EXPECT_NE(run.output.find("\"supports_tools\": true"), std::string::npos) << run.output;
  EXPECT_NE(run.output.find(R"("extra_json": "{\"new\":1.10}")"), std::string::npos) << run.output;
  EXPECT_EQ(upstream_.requests().back().target, "/inference/v1/models");
}

TEST_F(Grpcurl, ExplainWithoutACall) {
  support::ServerProcess server(upstream_.base_url() + "/inference/v1", {"--debug_service"});
  const Run run = Call(
      {"-d", FoundingBodies()[0].body, server.address(), "sparkgate.v1.DebugService/ExplainChat"});
  ASSERT_EQ(run.code, 0) << run.errors;
  EXPECT_NE(run.output.find("\"authorization\": \"redacted\""), std::string::npos) << run.output;
  EXPECT_NE(run.output.find("\"stream_body_json\": "), std::string::npos) << run.output;
  EXPECT_TRUE(upstream_.requests().empty());
}

// A Go client must not stumble over the details' types.
TEST_F(Grpcurl, ErrorsAreReadable) {
  const Run run = Call({"-d", R"({"model":"missing","messages":[{"role":"user","content":"a"}]})",
                        server_.address(), "sparkgate.v1.ChatService/Chat"});
  EXPECT_NE(run.code, 0);
  EXPECT_NE(run.errors.find("NotFound"), std::string::npos) << run.errors;
  EXPECT_NE(run.errors.find("MODEL_NOT_FOUND"), std::string::npos) << run.errors;
  const Run wrong =
      Call({"-d", R"({"model":"m"})", server_.address(), "sparkgate.v1.ChatService/Chat"});
  EXPECT_NE(wrong.errors.find("InvalidArgument"), std::string::npos) << wrong.errors;
  EXPECT_NE(wrong.errors.find("messages"), std::string::npos) << wrong.errors;
}

}  // namespace
}  // namespace sparkgate::api
