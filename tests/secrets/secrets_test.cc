// Keys and prompts are repeated nowhere: not in a log of any level, not by a program that is
// started wrongly, not by one that crashes.
#include "tests/support/secrets.h"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/server_process.h"

namespace sparkgate::secrets {
namespace {

using support::ChildProcess;
using support::ServerProcess;

// The checker must be able to fail.
TEST(Checker, FindsWhatItLooksFor) {
  EXPECT_NONFATAL_FAILURE(support::ExpectNoSecret("a text", std::string("x") + support::kMadeUpKey),
                          "A secret in a text");
  EXPECT_NONFATAL_FAILURE(support::ExpectNoSecret("a text", std::string(support::kCanary) + "x"),
                          "A secret in a text");
  support::ExpectNoSecret("a text", "nothing");
}

// Everything that an upstream may say about a request and its key, logged at the finest level.
TEST(Log, HoldsNothingAtAnyLevel) {
  const std::string words = std::string(support::kCanary) + " and " + support::kMadeUpKey;
  support::ScriptedUpstream upstream([&](support::Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      const std::string name = support::CallNameOf(request->body);
      if (name == "lost") return connection.Close();
      if (name == "no HTTP") return (void)connection.Send(words + "\r\n\r\n");
      if (name == "a page") {
        connection.Send(support::Head(200, "Content-Type: text/html\r\nX-Key: " +
                                               std::string(support::kMadeUpKey) +
                                               "\r\nContent-Length: 3\r\n") +
                        "abc");
      } else if (name == "an event") {
        connection.Send(support::SseHead() + support::Chunk(support::SseEvent("{" + words)) +
                        support::LastChunk());
      } else {
        connection.Send(support::AnswerTo(request->body, words));
      }
    }
  });
  for (const char* level : {"debug", "info", "error"}) {
    ServerProcess server(upstream.base_url(), {std::string("--log_level=") + level});
    support::Caller caller(server.address());
    for (const char* name : {"good", "lost", "no HTTP", "a page", "an event"}) {
      for (const auto rpc : support::kBothRpcs) caller.Call(rpc, support::ChatRequestBody(name));
    }
    support::CallOptions options;
    options.metadata = {{"authorization", std::string("Bearer ") + support::kMadeUpKey},
                        {"x-api-key", support::kMadeUpKey}};
    EXPECT_TRUE(caller.Chat(support::ChatRequestBody("good"), options).ok());
    EXPECT_EQ(caller.Chat(support::ChatRequestBody("a", ",\"temperature\":\"NaN\"")).name,
              "INVALID_ARGUMENT");
  }
}

// A key of a form that nobody could know, which the upstream repeats wherever it can.
TEST(Key, WithoutAKnownPrefixReachesNeitherCallersNorTheLog) {
  const std::string key = "token-Quellwolke/Unbekannt+Form=41";
  support::ScriptedUpstream upstream([&](support::Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      const std::string name = support::CallNameOf(request->body);
      const std::string error = R"({"error":{"message":"no such key )" + key +
                                R"( here","code":")" + key + R"(","param":")" + key + R"("}})";
      const std::string headers = "x-request-id: " + key + "\r\nx-ratelimit-limit: " + key + "\r\n";
      if (name == "an event") {
        connection.Send(support::SseHead() + support::Chunk(support::SseEvent(error)) +
                        support::LastChunk());
      } else if (name == "a good answer") {
        connection.Send(support::JsonResponse(support::ChatAnswerBody("Hello"), 200, headers));
      } else {
        connection.Send(support::JsonResponse(error, std::stoi(name), headers));
      }
    }
  });
  ServerProcess::Options options;
  options.upstream_url = upstream.base_url();
  options.key = key;
  options.flags = {"--log_level=debug"};
  ServerProcess server(options);
  support::Caller caller(server.address());
  for (const char* name :
       {"400", "401", "403", "404", "422", "429", "500", "503", "an event", "a good answer"}) {
    for (const auto rpc : support::kBothRpcs) {
      const support::CallResult result = caller.Call(rpc, support::ChatRequestBody(name));
      EXPECT_EQ(result.Describe().find("Quellwolke"), std::string::npos) << result.Describe();
      EXPECT_EQ(result.message.find("Quellwolke"), std::string::npos) << result.message;
      for (const auto& metadata : {result.trailers, result.initial_metadata}) {
        for (const auto& [header, value] : metadata) {
          EXPECT_EQ(value.find("Quellwolke"), std::string::npos) << name << ": " << header;
        }
      }
    }
  }
  server.Stop();
  EXPECT_EQ(server.process().errors().find("Quellwolke"), std::string::npos);
}

