#include "tests/faults/row.h"
#include "tests/support/answers.h"
#include "tests/support/http_text.h"

namespace sparkgate::faults {
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

std::string Bare(const std::string& type, const std::string& body) {
  return Head(200, "Content-Type: " + type + "\r\nContent-Length: " + std::to_string(body.size()) +
                       "\r\n") +
         body;
}

constexpr char kDone[] = "[DONE]";
constexpr char kError429[] = R"({"error":{"message":"too many","type":"rate_limit","code":429}})";
constexpr char kErrorPlain[] = R"({"error":{"message":"something broke"}})";

std::vector<std::string> FinishedEvents() {
  return {RoleChunk(), ContentChunk("Hello"), FinishChunk()};
}

std::vector<Row> EndMarks() {
  const std::string finished = HelloThen({FinishChunk()});
  const std::string two = SseHead() + Events({ContentChunk("Hello"), ContentChunk("b", 1)});
  return {
      {"done after content", kStream, HelloThen({FinishChunk(), kDone}) + LastChunk(), After::kKeep,
       Ok("Hello")},
      {"done, no finish reason", kStream, HelloThen({kDone}) + LastChunk(), After::kKeep,
       Ok("Hello")},
      {"usage and done, no choice", kStream, Whole({UsageChunk(), kDone}), After::kKeep,
       ProtocolError()},
      {"200 with Content-Length 0", kStream, WithLength("", 0), After::kKeep, Truncated()},
      {"comments only, last chunk", kStream, SseHead() + Chunk(": ping\n\n") + LastChunk(),
       After::kKeep, Truncated()},
      {"finished, last chunk with trailers", kStream, finished + LastChunk("X-Trailer: 1\r\n"),
       After::kKeep, Ok("Hello")},
      {"finished, Content-Length reached", kStream,
       WithLength(EventBodies(FinishedEvents()), EventBodies(FinishedEvents()).size()),
       After::kKeep, Ok("Hello")},
      {"both of two finished, last chunk", kStream,
       two + Events({FinishChunk("stop", 1), FinishChunk()}) + LastChunk(), After::kKeep,
       Ok("Hello"), ",\"n\":2"},
      {"one of two finished, last chunk", kStream, two + Events({FinishChunk()}) + LastChunk(),
       After::kKeep, Truncated("Hello"), ",\"n\":2"},
      {"one of two finished, FIN", kStream, two + Events({FinishChunk("stop", 1)}), After::kClose,
       Truncated("Hello"), ",\"n\":2"},
      {"one of two finished, done", kStream, two + Events({FinishChunk(), kDone}) + LastChunk(),
       After::kKeep, Ok("Hello"), ",\"n\":2"},
      {"done without its blank line, last chunk", kStream,
       finished + Chunk("data: [DONE]") + LastChunk(), After::kKeep, Ok("Hello")},
      {"done with one line end, FIN", kStream, finished + Chunk("data: [DONE]\n"), After::kClose,
       Ok("Hello")},
      {"usage after finish, done", kStream,
       HelloThen({FinishChunk(), UsageChunk(), kDone}) + LastChunk(), After::kKeep, Ok("Hello")},
      {"usage after finish, last chunk", kStream,
       HelloThen({FinishChunk(), UsageChunk()}) + LastChunk(), After::kKeep, Ok("Hello")},
  };
}

std::vector<Row> Errors() {
  const auto then_done = [](std::vector<std::string> events) {
    events.push_back(kDone);
    return HelloThen(events) + LastChunk();
  };
  return {
      {"finish reason error", kStream, then_done({FinishChunk("error")}), After::kKeep,
       StreamError("INTERNAL", "", "Hello")},
      {"error after usage", kStream, then_done({FinishChunk(), UsageChunk(), kErrorPlain}),
       After::kKeep, StreamError("INTERNAL", "", "Hello")},
      {"JSON error where a stream was asked", kStream, JsonResponse(kError429), After::kKeep,
       StreamError("RESOURCE_EXHAUSTED", "429")},
      {"JSON answer where a stream was asked", kStream, support::ChatAnswer("Hello"), After::kKeep,
       Ok("Hello")},
      {"JSON type with rubbish", kStream, JsonResponse("rubbish"), After::kKeep, ProtocolError()},
      {"bare JSON error with stream's type", kStream, Bare("text/event-stream", kError429),
       After::kKeep, StreamError("RESOURCE_EXHAUSTED", "429")},
      {"bare JSON answer with stream's type", kStream,
       Bare("text/event-stream", support::ChatAnswerBody("Hello")), After::kKeep, Ok("Hello")},
  };
}

std::vector<Row> Anomalies() {
  const std::string finished = HelloThen({FinishChunk()});
  const std::string done = Chunk(SseEvent(kDone));
  return {
      {"events after done in one chunk", kStream,
       finished + Chunk(SseEvent(kDone) + SseEvent(ContentChunk("late"))) + LastChunk(),
       After::kKeep, Ok("Hello")},
      {"content after finish", kStream, HelloThen({FinishChunk(), ContentChunk("!"), kDone}),
       After::kClose, Ok("Hello!")},
      {"a second finish reason", kStream, HelloThen({FinishChunk(), FinishChunk("length"), kDone}),
       After::kClose, Ok("Hello")},
      {"a choice that nobody asked for", kStream,
       HelloThen({ContentChunk("b", 3), FinishChunk(), kDone}), After::kClose, Ok("Hello")},
      {"103 before the answer", kStream,
       "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + finished + done + LastChunk(),
       After::kKeep, Ok("Hello")},
      {"one lone surrogate is repaired", kStream,
       HelloThen({ContentChunk("\\ud83d"), FinishChunk(), kDone}), After::kClose,
       Ok("Hello\xEF\xBF\xBD")},
      {"a surrogate pair in two events", kStream,
       HelloThen({ContentChunk("\\ud83d"), ContentChunk("\\ude00"), FinishChunk(), kDone}),
       After::kClose, Ok("Hello\xF0\x9F\x98\x80")},
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
  for (const auto& part : {EndMarks(), Errors(), Anomalies()}) {
    rows.insert(rows.end(), part.begin(), part.end());
  }
  return rows;
}

}  // namespace sparkgate::faults
