// The real program against a server in this process: one question with each flag, and its exit
// codes.

#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <future>
#include <iterator>
#include <string>

#include "client/testing/chat_program.h"
#include "client/testing/test_server.h"

namespace sparkgate::client {
namespace {

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Streams "Hello" in two pieces, or returns it whole.
TestStatus Hello(TestCall* call) {
  call->AddInitialMetadata("x-request-id", "req-42");
  if (!call->streaming()) {
    v1::Choice* choice = call->response()->add_choices();
    choice->mutable_message()->set_role("assistant");
    choice->mutable_message()->set_content("Hello");
    choice->set_finish_reason("stop");
    call->response()->mutable_usage()->set_total_tokens(18);
    call->response()->mutable_usage()->set_completion_tokens(11);
    call->response()->mutable_perf_metrics()->set_deployment("d-1");
    return {};
  }
  call->Write(Delta("Hel"));
  call->Write(Delta("lo"));
  v1::StreamChatResponse last = FinishDelta("stop");
  if (call->request().perf_metrics_in_response()) {
    last.mutable_perf_metrics()->set_server_time_to_first_token(0.5);
  }
  call->Write(last);
  return {};
}

std::string WriteFile(const std::string& name, const std::string& text) {
  const std::string path = testing::TempDir() + name;
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

// The one call that reached the server, and its request.
TestedCall OnlyCall(const TestServer& server) {
  const auto calls = server.calls();
  EXPECT_EQ(calls.size(), 1u);
  return calls.empty() ? TestedCall() : calls[0];
}
v1::ChatRequest Only(const TestServer& server) { return OnlyCall(server).request; }

TEST(Program, AsksTheWordsOfTheCommandLine) {
  TestServer server(Hello);
  const ChatRun run = RunChat(server.target(), {"Why", "is", "the sky blue?"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(run.out, "Hello\n");
  EXPECT_EQ(run.err, "");
  const v1::ChatRequest request = Only(server);
  EXPECT_EQ(request.model(), "accounts/fireworks/models/deepseek-v3p1");
  ASSERT_EQ(request.messages_size(), 1);
  EXPECT_EQ(request.messages(0).role(), "user");
  EXPECT_EQ(request.messages(0).content(), "Why is the sky blue?");
  EXPECT_FALSE(request.has_temperature());
  EXPECT_FALSE(request.has_max_tokens());
}

TEST(Program, AsksStandardInput) {
  TestServer server(Hello);
  EXPECT_EQ(RunChat(server.target(), {}, "two\nlines\n\n").code, 0);
  EXPECT_EQ(Only(server).messages(0).content(), "two\nlines");
}

TEST(Program, SendsItsFlags) {
  TestServer server(Hello);
  const ChatRun run =
      RunChat(server.target(),
              {"--model", "m", "--temperature=0", "--max-tokens", "5", "--system", "be brief",
               "--metadata=x-who=me", "--metadata", "x-more=1, 2", "--timeout=30", "--", "--json"});
  EXPECT_EQ(run.code, 0) << run.err;
  const v1::ChatRequest request = Only(server);
  EXPECT_EQ(request.model(), "m");
  EXPECT_TRUE(request.has_temperature());
  EXPECT_EQ(request.temperature(), 0);
  EXPECT_EQ(request.max_tokens(), 5);
  ASSERT_EQ(request.messages_size(), 2);
  EXPECT_EQ(request.messages(0).content(), "be brief");
  EXPECT_EQ(request.messages(1).content(), "--json");
  Metadata metadata = OnlyCall(server).metadata;
  EXPECT_EQ(metadata.find("x-who")->second, "me");
  EXPECT_EQ(metadata.find("x-more")->second, "1, 2");
}

TEST(Program, AnEmptySystemMessageIsSent) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--system=", "x"}, {"--system", "", "x"}}) {
    TestServer server(Hello);
    EXPECT_EQ(RunChat(server.target(), arguments).code, 0);
    const v1::ChatRequest request = Only(server);
    ASSERT_EQ(request.messages_size(), 2);
    EXPECT_EQ(request.messages(0).role(), "system");
    EXPECT_TRUE(request.messages(0).has_content());
    EXPECT_EQ(request.messages(0).content(), "");
  }
}

TEST(Program, TakesServerAndModelFromTheEnvironment) {
  TestServer server(Hello);
  const ChatRun run =
      RunChat("", {"--max_tokens=1", "x"}, "",
              {{"SPARKGATE_SERVER", server.target()}, {"SPARKGATE_MODEL", "from-env"}});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(Only(server).model(), "from-env");
}

TEST(Program, PrintsEachMessageAsJson) {
  TestServer server(Hello);
  const ChatRun run = RunChat(server.target(), {"--json", "x"});
  EXPECT_EQ(run.out,
            "{\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}\n"
            "{\"choices\":[{\"delta\":{\"content\":\"lo\"}}]}\n"
            "{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{"
            "\"prompt_tokens\":7,\"completion_tokens\":11,\"total_tokens\":18}}\n");
}

TEST(Program, NostreamAsksForTheWhole) {
  TestServer server(Hello);
  EXPECT_EQ(RunChat(server.target(), {"--nostream", "x"}).out, "Hello\n");
  EXPECT_FALSE(OnlyCall(server).streaming);
  EXPECT_EQ(RunChat(server.target(), {"--nostream", "--json", "x"}).out,
            "{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"Hello\"},"
            "\"finish_reason\":\"stop\"}],\"usage\":{\"completion_tokens\":11,"
            "\"total_tokens\":18},\"perf_metrics\":{\"deployment\":\"d-1\"}}\n");
}

TEST(Program, StatsGoToStandardError) {
  TestServer server(Hello);
  const ChatRun run = RunChat(server.target(), {"--stats", "x"});
  EXPECT_EQ(run.out, "Hello\n");
  EXPECT_TRUE(Only(server).perf_metrics_in_response());
  for (const char* part : {"tokens: 7 prompt + 11 generated = 18\n", " s to first token, ",
                           "server-time-to-first-token: 0.500000\n", "request id: req-42\n"}) {
    EXPECT_TRUE(Has(run.err, part)) << part << "\n" << run.err;
  }
  const ChatRun whole = RunChat(server.target(), {"--stats", "--nostream", "x"});
  EXPECT_TRUE(Has(whole.err, "deployment: d-1\n")) << whole.err;
  EXPECT_TRUE(Has(whole.err, "request id: req-42\n")) << whole.err;
}

TEST(Program, SendsABodyAsItIs) {
  TestServer server(Hello);
  const std::string path = WriteFile(
      "body.json",
      R"({"model":"m","stream":true,"messages":[{"role":"user","content":[{"text":"a"}]}],"x":1.0})");
  const ChatRun run = RunChat(server.target(), {"--body", path, "--stats"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_TRUE(OnlyCall(server).streaming);
  const v1::ChatRequest request = Only(server);
  EXPECT_EQ(request.messages_size(), 0);
  EXPECT_EQ(
      request.extra_body_json(),
      R"({"model":"m","stream":true,"messages":[{"role":"user","content":[{"text":"a"}]}],"x":1.0})");
  EXPECT_FALSE(request.has_perf_metrics_in_response());
}

// As editors write it; within the upstream's body it would be no JSON.
TEST(Program, AByteOrderMarkBeforeABodyIsNotSent) {
  TestServer server(Hello);
  EXPECT_EQ(RunChat(server.target(), {"--body=-"}, "\xEF\xBB\xBF{\"model\" : \"m\"}\n").code, 0);
  EXPECT_EQ(Only(server).extra_body_json(), "{\"model\" : \"m\"}");
}

TEST(Program, ABodyFromStandardInputAndFlagsOverIt) {
  TestServer server(Hello);
  const std::string body = R"({"model":"m","max_completion_tokens":9,"temperature":1})";
  EXPECT_EQ(RunChat(server.target(), {"--body=-", "--model=other", "--max-tokens=3"}, body,
                    {{"SPARKGATE_MODEL", "not-this"}})
                .code,
            0);
  EXPECT_FALSE(OnlyCall(server).streaming);
  EXPECT_EQ(Only(server).model(), "other");
  EXPECT_EQ(Only(server).max_tokens(), 3);
  EXPECT_EQ(Only(server).extra_body_json(), R"({"temperature":1})");
  EXPECT_EQ(RunChat(server.target(), {"--body=-", "--stream"}, body).code, 0);
  EXPECT_TRUE(server.calls()[1].streaming);
}

TEST(Program, SeveralAnswersAreLabelled) {
  TestServer server([](TestCall* call) {
    for (const char* text : {"a", "b"}) {
      v1::StreamChatResponse message = Delta(text);
      message.add_choices()->set_index(1);
      message.mutable_choices(1)->mutable_delta()->set_content(std::string(text) + text);
      call->Write(message);
    }
    return TestStatus{};
  });
  const ChatRun run =
      RunChat(server.target(), {"--body=-"}, R"({"n":2,"stream":true,"messages":[]})");
  EXPECT_EQ(run.out, "--- answer 1 ---\nab\n--- answer 2 ---\naabb\n");
}

TEST(Program, SpeaksTls) {
  const auto read = [](const std::string& name) {
    std::ifstream file("client/testing/" + name);
    return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  };
  TestServer server(Hello, {read("test_key.pem"), read("test_certificate.pem")});
  const ChatRun run =
      RunChat(server.target(), {"--ca_file=client/testing/test_certificate.pem", "x"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(run.out, "Hello\n");
  const ChatRun plain = RunChat(server.target(), {"x"});
  EXPECT_EQ(plain.code, 3);
  EXPECT_EQ(plain.err.rfind("sparkgate-chat: ", 0), 0u) << plain.err;
}

TEST(Program, NoColourAndNoPromptInPipes) {
  TestServer server([](TestCall*) { return SparkgateStatus(13, "m", "UPSTREAM_INTERNAL", true); });
  const ChatRun run = RunChat(server.target(), {"x"}, "", {{"TERM", "xterm"}});
  EXPECT_FALSE(Has(run.err, "\033"));
  EXPECT_EQ(run.out, "");
}

struct Failure {
  TestStatus status;
  int code;
  const char* sentence;
};

TEST(Program, ErrorsReadLikeSentencesAndSetTheExitCode) {
  const Failure failures[] = {
      {SparkgateStatus(3, "m", "INVALID_REQUEST", false), 2, "The request is wrong."},
      {SparkgateStatus(8, "m", "RATE_LIMITED", false, 2000), 3, "Trying again helps, in 2 s."},
      {SparkgateStatus(14, "m", "DRAINING", false, 100), 3, "Trying again helps, in 0.1 s."},
      {SparkgateStatus(10, "m", "UPSTREAM_STALLED", true), 4, "It may have run"},
      {SparkgateStatus(13, "m", "UPSTREAM_INTERNAL", true), 4, "The upstream failed."},
      {{13, "plain", "", {}}, 4, "The call failed. (INTERNAL)\n  it said: plain"},
  };
  for (const Failure& failure : failures) {
    for (const char* rpc : {"--stream", "--nostream"}) {
      TestServer server([&failure](TestCall*) { return failure.status; });
      const ChatRun run = RunChat(server.target(), {rpc, "x"});
      EXPECT_EQ(run.code, failure.code) << run.err;
      EXPECT_TRUE(Has(run.err, failure.sentence)) << run.err;
      EXPECT_EQ(run.out, "");
    }
  }
}

TEST(Program, TextBeforeAnErrorIsShownAndSaidToBeIncomplete) {
  TestServer server([](TestCall* call) {
    call->Write(Delta("half"));
    return SparkgateStatus(10, "m", "UPSTREAM_STREAM_TRUNCATED", true);
  });
  const ChatRun run = RunChat(server.target(), {"x"});
  EXPECT_EQ(run.out, "half\n");
  EXPECT_TRUE(Has(run.err, "The answer above is not complete.")) << run.err;
  EXPECT_TRUE(Has(run.err, "request id req-test")) << run.err;
  EXPECT_EQ(run.code, 4);
}

TEST(Program, ATimeoutEndsTheCall) {
  TestServer server([](TestCall* call) {
    call->WaitForCancel();
    return TestStatus{};
  });
  const ChatRun run = RunChat(server.target(), {"--timeout=0.1", "x"});
  EXPECT_EQ(run.code, 4);
  EXPECT_TRUE(Has(run.err, "The time for this call ran out.")) << run.err;
}

TEST(Program, AServerThatIsNotThere) {
  std::string target;
  {
    TestServer server(Hello);
    target = server.target();
  }
  const ChatRun run = RunChat(target, {"x"});
  EXPECT_EQ(run.code, 3);
  EXPECT_TRUE(Has(run.err, "The server cannot be reached.")) << run.err;
}

TEST(Program, WrongUseIsCodeOneAndSaysWhatWouldBeRight) {
  const std::string not_json = WriteFile("not.json", "{\"a\":}");
  const std::pair<std::vector<std::string>, const char*> wrong[] = {
      {{}, "there is no question"},
      {{"--nonsense", "x"}, "nonsense"},
      {{"--max-tokens=many", "x"}, "max_tokens"},
      {{"--temperature=nan", "x"}, "--temperature: a number"},
      {{"--timeout=0", "x"}, "--timeout: seconds above 0"},
      {{"--metadata=word", "x"}, "--metadata: name=value"},
      {{"--metadata=Big=1", "x"}, "--metadata: metadata name \"Big\""},
      {{"--server=", "x"}, "--server: HOST:PORT"},
      {{"--model=", "x"}, "--model: a model's name"},
      {{"--ca_file=/no/such", "x"}, "--ca_file: cannot read the CA file /no/such"},
      {{"--body=/no/such"}, "--body: /no/such cannot be read"},
      {{"--body=/tmp"}, "--body: /tmp cannot be read"},
      {{"--body=" + not_json}, "--body: line 1, column 6: this is not JSON"},
      {{"--body=" + not_json, "x"}, "--body and a question exclude each other"},
      {{"--body=" + not_json, "--system=x"}, "--body and --system exclude each other"},
      {{"--body=" + not_json, "--interactive"}, "--body and --interactive exclude each other"},
      {{"\xff"}, "not UTF-8"},
  };
  for (const auto& [arguments, message] : wrong) {
    const ChatRun run = RunChat("127.0.0.1:1", arguments);
    EXPECT_EQ(run.code, 1) << message << "\n" << run.err;
    EXPECT_TRUE(Has(run.err, message)) << message << "\n" << run.err;
    EXPECT_EQ(run.out, "");
  }
}

TEST(Program, HelpAndVersion) {
  const ChatRun help = RunChat("", {"--help"});
  EXPECT_EQ(help.code, 0);
  for (const char* flag :
       {"--server",      "--ca_file",    "--metadata", "--timeout",     "--model",    "--system",
        "--temperature", "--max-tokens", "--body",     "--interactive", "--nostream", "--json",
        "--stats",       "--version",    "--tools",    "--image",       "--schema",   "--reasoning",
        "--logprobs",    "--explain",    " models "}) {
    EXPECT_TRUE(Has(help.out, flag)) << flag;
  }
  const ChatRun version = RunChat("", {"--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_EQ(version.out, "sparkgate-chat 0.1.0\n");
}

TEST(Program, CtrlCDuringOneQuestionEndsWith130AndLeavesTheCall) {
  for (const char* rpc : {"--stream", "--nostream"}) {
    std::promise<void> begun, left;
    TestServer server([&](TestCall* call) {
      if (call->streaming()) call->Write(Delta("one"));
      begun.set_value();
      call->WaitForCancel();
      left.set_value();
      return TestStatus{};
    });
    Process process({kChatProgram, "--server=" + server.target(), rpc, "x"}, Process::Io::kPipes);
    begun.get_future().wait();
    if (rpc == std::string("--stream")) {
      EXPECT_TRUE(process.WaitForOut("one"));
    }
    process.Signal(SIGINT);
    EXPECT_EQ(process.Wait(), 130);
    EXPECT_TRUE(Has(process.err(), "[stopped]")) << process.err();
    left.get_future().wait();
  }
}

TEST(Program, ATokenIsShownWhenItComes) {
  std::promise<void> seen;
  TestServer server([&seen](TestCall* call) {
    call->Write(Delta("first"));
    seen.get_future().wait();
    call->Write(Delta(" second"));
    return TestStatus{};
  });
  Process process({kChatProgram, "--server=" + server.target(), "x"}, Process::Io::kPipes);
  EXPECT_TRUE(process.WaitForOut("first"));
  EXPECT_EQ(process.out(), "first");
  seen.set_value();
  EXPECT_EQ(process.Wait(), 0);
  EXPECT_EQ(process.out(), "first second\n");
}

}  // namespace
}  // namespace sparkgate::client
