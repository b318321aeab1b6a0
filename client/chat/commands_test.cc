// The real program against a server in this process: `models` and --explain.

#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <future>
#include <string>

#include "client/testing/chat_program.h"
#include "client/testing/test_server.h"

namespace sparkgate::client {
namespace {

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TestServer::Others TwoModels() {
  TestServer::Others others;
  others.list_models = [](v1::ListModelsResponse* response) {
    v1::Model* model = response->add_data();
    model->set_id("accounts/a/models/m");
    model->set_context_length(8192);
    model->set_supports_chat(true);
    response->add_data()->set_id("n");
    return TestStatus{};
  };
  return others;
}

TEST(Models, ALineForEach) {
  TestServer server(TwoModels());
  const ChatRun run = RunChat(server.target(), {"--metadata=x-who=me", "--timeout=30", "models"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(run.out,
            "accounts/a/models/m  8192 tokens  chat\nn                    -            -\n");
  EXPECT_EQ(run.err, "");
  ASSERT_EQ(server.calls().size(), 1u);
  EXPECT_EQ(server.calls()[0].metadata.find("x-who")->second, "me");
}

TEST(Models, AsJson) {
  TestServer server(TwoModels());
  EXPECT_EQ(RunChat(server.target(), {"models", "--json"}).out,
            "{\"data\":[{\"id\":\"accounts/a/models/m\",\"supports_chat\":true,"
            "\"context_length\":8192},{\"id\":\"n\"}]}\n");
}

TEST(Models, NoneIsSaid) {
  TestServer::Others others;
  others.list_models = [](v1::ListModelsResponse*) { return TestStatus{}; };
  TestServer server(others);
  const ChatRun run = RunChat(server.target(), {"models"});
  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(run.err, "[the upstream lists no models]\n");
}

TEST(Models, BehindTwoDashesItIsAQuestion) {
  TestServer server([](TestCall* call) {
    call->Write(Delta(call->request().messages(0).content()));
    return TestStatus{};
  });
  EXPECT_EQ(RunChat(server.target(), {"--", "models"}).out, "models\n");
  EXPECT_EQ(RunChat(server.target(), {"models of the world"}).out, "models of the world\n");
  EXPECT_EQ(RunChat(server.target(), {"which", "models"}).out, "which models\n");
}

TEST(Models, TakesNothingThatBelongsToAQuestion) {
  const char* const flags[] = {"--model=m",  "--system=s",   "--temperature=1", "--max-tokens=1",
                               "--nostream", "--body=-",     "--tools=t",       "--schema=s",
                               "--image=i",  "--logprobs=1", "--reasoning",     "--explain",
                               "--stats",    "--interactive"};
  for (const std::string flag : flags) {
    const ChatRun run = RunChat("127.0.0.1:1", {flag, "models"});
    EXPECT_EQ(run.code, 1) << flag;
    const std::string name = flag == "--nostream" ? "--stream" : flag.substr(0, flag.find('='));
    EXPECT_TRUE(Has(run.err, "models and " + name + " exclude each other")) << run.err;
  }
  const ChatRun words = RunChat("127.0.0.1:1", {"models", "are", "great"});
  EXPECT_EQ(words.code, 1);
  EXPECT_TRUE(Has(words.err, "models stands alone")) << words.err;
}

TEST(Models, ErrorsSpeakOfNoBill) {
  TestServer::Others others;
  others.list_models = [](v1::ListModelsResponse*) {
    return SparkgateStatus(10, "m", "UPSTREAM_TIMEOUT", true);
  };
  TestServer server(others);
  const ChatRun run = RunChat(server.target(), {"models"});
  EXPECT_EQ(run.code, 4);
  EXPECT_EQ(run.out, "");
  EXPECT_TRUE(Has(run.err, "The upstream gave up waiting. (UPSTREAM_TIMEOUT)")) << run.err;
  EXPECT_TRUE(Has(run.err, "request id req-test")) << run.err;
  EXPECT_FALSE(Has(run.err, "billed")) << run.err;
}

TEST(Models, AServerThatDoesNotListThem) {
  TestServer server([](TestCall*) { return TestStatus{}; });
  const ChatRun run = RunChat(server.target(), {"models"});
  EXPECT_EQ(run.code, 2);
  EXPECT_TRUE(Has(run.err, "This server does not list models")) << run.err;
}

TEST(Models, CtrlCEndsWith130) {
  std::promise<void> begun, over;
  TestServer::Others others;
  others.list_models = [&](v1::ListModelsResponse*) {
    begun.set_value();
    over.get_future().wait();
    return TestStatus{};
  };
  TestServer server(others);
  Process process({kChatProgram, "--server=" + server.target(), "models"}, Process::Io::kPipes);
  begun.get_future().wait();
  process.Signal(SIGINT);
  EXPECT_EQ(process.Wait(), 130);
  EXPECT_TRUE(Has(process.err(), "[stopped]")) << process.err();
  over.set_value();
}

TestServer::Others Explaining() {
  TestServer::Others others;
  others.explain = [](v1::ExplainChatResponse* response) {
    response->set_method("POST");
    response->set_url("https://u/chat/completions");
    (*response->mutable_headers())["authorization"] = "redacted";
    response->set_body_json(R"({"n":1})");
    response->set_stream_body_json(R"({"n":1,"stream":true})");
    return TestStatus{};
  };
  return others;
}

constexpr char kHead[] = "POST https://u/chat/completions\nauthorization: redacted\n\n";

TEST(Explain, PrintsTheRequestAndSendsNothing) {
  TestServer server(Explaining());
  const ChatRun run = RunChat(server.target(), {"--explain", "--temperature=0.5", "--logprobs=2",
                                                "--metadata=x-session-affinity=s", "why?"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(run.out, std::string(kHead) + "{\"n\":1,\"stream\":true}\n");
  EXPECT_EQ(run.err, "");
  ASSERT_EQ(server.calls().size(), 1u);
  const TestedCall seen = server.calls()[0];
  EXPECT_EQ(seen.rpc, "ExplainChat");
  EXPECT_EQ(seen.request.messages(0).content(), "why?");
  EXPECT_EQ(seen.request.temperature(), 0.5);
  EXPECT_EQ(seen.request.top_logprobs(), 2);
  EXPECT_EQ(seen.metadata.find("x-session-affinity")->second, "s");
}

// Whatever the flags would add to the call, --explain shows it.
TEST(Explain, IsGivenTheRequestThatWouldBeSent) {
  TestServer chat([](TestCall*) { return TestStatus{}; });
  TestServer explaining(Explaining());
  const std::string tools = testing::TempDir() + "explained_tools.json";
  std::ofstream(tools) << R"([{"function":{"name":"f"}}])";
  const std::vector<std::string> arguments = {"--stats", "--reasoning",    "--system=", "--tools",
                                              tools,     "--max-tokens=3", "x"};
  EXPECT_EQ(RunChat(chat.target(), arguments).code, 0);
  std::vector<std::string> with = arguments;
  with.insert(with.begin(), "--explain");
  EXPECT_EQ(RunChat(explaining.target(), with).code, 0);
  ASSERT_EQ(explaining.requests().size(), 1u);
  const v1::ChatRequest explained = explaining.requests()[0];
  EXPECT_EQ(explained.SerializeAsString(), chat.requests()[0].SerializeAsString());
  EXPECT_TRUE(explained.perf_metrics_in_response());
}

TEST(Explain, TheBodyOfChat) {
  TestServer server(Explaining());
  EXPECT_EQ(RunChat(server.target(), {"--explain", "--nostream", "x"}).out,
            std::string(kHead) + "{\"n\":1}\n");
  EXPECT_EQ(RunChat(server.target(), {"--explain", "--body=-"}, R"({"messages":[]})").out,
            std::string(kHead) + "{\"n\":1}\n");
}

TEST(Explain, AsJson) {
  TestServer server(Explaining());
  EXPECT_EQ(RunChat(server.target(), {"--explain", "--json", "x"}).out,
            "{\"method\":\"POST\",\"url\":\"https://u/chat/completions\",\"headers\":{"
            "\"authorization\":\"redacted\"},\"body_json\":\"{\\\"n\\\":1}\","
            "\"stream_body_json\":\"{\\\"n\\\":1,\\\"stream\\\":true}\"}\n");
}

TEST(Explain, IndentedAtATerminal) {
  TestServer server(Explaining());
  Process process({kChatProgram, "--server=" + server.target(), "--explain", "x"},
                  Process::Io::kTerminal);
  EXPECT_EQ(process.Wait(), 0);
  EXPECT_TRUE(Has(process.out(), "{\r\n  \"n\": 1,\r\n  \"stream\": true\r\n}\r\n"))
      << process.out();
}

TEST(Explain, AtATerminalItNeedsAQuestion) {
  Process process({kChatProgram, "--explain"}, Process::Io::kTerminal);
  EXPECT_EQ(process.Wait(), 1);
  EXPECT_TRUE(Has(process.out(), "--explain: there is no question")) << process.out();
}

TEST(Explain, AServerThatHasItSwitchedOff) {
  TestServer server([](TestCall*) { return TestStatus{}; });
  const ChatRun run = RunChat(server.target(), {"--explain", "x"});
  EXPECT_EQ(run.code, 2);
  EXPECT_TRUE(Has(run.err, "start it with --debug_service")) << run.err;
  EXPECT_TRUE(server.calls().empty());
}

TEST(Explain, ARequestThatIsRefusedSaysWhy) {
  TestServer::Others others;
  others.explain = [](v1::ExplainChatResponse*) {
    return SparkgateStatus(3, "stop: too many", "INVALID_REQUEST", false);
  };
  TestServer server(others);
  const ChatRun run = RunChat(server.target(), {"--explain", "x"});
  EXPECT_EQ(run.code, 2);
  EXPECT_TRUE(Has(run.err, "it said: stop: too many")) << run.err;
}

}  // namespace
}  // namespace sparkgate::client
