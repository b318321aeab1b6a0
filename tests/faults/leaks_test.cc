// What an upstream's error says of the caller's prompt, of keys and of its own files stays there;
// of the rest at most 512 bytes come through. Wherever such an error may stand.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/faults/sentence.h"
#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/secrets.h"
#include "tests/support/server_process.h"

namespace sparkgate::faults {
namespace {

using support::CallResult;
using support::ChatRequestBody;
using support::Connection;
using support::JsonResponse;
using support::kBothRpcs;
using support::kCanary;
using support::kMadeUpKey;

const std::string& Prompt() {
  static const auto* const prompt = new std::string(kCanary);
  return *prompt;
}
const std::string& Key() {
  static const auto* const key = new std::string(kMadeUpKey);
  return *key;
}
constexpr char kFile[] = "/srv/app/handlers/x.py";
constexpr char kLibrary[] = "/usr/lib/python3/dist-packages/vllm/engine.py";

// Error bodies as servers write them, with what must not be seen in them.
std::vector<std::string> Bodies() {
  const std::string long_text(600, 'x');
  const auto error = [](const std::string& message) {
    return R"({"error":{"message":")" + message + R"(","code":"SOME_CODE"}})";
  };
  return {
      error("The key " + Key() + " may not do this"),
      error("Authorization: Bearer " + Key()),
      error("see https://x.example/v1?api_key=" + Key()),
      error("failed in " + std::string(kFile) + " and " + kLibrary + ":12"),
      error("File \\\"" + std::string(kFile) + "\\\", line 3, in f"),
      error("path=" + std::string(kFile) + " lib:" + kLibrary),
      error("Traceback (most recent call last):\\n  File \\\"" + std::string(kFile) + "\\\""),
      error("Extra inputs are not permitted, field: 'messages[0].x', value: '" + Prompt() + "'"),
      error("1 validation error: type=string_type, input_value='" + Prompt() + "', input_type=str"),
      error("[{'type': 'missing', 'loc': ('body',), 'input': {'prompt': '" + Prompt() + "'}}]"),
      error("cannot read {\\\"messages\\\": [{\\\"content\\\": \\\"" + Prompt() + "\\\"}]}"),
      error(long_text + Key() + Prompt() + kFile),
      R"({"error":{"message":"no","code":")" + Key() + R"("},"request_id":")" + Key() + R"("})",
      R"({"error":{"message":"no"},"request":{"prompt":")" + Prompt() + R"("},"file":")" + kFile +
          "\"}",
      R"({"detail":[{"loc":["body","messages",0],"msg":"bad","input":")" + Prompt() + R"("}]})",
      R"({"error":{"message":"no","input":")" + Prompt(),  // cut
      "<html><head><title>500</title></head><body>" + Prompt() + kFile + "</body></html>",
      "Internal error in " + std::string(kLibrary) + " with " + Key(),
      std::string("\x1b[31m\0\x07 bell ", 13) + kFile,
      long_text + Prompt(),
  };
}

enum class Place { kRefusal, kUnauthorised, kServerError, kAfterOk, kEvent, kEnd };

std::string ResponseAt(Place place, const std::string& body, bool stream) {
  const auto event = [&] {
    std::string data = body;
    for (char& c : data) c = c == '\n' ? ' ' : c;
    return support::Chunk("event: error\ndata: " + data + "\n\n");
  };
  switch (place) {
    case Place::kRefusal:
      return JsonResponse(body, 400);
    case Place::kUnauthorised:
      return JsonResponse(body, 401);
    case Place::kServerError:
      return JsonResponse(body, 500);
    case Place::kAfterOk:
      return JsonResponse(body);
    default:
      return stream ? support::SseHead() + event() + support::LastChunk() : JsonResponse(body, 503);
  }
}

// The row's number and place, as "number/place".
void Answer(Connection& connection) {
  while (const auto request = connection.ReadRequest()) {
    const std::string name = support::CallNameOf(request->body);
    const auto place = static_cast<Place>(std::stoi(name.substr(name.find('/') + 1)));
    connection.Send(
        ResponseAt(place, Bodies()[std::stoul(name)], support::IsStream(request->body)));
  }
}

// Everything that came beside messages, in one text. (The caller looks for keys and prompts in it
// as well.)
std::string Whole(const CallResult& result) {
  std::string whole = result.message + ' ' + result.reason;
  for (const auto& [key, value] : result.info) whole += ' ' + key + '=' + value;
  for (const auto& [key, value] : result.trailers) whole += ' ' + key + '=' + value;
  for (const auto& violation : result.violations) {
    whole += ' ' + violation.field + ' ' + violation.description;
  }
  return whole;
}

TEST(Leaks, NothingOfPromptsKeysAndFiles) {
  support::ScriptedUpstream upstream(Answer);
  support::ServerProcess server(upstream.base_url());
  support::Caller caller(server.address());
  const size_t bodies = Bodies().size();
  for (size_t i = 0; i < bodies; ++i) {
    for (int place = 0; place < static_cast<int>(Place::kEnd); ++place) {
      for (const auto rpc : kBothRpcs) {
        const CallResult result =
            caller.Call(rpc, ChatRequestBody(std::to_string(i) + "/" + std::to_string(place)));
        SCOPED_TRACE(Bodies()[i] + "\n" + result.Describe());
        EXPECT_FALSE(result.ok());
        ExpectForm(result);
        const std::string whole = Whole(result);
        support::ExpectNoSecret("a status", whole);
        for (const char* part : {"srv/app", "handlers", "dist-packages", "engine.py", "x.py"}) {
          EXPECT_EQ(whole.find(part), std::string::npos) << whole;
        }
        EXPECT_EQ(whole.find(std::string(513, 'x')), std::string::npos) << "over the bound";
      }
    }
  }
}

}  // namespace
}  // namespace sparkgate::faults
