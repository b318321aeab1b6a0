// The conversation of the real program, at a terminal and without one.

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <future>
#include <string>

#include "client/testing/chat_program.h"
#include "client/testing/test_server.h"

namespace sparkgate::client {
namespace {

constexpr char kCtrlC[] = "\x03";
constexpr char kCtrlD[] = "\x04";

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// "role:content" of every message.
std::string Messages(const v1::ChatRequest& request) {
  std::string text;
  for (const v1::ChatMessage& message : request.messages()) {
    text += message.role() + ":" + message.content() + ";";
  }
  return text;
}

const std::string& LastQuestion(const TestCall& call) {
  return call.request().messages(call.request().messages_size() - 1).content();
}

// Answers "<TEXT>" to TEXT; to "slow" it writes a word and waits to be left, to "mute" only waits,
// to "fail" it fails.
TestStatus Echo(TestCall* call) {
  const std::string question = LastQuestion(*call);
  if (question == "slow") {
    call->Write(Delta("slowly"));
    call->WaitForCancel();
    return {};
  }
  if (question == "fail") return SparkgateStatus(8, "m", "RATE_LIMITED", false, 1000);
  call->Write(Delta("<" + question));
  call->Write(Delta(">"));
  call->Write(FinishDelta("stop"));
  return {};
}

std::vector<std::string> Arguments(const TestServer& server,
                                   const std::vector<std::string>& more = {}) {
  std::vector<std::string> all = {kChatProgram, "--server=" + server.target()};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

TEST(Prompt, KeepsTheHistoryAndEndsWithCtrlD) {
  TestServer server(Echo);
  Process process(Arguments(server), Process::Io::kTerminal, {{"TERM", "dumb"}});
  ASSERT_TRUE(process.WaitForOut("> "));
  process.Send("one\n");
  ASSERT_TRUE(process.WaitForOut("<one>"));
  ASSERT_TRUE(process.WaitForOut("> "));
  process.Send("two\n");
  ASSERT_TRUE(process.WaitForOut("<two>"));
  ASSERT_TRUE(process.WaitForOut("> "));
  process.Send(kCtrlD);
  EXPECT_EQ(process.Wait(), 0);
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(Messages(requests[0]), "user:one;");
  EXPECT_EQ(Messages(requests[1]), "user:one;assistant:<one>;user:two;");
}

TEST(Prompt, CtrlCStopsTheAnswerAndKeepsTheConversation) {
  TestServer server(Echo);
  Process process(Arguments(server), Process::Io::kTerminal, {{"TERM", "dumb"}});
  ASSERT_TRUE(process.WaitForOut("> "));
  process.Send("slow\n");
  ASSERT_TRUE(process.WaitForOut("slowly"));
  process.Send(kCtrlC);
  ASSERT_TRUE(process.WaitForOut("[stopped]"));
  ASSERT_TRUE(process.WaitForOut("> "));
  process.Send("and then?\n");
  ASSERT_TRUE(process.WaitForOut("<and then?>"));
  ASSERT_TRUE(process.WaitForOut("> "));
  process.Send("/quit\n");
  EXPECT_EQ(process.Wait(), 0);
  EXPECT_EQ(Messages(server.requests().back()), "user:slow;assistant:slowly;user:and then?;");
}

TEST(Prompt, ASignalFromElsewhereDoesTheSame) {
  TestServer server(Echo);
  Process process(Arguments(server), Process::Io::kTerminal, {{"TERM", "dumb"}});
  ASSERT_TRUE(process.WaitForOut("> "));
  process.Send("slow\n");
  ASSERT_TRUE(process.WaitForOut("slowly"));
  process.Signal(SIGINT);
  ASSERT_TRUE(process.WaitForOut("[stopped]"));
  ASSERT_TRUE(process.WaitForOut("> "));
  process.Signal(SIGINT);
  EXPECT_EQ(process.Wait(), 0);
}

TEST(Prompt, AQuestionThatWasStoppedBeforeAnyAnswerIsTakenBack) {
  std::promise<void> asked;
  TestServer server([&asked](TestCall* call) {
    if (LastQuestion(*call) != "mute") return Echo(call);
    asked.set_value();
    call->WaitForCancel();
    return TestStatus{};
  });
  Process process(Arguments(server), Process::Io::kTerminal, {{"TERM", "dumb"}});
  ASSERT_TRUE(process.WaitForOut("> "));
  process.Send("mute\n");
  asked.get_future().wait();
  process.Send(kCtrlC);
  ASSERT_TRUE(process.WaitForOut("taken back"));
  ASSERT_TRUE(process.WaitForOut("> "));
  process.Send("again\n");
  ASSERT_TRUE(process.WaitForOut("<again>"));
  process.Send("/quit\n");
  EXPECT_EQ(process.Wait(), 0);
  EXPECT_EQ(Messages(server.requests().back()), "user:again;");
}

TEST(Prompt, OneCtrlCAtThePromptLosesNothingAndTwoEnd) {
  TestServer server(Echo);
  Process process(Arguments(server), Process::Io::kTerminal, {{"TERM", "dumb"}});
  ASSERT_TRUE(process.WaitForOut("> "));
  process.Send(kCtrlC);
  ASSERT_TRUE(process.WaitForOut("Ctrl-C again ends"));
  ASSERT_TRUE(process.WaitForOut("> "));
  process.Send("one\n");
  ASSERT_TRUE(process.WaitForOut("<one>"));
  ASSERT_TRUE(process.WaitForOut("> "));
  process.Send(kCtrlC);
  ASSERT_TRUE(process.WaitForOut("Ctrl-C again ends"));
  ASSERT_TRUE(process.WaitForOut("> "));
  process.Send(kCtrlC);
  EXPECT_EQ(process.Wait(), 0);
}

TEST(Prompt, ColourIsForTerminalsThatWantIt) {
  TestServer server([](TestCall* call) {
    v1::StreamChatResponse thought;
    thought.add_choices()->mutable_delta()->set_reasoning_content("hm");
    call->Write(thought);
    call->Write(Delta("yes"));
    return TestStatus{};
  });
  const auto show = [&server](const Process::Environment& environment) {
    Process process(Arguments(server, {"x"}), Process::Io::kTerminal, environment);
    EXPECT_EQ(process.Wait(), 0);
    return process.out();
  };
  EXPECT_EQ(show({{"TERM", "xterm"}}), "\033[2mhm\033[0m\r\n\r\nyes\r\n");
  const std::string plain = "[reasoning]\r\nhm\r\n[answer]\r\nyes\r\n";
  EXPECT_EQ(show({{"TERM", "xterm"}, {"NO_COLOR", "1"}}), plain);
  EXPECT_EQ(show({{"TERM", "dumb"}}), plain);
}

// --- Without a terminal.

TEST(Prompt, CommandsAndFailuresInOneConversation) {
  TestServer server(Echo);
  const ChatRun run = RunChat(server.target(), {"--interactive", "--system="},
                              "one\nfail\n\n/nonsense\n/help\n//slash\n/reset\n/system be brief\n"
                              "two\n/system\nthree\n/system \"\"\nfour\n/quit\nnever\n");
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(run.out, "<one>\n</slash>\n<two>\n<three>\n<four>\n");
  EXPECT_TRUE(Has(run.err, "There is no command /nonsense")) << run.err;
  EXPECT_TRUE(Has(run.err, "/system TEXT")) << run.err;
  EXPECT_TRUE(Has(run.err, "Trying again helps, in 1 s.")) << run.err;
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 6u);
  EXPECT_EQ(Messages(requests[0]), "system:;user:one;");
  EXPECT_EQ(Messages(requests[1]), "system:;user:one;assistant:<one>;user:fail;");
  EXPECT_EQ(Messages(requests[2]), "system:;user:one;assistant:<one>;user:/slash;");
  EXPECT_EQ(Messages(requests[3]), "system:be brief;user:two;");
  EXPECT_EQ(Messages(requests[4]), "user:two;assistant:<two>;user:three;");
  EXPECT_EQ(Messages(requests[5]),
            "system:;user:two;assistant:<two>;user:three;assistant:<three>;user:four;");
}

TEST(Prompt, TheWordsAreTheFirstQuestion) {
  TestServer server(Echo);
  const ChatRun run = RunChat(server.target(), {"--interactive", "first", "one"}, "second");
  EXPECT_EQ(run.out, "<first one>\n<second>\n");
  EXPECT_EQ(Messages(server.requests()[1]), "user:first one;assistant:<first one>;user:second;");
}

TEST(Prompt, AnAnswerWithToolCallsIsEchoedWhole) {
  TestServer server([](TestCall* call) {
    v1::StreamChatResponse message;
    v1::ToolCall* fragment = message.add_choices()->mutable_delta()->add_tool_calls();
    fragment->set_index(0);
    fragment->set_id("t1");
    fragment->mutable_function()->set_name("f");
    fragment->mutable_function()->set_arguments("{\"a\"");
    call->Write(message);
    fragment->clear_id();
    fragment->mutable_function()->clear_name();
    fragment->mutable_function()->set_arguments(":1}");
    call->Write(message);
    return TestStatus{};
  });
  const ChatRun run = RunChat(server.target(), {"--interactive"}, "a\nb\n");
  EXPECT_TRUE(Has(run.out, "tool call: f({\"a\":1})  id t1\n")) << run.out;
  const v1::ChatMessage echoed = server.requests()[1].messages(1);
  EXPECT_EQ(echoed.role(), "assistant");
  EXPECT_FALSE(echoed.has_content());
  EXPECT_EQ(echoed.tool_calls(0).function().arguments(), "{\"a\":1}");
}

std::string WriteFile(const std::string& name, const std::string& text) {
  const std::string path = testing::TempDir() + name;
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

TEST(Prompt, ResultsOfToolsGoBackToTheModel) {
  TestServer server([](TestCall* call) {
    const auto& messages = call->request().messages();
    if (messages.rbegin()->role() == "tool") {
      call->Write(Delta("<" + messages.rbegin()->content() + ">"));
      return TestStatus{};
    }
    v1::StreamChatResponse message;
    for (const int index : {0, 1}) {
      v1::ToolCall* tool_call = (index == 0 ? message.add_choices() : message.mutable_choices(0))
                                    ->mutable_delta()
                                    ->add_tool_calls();
      tool_call->set_index(index);
      tool_call->set_id("t" + std::to_string(index));
      tool_call->mutable_function()->set_name("f" + std::to_string(index));
    }
    call->Write(message);
    call->Write(FinishDelta("tool_calls"));
    return TestStatus{};
  });
  const ChatRun run = RunChat(server.target(), {"--interactive"},
                              "/tool early\na\n/tool {\"x\":1}\n/tool  two \n/tool late\n");
  EXPECT_EQ(run.out, "tool call: f0()  id t0\ntool call: f1()  id t1\n<two>\n");
  EXPECT_TRUE(Has(run.err, "/tool: the last answer calls no function")) << run.err;
  EXPECT_TRUE(Has(run.err, "[/tool RESULT gives the result of f0.]")) << run.err;
  EXPECT_TRUE(Has(run.err, "[/tool RESULT gives the result of f1.]")) << run.err;
  ASSERT_EQ(server.requests().size(), 2u);
  const v1::ChatRequest second = server.requests()[1];
  EXPECT_EQ(Messages(second), "user:a;assistant:;tool:{\"x\":1};tool:two;");
  EXPECT_EQ(second.messages(1).tool_calls_size(), 2);
  EXPECT_EQ(second.messages(2).tool_call_id(), "t0");
  EXPECT_EQ(second.messages(3).tool_call_id(), "t1");
}

TEST(Prompt, AResultThatFailsCanBeGivenAgain) {
  std::atomic<int> calls{0};
  TestServer server([&calls](TestCall* call) {
    const int number = ++calls;
    if (number == 2) return SparkgateStatus(14, "m", "DRAINING", false, 1000);
    v1::StreamChatResponse message = Delta(number == 3 ? "ok" : "");
    if (number == 1) message.mutable_choices(0)->mutable_delta()->add_tool_calls()->set_id("t");
    call->Write(message);
    return TestStatus{};
  });
  const ChatRun run = RunChat(server.target(), {"--interactive"}, "a\n/tool 1\n/tool 2\n");
  EXPECT_TRUE(Has(run.out, "ok\n")) << run.out;
  EXPECT_EQ(Messages(server.requests()[2]), "user:a;assistant:;tool:2;");
}

TEST(Prompt, ImagesGoWithOneQuestion) {
  TestServer server(Echo);
  const std::string first = WriteFile("first.gif", "GIF89a");
  const std::string second = WriteFile("second.gif", "GIF87a");
  const ChatRun run = RunChat(server.target(), {"--interactive", "--image", first},
                              "what\n/image " + second + "\n/image /no/such\nand this\n/image " +
                                  second + "\n/image\nend\n");
  EXPECT_EQ(run.code, 0);
  EXPECT_TRUE(Has(run.err, second + " (image/gif) goes with the next question.")) << run.err;
  EXPECT_TRUE(Has(run.err, "/image: /no/such cannot be read")) << run.err;
  EXPECT_TRUE(Has(run.err, "No picture goes with the next question.")) << run.err;
  ASSERT_EQ(server.requests().size(), 3u);
  const v1::ChatRequest last = server.requests()[2];
  EXPECT_EQ(last.messages(0).content_parts(0).text(), "what");
  EXPECT_EQ(last.messages(0).content_parts(1).image_data().data(), "GIF89a");
  EXPECT_EQ(last.messages(2).content_parts(1).image_data().data(), "GIF87a");
  EXPECT_EQ(last.messages(4).content(), "end");
}

TEST(Prompt, AnImageOfAQuestionThatFailedGoesWithTheNextOne) {
  std::atomic<int> calls{0};
  TestServer server([&calls](TestCall* call) {
    if (++calls == 1) return SparkgateStatus(14, "m", "DRAINING", false, 1000);
    call->Write(Delta("ok"));
    return TestStatus{};
  });
  const ChatRun run =
      RunChat(server.target(), {"--interactive", "--image", WriteFile("again.gif", "GIF89a")},
              "what\nwhat now\n");
  EXPECT_TRUE(Has(run.err, "The picture goes with the next question")) << run.err;
  const v1::ChatRequest second = server.requests()[1];
  ASSERT_EQ(second.messages_size(), 1);
  EXPECT_EQ(second.messages(0).content_parts(0).text(), "what now");
  EXPECT_EQ(second.messages(0).content_parts(1).image_data().data(), "GIF89a");
}

}  // namespace
}  // namespace sparkgate::client
