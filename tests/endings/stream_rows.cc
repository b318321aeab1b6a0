#include "tests/endings/row.h"
#include "tests/support/answers.h"
#include "tests/support/http_text.h"

namespace sparkgate::endings {
namespace {

using support::Chunk;
using support::ContentChunk;
using support::FinishChunk;
using support::Head;
using support::JsonResponse;
using support::LastChunk;
using support::RoleChunk;
using support::SseEvent;
using support::SseHead;
using support::UsageChunk;

// Events as one chunk each.
std::string Events(const std::vector<std::string>& events) {
  std::string bytes;
  for (const std::string& event : events) bytes += Chunk(SseEvent(event));
  return bytes;
}

// A stream that has begun with "Hello".
std::string Hello() {
  return SseHead() + Events({RoleChunk(), ContentChunk("Hel"), ContentChunk("lo")});
}
std::string HelloThen(const std::vector<std::string>& events) { return Hello() + Events(events); }
std::string Whole(const std::vector<std::string>& events) {
  return SseHead() + Events(events) + LastChunk();
}

std::string EventBodies(const std::vector<std::string>& events) {
  std::string body;
  for (const std::string& event : events) body += SseEvent(event);
  return body;
}

std::string WithLength(const std::string& body, size_t length) {
  return Head(200, "Content-Type: text/event-stream\r\nContent-Length: " + std::to_string(length) +
                       "\r\n") +
         body;
}

std::string Http10(const std::string& body) {
  return "HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + body;
}

std::string Bare(const std::string& type, const std::string& body) {
  return Head(200, "Content-Type: " + type + "\r\nContent-Length: " + std::to_string(body.size()) +
                       "\r\n") +
         body;
}

constexpr char kDone[] = "[DONE]";
constexpr char kError429[] = R"({"error":{"message":"too many","type":"rate_limit","code":429}})";
constexpr char kError503[] = R"({"error":{"message":"overloaded","code":503}})";
constexpr char kErrorPlain[] = R"({"error":{"message":"something broke"}})";
constexpr char kError400Text[] = R"({"error":{"message":"no","code":"400"}})";
constexpr char kErrorBare[] = R"({"error":"something broke"})";

std::vector<std::string> HelloEvents(bool finish) {
  std::vector<std::string> events = {RoleChunk(), ContentChunk("Hello")};
  if (finish) events.push_back(FinishChunk());
  return events;
}

std::vector<Row> EndMarks() {
  const std::string finished = HelloThen({FinishChunk()});
  const std::string two = SseHead() + Events({ContentChunk("Hello"), ContentChunk("b", 1)});
  return {
      {"01 done after content", kStream, HelloThen({FinishChunk(), kDone}) + LastChunk(),
       After::kKeep, Ok("Hello")},
      {"01 done, no finish reason", kStream, HelloThen({kDone}) + LastChunk(), After::kKeep,
       Ok("Hello")},
      {"01 done, then reset", kStream, HelloThen({FinishChunk(), kDone}), After::kReset,
       Ok("Hello")},
      {"01 done, then FIN without last chunk", kStream, HelloThen({FinishChunk(), kDone}),
       After::kCut, Ok("Hello")},
      {"02 done is the first event", kStream, Whole({kDone}), After::kKeep, ProtocolError()},
      {"02 usage and done, no choice", kStream, Whole({UsageChunk(), kDone}), After::kKeep,
       ProtocolError()},
      {"02 200 and no event, last chunk", kStream, SseHead() + LastChunk(), After::kKeep,
       Truncated()},
      {"02 200 and no event, FIN", kStream, SseHead(), After::kClose, Truncated()},
      {"02 200 with Content-Length 0", kStream, WithLength("", 0), After::kKeep, Truncated()},
      {"02 comments only, last chunk", kStream, SseHead() + Chunk(": ping\n\n") + LastChunk(),
       After::kKeep, Truncated()},
      {"03 finished, last chunk, no done", kStream, finished + LastChunk(), After::kKeep,
       Ok("Hello")},
      {"03 finished, last chunk with trailers", kStream, finished + LastChunk("X-Trailer: 1\r\n"),
       After::kKeep, Ok("Hello")},
      {"03 finished, Content-Length reached", kStream,
       WithLength(EventBodies(HelloEvents(true)), EventBodies(HelloEvents(true)).size()),
       After::kKeep, Ok("Hello")},
      {"03 both of two finished, last chunk", kStream,
       two + Events({FinishChunk("stop", 1), FinishChunk()}) + LastChunk(), After::kKeep,
       Ok("Hello"), ",\"n\":2"},
      {"04 finished, then reset", kStream, finished, After::kReset, Truncated("Hello")},
      {"04 finished, then FIN without last chunk", kStream, finished, After::kClose,
       Truncated("Hello")},
      {"04 finished, then TLS cut", kStream, finished, After::kCut, Truncated("Hello"), "",
       Transport::kTls},
      {"04 finished, Content-Length not reached", kStream,
       WithLength(EventBodies(HelloEvents(true)), 5000), After::kClose, Truncated("Hello")},
      {"04 HTTP/1.0, finished, closed", kStream, Http10(EventBodies(HelloEvents(true))),
       After::kClose, Truncated("Hello")},
      {"04 HTTP/1.0, done, closed", kStream,
       Http10(EventBodies(HelloEvents(true)) + SseEvent(kDone)), After::kClose, Ok("Hello")},
      {"04 HTTP/1.0, cut in the middle of done", kStream,
       Http10(EventBodies(HelloEvents(true)) + "data: [DO"), After::kClose, Truncated("Hello")},
      {"05 one of two finished, last chunk", kStream, two + Events({FinishChunk()}) + LastChunk(),
       After::kKeep, Truncated("Hello"), ",\"n\":2"},
      {"05 one of two finished, FIN", kStream, two + Events({FinishChunk("stop", 1)}),
       After::kClose, Truncated("Hello"), ",\"n\":2"},
      {"05 one of two finished, done", kStream, two + Events({FinishChunk(), kDone}) + LastChunk(),
       After::kKeep, Ok("Hello"), ",\"n\":2"},
      {"06 done without its blank line, last chunk", kStream,
       finished + Chunk("data: [DONE]") + LastChunk(), After::kKeep, Ok("Hello")},
      {"06 done with one line end, FIN", kStream, finished + Chunk("data: [DONE]\n"), After::kClose,
       Ok("Hello")},
      {"07 usage after finish, done", kStream,
       HelloThen({FinishChunk(), UsageChunk(), kDone}) + LastChunk(), After::kKeep, Ok("Hello")},
      {"07 usage after finish, last chunk", kStream,
       HelloThen({FinishChunk(), UsageChunk()}) + LastChunk(), After::kKeep, Ok("Hello")},
  };
}

std::vector<Row> Cuts() {
  const std::string hello = Hello();
  return {
      {"04 mid-stream, FIN", kStream, hello, After::kClose, Truncated("Hello")},
      {"04 mid-stream, TLS cut", kStream, hello, After::kCut, Truncated("Hello"), "",
       Transport::kTls},
      {"04 mid-stream, reset", kStream, hello, After::kReset, Truncated("Hello")},
      {"04 mid-stream, last chunk", kStream, hello + LastChunk(), After::kKeep, Truncated("Hello")},
      {"04 mid-event, FIN", kStream, hello + Chunk("data: {\"id\":"), After::kClose,
       Truncated("Hello")},
      {"04 mid-event, last chunk", kStream, hello + Chunk("data: {\"id\":") + LastChunk(),
       After::kKeep, Truncated("Hello")},
      {"04 mid-chunk, FIN", kStream, hello + "400\r\ndata: {\"id\":", After::kClose,
       Truncated("Hello")},
      {"04 head only, FIN", kStream, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n",
       After::kClose, Truncated()},
      {"04 a bad chunk length", kStream, hello + "zz\r\ndata", After::kKeep,
       ProtocolError("Hello")},
  };
}

std::vector<Row> Errors() {
  const auto then_done = [](std::vector<std::string> events) {
    events.push_back(kDone);
    return HelloThen(events) + LastChunk();
  };
  return {
      {"08 error 429 mid-stream", kStream, then_done({kError429}), After::kKeep,
       StreamError("RESOURCE_EXHAUSTED", "429", "Hello")},
      {"08 error 429 first", kStream, Whole({kError429}), After::kKeep,
       StreamError("RESOURCE_EXHAUSTED", "429")},
      {"08 error 503 mid-stream: no UNAVAILABLE", kStream, then_done({kError503}), After::kKeep,
       StreamError("ABORTED", "503", "Hello")},
      {"08 error without a code", kStream, then_done({kErrorPlain}), After::kKeep,
       StreamError("INTERNAL", "", "Hello")},
      {"08 error with its code as text", kStream, then_done({kError400Text}), After::kKeep,
       StreamError("INVALID_ARGUMENT", "400", "Hello")},
      {"08 error as bare text", kStream, then_done({kErrorBare}), After::kKeep,
       StreamError("INTERNAL", "", "Hello")},
      {"08 event: error", kStream,
       Hello() + Chunk("event: error\ndata: {\"message\":\"it broke\"}\n\n") + LastChunk(),
       After::kKeep, StreamError("INTERNAL", "", "Hello")},
      {"08 finish reason error", kStream, then_done({FinishChunk("error")}), After::kKeep,
       StreamError("INTERNAL", "", "Hello")},
      {"08 error after finish", kStream, then_done({FinishChunk(), kError429}), After::kKeep,
       StreamError("RESOURCE_EXHAUSTED", "429", "Hello")},
      {"08 error after usage", kStream, then_done({FinishChunk(), UsageChunk(), kErrorPlain}),
       After::kKeep, StreamError("INTERNAL", "", "Hello")},
      {"08 error, then FIN", kStream, HelloThen({kErrorPlain}), After::kClose,
       StreamError("INTERNAL", "", "Hello")},
      {"11 JSON error where a stream was asked", kStream, JsonResponse(kError429), After::kKeep,
       StreamError("RESOURCE_EXHAUSTED", "429")},
      {"11 JSON answer where a stream was asked", kStream, support::ChatAnswer("Hello"),
       After::kKeep, ProtocolError()},
      {"11 JSON type with rubbish", kStream, JsonResponse("rubbish"), After::kKeep,
       ProtocolError()},
      {"12 bare JSON error with stream's type", kStream, Bare("text/event-stream", kError429),
       After::kKeep, StreamError("RESOURCE_EXHAUSTED", "429")},
      {"12 bare JSON answer with stream's type", kStream,
       Bare("text/event-stream", support::ChatAnswerBody("Hello")), After::kKeep, ProtocolError()},
  };
}

std::vector<Row> Oddities() {
  const std::string finished = HelloThen({FinishChunk()});
  const std::string done = Chunk(SseEvent(kDone));
  return {
      {"09 events after done in one chunk", kStream,
       finished + Chunk(SseEvent(kDone) + SseEvent(ContentChunk("late"))) + LastChunk(),
       After::kKeep, Ok("Hello")},
      {"09 events after done", kStream, finished + done + Chunk(SseEvent(ContentChunk("late"))),
       After::kClose, Ok("Hello")},
      {"09 an error after done", kStream, finished + done + Chunk(SseEvent(kErrorPlain)),
       After::kClose, Ok("Hello")},
      {"10 content after finish", kStream, HelloThen({FinishChunk(), ContentChunk("!"), kDone}),
       After::kClose, Ok("Hello!")},
      {"10 a second finish reason", kStream,
       HelloThen({FinishChunk(), FinishChunk("length"), kDone}), After::kClose, Ok("Hello")},
      {"10 a choice that nobody asked for", kStream,
       HelloThen({ContentChunk("b", 3), FinishChunk(), kDone}), After::kClose, Ok("Hello")},
      {"15 103 before the answer", kStream,
       "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + finished + done + LastChunk(),
       After::kKeep, Ok("Hello")},
      {"16 an event that is no JSON", kStream, HelloThen({"{\"id\": oops", kDone}), After::kKeep,
       ProtocolError("Hello")},
      {"16 an event that is a number", kStream, HelloThen({"5", kDone}), After::kKeep,
       ProtocolError("Hello")},
      {"16 an event that is a list", kStream, HelloThen({"[]", kDone}), After::kKeep,
       ProtocolError("Hello")},
      {"16 choices that are no list", kStream, HelloThen({"{\"choices\":{}}", kDone}), After::kKeep,
       ProtocolError("Hello")},
      {"16 a delta that is no object", kStream,
       HelloThen({"{\"choices\":[{\"index\":0,\"delta\":7}]}", kDone}), After::kKeep,
       ProtocolError("Hello")},
      {"16 an event over the limit", kStream,
       HelloThen({ContentChunk(std::string(kMaxEventBytes, 'x')), kDone}), After::kKeep,
       ProtocolError("Hello")},
      {"16 a line without end over the limit", kStream,
       Hello() + Chunk(std::string(kMaxEventBytes + 1, 'x')), After::kKeep, ProtocolError("Hello")},
      {"16 one lone surrogate is repaired", kStream,
       HelloThen({ContentChunk("\\ud83d"), FinishChunk(), kDone}), After::kClose,
       Ok("Hello\xEF\xBF\xBD")},
      {"16 a surrogate pair in two events", kStream,
       HelloThen({ContentChunk("\\ud83d"), ContentChunk("\\ude00"), FinishChunk(), kDone}),
       After::kClose, Ok("Hello\xF0\x9F\x98\x80")},
      {"two answers to one request", kStream,
       support::StreamAnswer({"Hello"}) + support::StreamAnswer({"other"}), After::kKeep,
       Ok("Hello")},
      {"comments between events", kStream,
       SseHead() + Chunk(": ping\n\n") + Events({ContentChunk("Hel")}) + Chunk(":\n\n") +
           Events({ContentChunk("lo"), FinishChunk(), kDone}) + LastChunk(),
       After::kKeep, Ok("Hello")},
      {"all events in one chunk", kStream,
       SseHead() + Chunk(EventBodies({RoleChunk(), ContentChunk("Hello"), FinishChunk(), kDone})) +
           LastChunk(),
       After::kKeep, Ok("Hello")},
      {"CRLF line ends", kStream,
       SseHead() + Chunk("data: " + ContentChunk("Hello") + "\r\n\r\ndata: [DONE]\r\n\r\n") +
           LastChunk(),
       After::kKeep, Ok("Hello")},
      {"no media type at all", kStream,
       Head(200, "Transfer-Encoding: chunked\r\n") + Events({ContentChunk("Hello"), kDone}) +
           LastChunk(),
       After::kKeep, Ok("Hello")},
  };
}

}  // namespace

std::vector<Row> StreamRows() {
  std::vector<Row> rows;
  for (const auto& part : {EndMarks(), Cuts(), Errors(), Oddities()}) {
    rows.insert(rows.end(), part.begin(), part.end());
  }
  return rows;
}

}  // namespace sparkgate::endings
