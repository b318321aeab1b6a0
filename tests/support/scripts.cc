#include "tests/support/scripts.h"

#include "tests/support/answers.h"
#include "tests/support/http_text.h"

namespace sparkgate::support {

void AnswerHello(Connection& connection) {
  while (const auto request = connection.ReadRequest()) {
    connection.Send(request->method == "GET" ? JsonResponse(R"({"object":"list","data":[]})")
                                             : AnswerTo(request->body, "Hello"));
  }
}

ScriptedUpstream::Script RefuseWith(const std::string& words) {
  return [words](Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      const std::string name = CallNameOf(request->body);
      const std::string error =
          R"({"error":{"message":")" + words + R"(","code":")" + words + R"("}})";
      const std::string headers = "x-request-id: " + words + "\r\n";
      if (name == "no HTTP") return (void)connection.Send(words + "\r\n\r\n");
      if (name == "an event") {
        connection.Send(SseHead(headers) + Chunk(SseEvent(error)) + LastChunk());
      } else {
        connection.Send(JsonResponse(error, std::stoi(name), headers));
      }
    }
  };
}

}  // namespace sparkgate::support
