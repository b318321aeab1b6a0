// The real program against a server in this process: the flags that make a request of files, and
// those that show more of the answer.

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "client/testing/chat_program.h"
#include "client/testing/test_server.h"

namespace sparkgate::client {
namespace {

constexpr char kTools[] =
    R"([{"type":"function","function":{"name":"weather","parameters":{"type":"object"}}}])";

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string WriteFile(const std::string& name, const std::string& text) {
  const std::string path = testing::TempDir() + name;
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

TestStatus Yes(TestCall* call) {
  if (call->streaming()) {
    call->Write(Delta("yes"));
    call->Write(FinishDelta("stop"));
  } else {
    call->response()->add_choices()->mutable_message()->set_content("yes");
  }
  return {};
}

// The request of one run that is expected to work.
v1::ChatRequest Sent(const std::vector<std::string>& arguments, const std::string& input = "") {
  TestServer server(Yes);
  const ChatRun run = RunChat(server.target(), arguments, input);
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(run.out, "yes\n");
  const auto requests = server.requests();
  EXPECT_EQ(requests.size(), 1u);
  return requests.empty() ? v1::ChatRequest() : requests[0];
}

TEST(RequestFlags, ToolsOfAFile) {
  const v1::ChatRequest request = Sent({"--tools", WriteFile("tools.json", kTools), "why?"});
  EXPECT_EQ(request.extra_body_json(), "{\"tools\":" + std::string(kTools) + "}");
}

TEST(RequestFlags, ASchemaOfAFile) {
  const v1::ChatRequest request = Sent({"--schema=" + WriteFile("city.json", "{ }"), "why?"});
  EXPECT_EQ(request.response_format().type(), "json_schema");
  EXPECT_EQ(request.response_format().json_schema_json(), R"({"name":"city","schema":{ }})");
}

TEST(RequestFlags, ImagesOfFilesBehindTheQuestion) {
  const v1::ChatRequest request =
      Sent({"--image", WriteFile("a,b.gif", "GIF89a"), "--system=s",
            "--image=" + WriteFile("c.jpeg", "\xff\xd8\xff\x01"), "what is it?"});
  ASSERT_EQ(request.messages_size(), 2);
  const v1::ChatMessage& question = request.messages(1);
  EXPECT_FALSE(question.has_content());
  ASSERT_EQ(question.content_parts_size(), 3);
  EXPECT_EQ(question.content_parts(0).text(), "what is it?");
  EXPECT_EQ(question.content_parts(1).image_data().data(), "GIF89a");
  EXPECT_EQ(question.content_parts(1).image_data().mime_type(), "image/gif");
  EXPECT_EQ(question.content_parts(2).image_data().mime_type(), "image/jpeg");
}

TEST(RequestFlags, AnImageWithAQuestionFromStandardInput) {
  const v1::ChatRequest request = Sent({"--image", WriteFile("d.gif", "GIF89a")}, "what is it?\n");
  ASSERT_EQ(request.messages_size(), 1);
  EXPECT_EQ(request.messages(0).content_parts(0).text(), "what is it?");
}

TEST(RequestFlags, LogprobsWithAlternatives) {
  const v1::ChatRequest two = Sent({"--logprobs", "2", "why?"});
  EXPECT_TRUE(two.logprobs());
  EXPECT_EQ(two.top_logprobs(), 2);
  EXPECT_EQ(two.messages(0).content(), "why?");
  const v1::ChatRequest none = Sent({"--logprobs", "why?"});
  EXPECT_TRUE(none.logprobs());
  EXPECT_FALSE(none.has_top_logprobs());
}

TEST(RequestFlags, TheyReplaceWhatABodyHas) {
  const std::string body = R"({"model":"m","messages":[],"tools":[{"function":{"name":"old"}}],)"
                           R"("logprobs":4,"response_format":{"type":"json_object"}})";
  const v1::ChatRequest request = Sent({"--body=-", "--tools=" + WriteFile("tools.json", kTools),
                                        "--logprobs=1", "--schema=" + WriteFile("city.json", "{}")},
                                       body);
  EXPECT_EQ(request.extra_body_json(),
            R"({"model":"m","messages":[],"tools":)" + std::string(kTools) + "}");
  EXPECT_TRUE(request.logprobs());
  EXPECT_EQ(request.top_logprobs(), 1);
  EXPECT_EQ(request.response_format().type(), "json_schema");
}

TEST(RequestFlags, NothingOfThemIsSentUnasked) {
  const v1::ChatRequest request = Sent({"why?"});
  EXPECT_EQ(request.tools_size(), 0);
  EXPECT_FALSE(request.has_response_format());
  EXPECT_FALSE(request.has_logprobs());
  EXPECT_EQ(request.messages(0).content(), "why?");
}

TEST(RequestFlags, LogprobsAreATableOnStandardError) {
  TestServer server([](TestCall* call) {
    v1::StreamChatResponse message = Delta("yes");
    v1::TokenLogprob* token = message.mutable_choices(0)->mutable_logprobs()->add_content();
    token->set_token("yes");
    token->set_logprob(-0.5);
    token->add_top_logprobs()->set_token("no");
    token->mutable_top_logprobs(0)->set_logprob(-1);
    call->Write(message);
    return TestStatus{};
  });
  const ChatRun run = RunChat(server.target(), {"--logprobs=1", "x"});
  EXPECT_EQ(run.out, "yes\n");
  EXPECT_TRUE(Has(run.err, "\"yes\"    -0.5000   60.7 %  \"no\" -1.0000\n")) << run.err;
  EXPECT_EQ(RunChat(server.target(), {"x"}).err, "");
  const ChatRun json = RunChat(server.target(), {"--logprobs=1", "--json", "x"});
  EXPECT_EQ(json.err, "");
  EXPECT_TRUE(Has(json.out, "\"logprob\":-0.5")) << json.out;
}

TestStatus Reason(TestCall* call) {
  v1::StreamChatResponse message;
  message.add_choices()->mutable_delta()->set_reasoning_content("hm");
  if (call->streaming()) {
    call->Write(message);
    call->Write(Delta("yes"));
  } else {
    *call->response()->add_choices()->mutable_message() = message.choices(0).delta();
    call->response()->mutable_choices(0)->mutable_message()->set_content("yes");
  }
  return {};
}

TEST(RequestFlags, ReasoningGoesToStandardErrorInAPipe) {
  TestServer server(Reason);
  for (const char* rpc : {"--stream", "--nostream"}) {
    const ChatRun shown = RunChat(server.target(), {"--reasoning", rpc, "x"});
    EXPECT_EQ(shown.out, "yes\n");
    EXPECT_EQ(shown.err, "[reasoning]\nhm\n");
    EXPECT_EQ(RunChat(server.target(), {rpc, "x"}).err, "");
    EXPECT_EQ(RunChat(server.target(), {rpc, "--noreasoning", "x"}).err, "");
  }
}

TEST(RequestFlags, ReasoningIsShownAtATerminalUnlessItIsSwitchedOff) {
  TestServer server(Reason);
  const auto show = [&server](const std::vector<std::string>& flags) {
    std::vector<std::string> arguments = {kChatProgram, "--server=" + server.target(), "x"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    Process process(arguments, Process::Io::kTerminal, {{"TERM", "dumb"}});
    EXPECT_EQ(process.Wait(), 0);
    return process.out();
  };
  const std::string shown = "[reasoning]\r\nhm\r\n[answer]\r\nyes\r\n";
  EXPECT_EQ(show({}), shown);
  EXPECT_EQ(show({"--reasoning"}), shown);
  EXPECT_EQ(show({"--noreasoning"}), "yes\r\n");
}

TEST(RequestFlags, AToolCallIsPrintedWithTheReasonOfTheEnd) {
  TestServer server([](TestCall* call) {
    v1::StreamChatResponse message;
    v1::ToolCall* tool_call = message.add_choices()->mutable_delta()->add_tool_calls();
    tool_call->set_id("t1");
    tool_call->mutable_function()->set_name("weather");
    tool_call->mutable_function()->set_arguments(R"({"city":"Paris"})");
    call->Write(message);
    call->Write(FinishDelta("tool_calls"));
    return TestStatus{};
  });
  const ChatRun run = RunChat(server.target(), {"x"});
  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(run.out, "tool call: weather({\"city\":\"Paris\"})  id t1\n");
  EXPECT_EQ(run.err, "[finish reason: tool_calls]\n");
}

TEST(RequestFlags, WrongUseNamesTheFlagAndTheFile) {
  const std::string text = WriteFile("text.txt", "hello");
  const std::string object = WriteFile("object.json", R"({"name":"f"})");
  const std::string wrapped = WriteFile("wrapped.json", R"({"name":"n","schema":{}})");
  const std::string gif = WriteFile("small.gif", "GIF89a");
  const std::string large = WriteFile("large.gif", "GIF89a" + std::string(20 << 20, ' '));
  const std::pair<std::vector<std::string>, std::string> wrong[] = {
      {{"--tools=", "x"}, "--tools: a file's name is expected"},
      {{"--tools=/no/such", "x"}, "--tools: /no/such cannot be read"},
      {{"--tools", text, "x"}, "--tools: " + text + ": line 1, column 1"},
      {{"--tools", object, "x"}, "--tools: " + object + ": an array of tools, or"},
      {{"--schema=", "x"}, "--schema: a file's name is expected"},
      {{"--schema=/no/such", "x"}, "--schema: /no/such cannot be read"},
      {{"--schema", wrapped, "x"}, "--schema: " + wrapped + ": the schema itself is expected"},
      {{"--image=", "x"}, "--image: a file's name is expected"},
      {{"x", "--image"}, "--image: a value is expected"},
      {{"--image=/no/such", "x"}, "--image: /no/such cannot be read"},
      {{"--image", text, "x"}, "--image: " + text + " is no image of a known kind"},
      {{"--image", gif}, "there is no question"},
      {{"--image", large, "--image", large, "x"}, "--image: with its images the request has "},
      {{"--image", gif, "--body=-"}, "--body and --image exclude each other"},
      {{"--logprobs=-1", "x"}, "--logprobs: how many alternatives, 0 or more"},
      {{"--logprobs=few", "x"}, "logprobs"},
      {{"--json", "--reasoning", "x"}, "--json and --reasoning exclude each other"},
      {{"--explain", "--interactive"}, "--explain and --interactive exclude each other"},
  };
  for (const auto& [arguments, message] : wrong) {
    const ChatRun run = RunChat("127.0.0.1:1", arguments);
    EXPECT_EQ(run.code, 1) << message << "\n" << run.err;
    EXPECT_TRUE(Has(run.err, message)) << message << "\n" << run.err;
    EXPECT_EQ(run.out, "");
  }
}

}  // namespace
}  // namespace sparkgate::client
