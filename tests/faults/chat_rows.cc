#include "tests/faults/row.h"
#include "tests/support/answers.h"
#include "tests/support/http_text.h"

namespace sparkgate::faults {
namespace {

using support::ChatAnswer;
using support::ChatAnswerBody;
using support::Chunk;
using support::ChunkedHead;
using support::Head;
using support::JsonResponse;
using support::LastChunk;

std::string WithLength(const std::string& body, size_t length) {
  return Head(200, "Content-Type: application/json\r\nContent-Length: " + std::to_string(length) +
                       "\r\n") +
         body;
}

std::string Encoded(const std::string& type) {
  return Head(200,
              "Content-Type: " + type + "\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n") +
         std::string("\x1f\x8b\x08\x00", 4);
}

std::string OtherSuccess(int status) {
  const std::string body = ChatAnswerBody("Hello");
  return Head(status, "Content-Type: application/json\r\nContent-Length: " +
                          std::to_string(body.size()) + "\r\n") +
         body;
}

std::vector<Row> Bodies() {
  const std::string body = ChatAnswerBody("Hello");
  const std::string half = body.substr(0, body.size() / 2);
  const std::string chunked = ChunkedHead("application/json");
  return {
      {"an answer", kChat, ChatAnswer("Hello"), After::kKeep, Ok("Hello")},
      {"an answer in chunks", kChat,
       chunked + Chunk(half) + Chunk(body.substr(half.size())) + LastChunk(), After::kKeep,
       Ok("Hello")},
      {"half a body of that length", kChat, WithLength(half, half.size()), After::kKeep,
       ProtocolError()},
      {"an empty body", kChat, WithLength("", 0), After::kKeep, ProtocolError()},
      {"a list", kChat, JsonResponse("[]"), After::kKeep, ProtocolError()},
      {"an object without choices", kChat, JsonResponse("{}"), After::kKeep, ProtocolError()},
      {"no choice in choices", kChat, JsonResponse(R"({"id":"a","choices":[]})"), After::kKeep,
       ProtocolError()},
      {"choices that are no list", kChat, JsonResponse(R"({"choices":{}})"), After::kKeep,
       ProtocolError()},
      {"a message that is no object", kChat, JsonResponse(R"({"choices":[{"message":1}]})"),
       After::kKeep, ProtocolError()},
      {"a stream", kChat, support::StreamAnswer({"Hello"}), After::kKeep, Ok("Hello")},
      {"an error with 200", kChat, JsonResponse(R"({"error":{"message":"no","code":429}})"),
       After::kKeep, StreamError("RESOURCE_EXHAUSTED", "429")},
      {"an error 503 with 200: no UNAVAILABLE", kChat,
       JsonResponse(R"({"error":{"message":"no","code":503}})"), After::kKeep,
       StreamError("ABORTED", "503")},
      {"finish reason error", kChat, JsonResponse(ChatAnswerBody("Hello", "error")), After::kKeep,
       StreamError("INTERNAL", "")},
      {"one lone surrogate is repaired", kChat, ChatAnswer("\\ud83d!"), After::kKeep,
       Ok("\xEF\xBF\xBD!")},
      {"103 before the answer", kChat,
       "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + ChatAnswer("Hello"), After::kKeep,
       Ok("Hello")},
  };
}

std::vector<Row> Http() {
  return {
      {"201", kAny, OtherSuccess(201), After::kKeep, Ok("Hello")},
      {"202", kAny, OtherSuccess(202), After::kKeep, Ok("Hello")},
      {"204", kAny, Head(204, ""), After::kKeep, ProtocolError()},
      {"206", kAny, OtherSuccess(206), After::kKeep, Ok("Hello")},
      {"gzip that ends early", kStream, Encoded("text/event-stream"), After::kKeep, Truncated()},
      {"gzip that ends early", kChat, Encoded("application/json"), After::kKeep, Truncated()},
      {"a page", kAny,
       Head(200, "Content-Type: text/html\r\nContent-Length: 13\r\n") + "<html></html>",
       After::kKeep, ProtocolError()},
      {"103, then FIN", kAny, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", After::kClose,
       Truncated()},
  };
}

}  // namespace

std::vector<Row> ChatRows() {
  std::vector<Row> rows = Bodies();
  const std::vector<Row> http = Http();
  rows.insert(rows.end(), http.begin(), http.end());
  return rows;
}

}  // namespace sparkgate::faults