// What `ps` and /proc show: the key came by environment or file, never by argument.
TEST(Process, ArgumentsHoldNothing) {
  support::ScriptedUpstream upstream([](support::Connection&) {});
  ServerProcess server(upstream.base_url());
  std::ifstream file("/proc/" + std::to_string(server.process().pid()) + "/cmdline");
  const std::string arguments{std::istreambuf_iterator<char>(file), {}};
  EXPECT_NE(arguments.find("sparkgate"), std::string::npos);
  support::ExpectNoSecret("the arguments", arguments);
}

TEST(Process, WrongStartsRepeatNothing) {
  const std::vector<std::vector<std::string>> starts = {
      {"--check_config"},
      {"--version"},
      {"--help"},
      {"--listen=nowhere"},
      {"--no_such_flag"},
      {std::string("--upstream_url=https://user:") + support::kMadeUpKey + "@host/"},
      {std::string("--config=/nowhere/") + "x.yaml"}};
  for (const auto& flags : starts) {
    std::vector<std::string> argv = {"service/sparkgate"};
    argv.insert(argv.end(), flags.begin(), flags.end());
    ChildProcess process(argv, {std::string("FIREWORKS_API_KEY=") + support::kMadeUpKey});
    EXPECT_TRUE(process.Wait().has_value()) << flags[0];
    EXPECT_NE(process.output() + process.errors(), "") << flags[0];
    support::ExpectNoSecret(flags[0], process.output());
    support::ExpectNoSecret(flags[0], process.errors());
  }
}

TEST(Process, WithoutAKeyItSaysWhatToSet) {
  ChildProcess process({"service/sparkgate", "--listen=127.0.0.1:0"}, {"FIREWORKS_API_KEY="});
  EXPECT_NE(process.Wait().value_or(0), 0);
  EXPECT_NE(process.errors().find("FIREWORKS_API_KEY"), std::string::npos) << process.errors();
}

TEST(Process, APortThatIsTakenIsAnError) {
  support::ScriptedUpstream upstream([](support::Connection&) {});
  ServerProcess first(upstream.base_url());
  ChildProcess second(
      {"service/sparkgate", "--listen=" + first.address(), "--upstream_url=" + upstream.base_url()},
      {std::string("FIREWORKS_API_KEY=") + support::kMadeUpKey});
  EXPECT_NE(second.Wait().value_or(0), 0);
  EXPECT_NE(second.errors().find("--listen"), std::string::npos) << second.errors();
}

// With a call in progress: a trace, a code that is not 0, and neither key nor prompt.
TEST(Crash, RepeatsNothing) {
  support::Gate there;
  support::ScriptedUpstream upstream([&](support::Connection& connection) {
    connection.ReadRequest();
    there.Open();
    connection.WaitForPeerClose();
  });
  for (const int signal : {SIGSEGV, SIGABRT}) {
    ServerProcess server(upstream.base_url());
    support::Caller caller(server.address());
    support::RunningCall call = caller.Start(support::Rpc::kChat, support::ChatRequestBody("a"));
    ASSERT_TRUE(there.Await());
    server.process().Signal(signal);
    EXPECT_EQ(server.process().Wait().value_or(0), 128 + signal);
    const std::string errors = server.process().errors();
    EXPECT_NE(errors.find("sparkgate"), std::string::npos) << "no trace: " << errors;
    support::ExpectNoSecret("the crash's trace", errors);
    call.Wait();
    server.Abandon();
  }
}

}  // namespace
}  // namespace sparkgate::secrets
