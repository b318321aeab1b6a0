#include "tests/endings/row.h"
#include "tests/support/answers.h"
#include "tests/support/http_text.h"

namespace sparkgate::endings {
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

std::string Http10(const std::string& body) {
  return "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + body;
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
      {"13 an answer", kChat, ChatAnswer("Hello"), After::kKeep, Ok("Hello")},
      {"13 an answer in chunks", kChat,
       chunked + Chunk(half) + Chunk(body.substr(half.size())) + LastChunk(), After::kKeep,
       Ok("Hello")},
      {"13 an answer without length, clean close", kChat, Http10(body), After::kClose, Ok("Hello")},
      // The object itself says that it is whole; libcurl does not tell this end from the one above.
      {"13 an answer without length, TLS cut", kChat, Http10(body), After::kCut, Ok("Hello"), "",
       Transport::kTls},
      {"13 half without length, TLS cut", kChat, Http10(half), After::kCut, Truncated(), "",
       Transport::kTls},
      {"13 half without length, close", kChat, Http10(half), After::kClose, Truncated()},
      {"13 Content-Length not reached, FIN", kChat, WithLength(body, body.size() + 10),
       After::kClose, Truncated()},
      {"13 Content-Length not reached, reset", kChat, WithLength(half, body.size()), After::kReset,
       Truncated()},
      {"13 chunks without the last one", kChat, chunked + Chunk(body), After::kClose, Truncated()},
      {"13 head only", kChat, WithLength("", 100), After::kClose, Truncated()},
      {"13 half a body of that length", kChat, WithLength(half, half.size()), After::kKeep,
       ProtocolError()},
      {"13 an empty body", kChat, WithLength("", 0), After::kKeep, ProtocolError()},
      {"13 a list", kChat, JsonResponse("[]"), After::kKeep, ProtocolError()},
      {"13 an object without choices", kChat, JsonResponse("{}"), After::kKeep, ProtocolError()},
      {"13 no choice in choices", kChat, JsonResponse(R"({"id":"a","choices":[]})"), After::kKeep,
       ProtocolError()},
      {"13 choices that are no list", kChat, JsonResponse(R"({"choices":{}})"), After::kKeep,
       ProtocolError()},
      {"13 a message that is no object", kChat, JsonResponse(R"({"choices":[{"message":1}]})"),
       After::kKeep, ProtocolError()},
      {"13 a stream", kChat, support::StreamAnswer({"Hello"}), After::kKeep, ProtocolError()},
      {"13 an error with 200", kChat, JsonResponse(R"({"error":{"message":"no","code":429}})"),
       After::kKeep, StreamError("RESOURCE_EXHAUSTED", "429")},
      {"13 an error 503 with 200: no UNAVAILABLE", kChat,
       JsonResponse(R"({"error":{"message":"no","code":503}})"), After::kKeep,
       StreamError("ABORTED", "503")},
      {"13 finish reason error", kChat, JsonResponse(ChatAnswerBody("Hello", "error")),
       After::kKeep, StreamError("INTERNAL", "")},
      {"16 one lone surrogate is repaired", kChat, ChatAnswer("\\ud83d!"), After::kKeep,
       Ok("\xEF\xBF\xBD!")},
      {"15 103 before the answer", kChat,
       "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + ChatAnswer("Hello"), After::kKeep,
       Ok("Hello")},
      {"two answers to one request", kChat, ChatAnswer("Hello") + ChatAnswer("other"), After::kKeep,
       Ok("Hello")},
  };
}

std::vector<Row> Http() {
  return {
      {"14 101", kAny,
       "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
       After::kKeep, ProtocolError()},
      {"14 201", kAny, OtherSuccess(201), After::kKeep, ProtocolError()},
      {"14 202", kAny, OtherSuccess(202), After::kKeep, ProtocolError()},
      {"14 204", kAny, Head(204, ""), After::kKeep, ProtocolError()},
      {"14 206", kAny, OtherSuccess(206), After::kKeep, ProtocolError()},
      {"14 gzip that nobody asked for", kStream, Encoded("text/event-stream"), After::kKeep,
       ProtocolError()},
      {"14 gzip that nobody asked for", kChat, Encoded("application/json"), After::kKeep,
       ProtocolError()},
      {"14 a page", kAny,
       Head(200, "Content-Type: text/html\r\nContent-Length: 13\r\n") + "<html></html>",
       After::kKeep, ProtocolError()},
      {"18 FIN after the request", kAny, "", After::kClose,
       MayHaveRun("ABORTED", "UPSTREAM_CONNECTION_LOST")},
      {"18 reset after the request", kAny, "", After::kReset,
       MayHaveRun("ABORTED", "UPSTREAM_CONNECTION_LOST")},
      {"18 103, then FIN", kAny, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", After::kClose,
       Truncated()},
      {"no HTTP at all", kAny, "hello\r\n\r\n", After::kClose, ProtocolError()},
      {"a head over 64 KiB", kAny,
       Head(200, "X-Large: " + std::string(70 * 1024, 'x') +
                     "\r\nContent-Type: application/json\r\nContent-Length: 2\r\n") +
           "{}",
       After::kKeep, ProtocolError()},
  };
}

}  // namespace

std::vector<Row> ChatRows() {
  std::vector<Row> rows = Bodies();
  const std::vector<Row> http = Http();
  rows.insert(rows.end(), http.begin(), http.end());
  return rows;
}

}  // namespace sparkgate::endings
