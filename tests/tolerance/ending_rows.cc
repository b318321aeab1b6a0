// Streams without events, cut, or with an error or rubbish in them; and what follows the end.
#include "tests/tolerance/replay.h"

namespace sparkgate::tolerance {
namespace {

using support::Chunk;
using After = Replay::After;

constexpr char kHi[] = " / 0 assistant 'Hi' -";

std::vector<Replay> NoEnd() {
  return {
      Stream("01 200, event-stream, no event, clean end", "", Truncated()),
      Stream("01 200, event-stream, comments only, clean end", ": ping\n\n:\n\n", Truncated()),
      Stream("01 200, event-stream, no event, FIN", "", Truncated()).Then(After::kFin),
      Stream("01 only DONE", kDone, Malformed()),
      Stream("02 a clean end, no finish reason, no DONE", Hi(), Truncated(kHi)),
      Stream("02 FIN, no finish reason, no DONE", Hi(), Truncated(kHi)).Then(After::kFin),
      // What had been held because it could have been the last leaves all the same.
      Stream("02 FIN behind the finish reason", Hi() + Finish(),
             Truncated(" / 0 assistant 'Hi' stop"))
          .Then(After::kFin),
      Stream("02 a clean end behind a finish reason of one of two", Hi() + Finish(),
             Truncated(" / 0 assistant 'Hi' stop"))
          .Endpoint(R"(,"n":2)"),
  };
}

struct InStream {
  const char* name;
  const char* event;  // its data
  const char* code;   // gRPC's
};

// With and without a DONE behind it, as the first event and in the middle.
std::vector<Replay> ErrorEvents() {
  static constexpr InStream kErrors[] = {
      {"code as a number",
       R"({"error":{"message":"no","type":"invalid_request_error","code":400}})",
       "INVALID_ARGUMENT"},
      {"code as text 400", R"({"error":{"message":"no","code":"400"}})", "INVALID_ARGUMENT"},
      {"code as text 500, of a proxy whose upstream was cut",
       R"({"error":{"message":"litellm.APIError: cut","type":null,"param":null,"code":"500"}})",
       "INTERNAL"},
      {"code null", R"({"error":{"message":"no","type":"server_error","param":null,"code":null}})",
       "INTERNAL"},
      {"without a code", R"({"error":{"message":"no"}})", "INTERNAL"},
      {"503: no UNAVAILABLE", R"({"error":{"message":"overloaded","code":503}})", "ABORTED"},
      {"prompt too long",
       R"({"error":{"message":"This model's maximum context length is 8 tokens","type":"BadRequestError","code":400}})",
       "INVALID_ARGUMENT"},
      {"error as bare text", R"({"error":"no"})", "INTERNAL"},
      {"object: error", R"({"object":"error","message":"no","code":500})", "INTERNAL"},
      {"detail", R"({"detail":"no"})", "INTERNAL"},
      {"lone surrogate, as a proxy died of it",
       R"({"error":{"message":"str is not valid UTF-8: surrogates not allowed","code":"500"}})",
       "INTERNAL"},
  };
  std::vector<Replay> rows;
  for (const InStream& error : kErrors) {
    const std::string name = std::string("03 error event, ") + error.name;
    const std::string event = Event(error.event);
    rows.push_back(Stream(name, Hi() + event, StreamError(error.code, kHi)));
    rows.push_back(
        Stream(name + ", then DONE", Hi() + event + kDone, StreamError(error.code, kHi)));
    rows.push_back(Stream(name + ", first", event, StreamError(error.code)));
    rows.push_back(Stream(name + ", first, then DONE", event + kDone, StreamError(error.code)));
  }
  return rows;
}

std::vector<Replay> Rubbish() {
  const std::string broken = Event("{malformed json: <<<chaos>>>");
  return {
      Stream("16 one broken line, the stream goes on to DONE",
             Hi() + broken + Text("!") + Finish() + kDone, Malformed(kHi)),
      Stream("16 the first line is broken", broken + Hi() + Finish() + kDone, Malformed()),
      Stream("16 a line that is cut", Hi() + "data: {\"id\":\"c\",\"choi\n\n" + Finish() + kDone,
             Malformed(kHi)),
      Stream("16 broken behind the finish reason", Hi() + Finish() + broken + kDone,
             Malformed(" / 0 assistant 'Hi' stop")),
      Stream("16 broken behind DONE: nobody looks", Hi() + Finish() + kDone + broken,
             "OK / 0 assistant 'Hi' stop"),
  };
}

std::vector<Replay> Cuts() {
  const std::string head = support::SseHead();
  const std::string hi = head + Chunk(Role()) + Chunk(Text("H")) + Chunk(Text("i"));
  const auto cut = [](const std::string& name, const std::string& bytes, const std::string& seen) {
    Replay row = Response(name, bytes, seen).OnlyStream();
    row.after = After::kFin;
    return row;
  };
  return {
      Response("12 closed before any byte", "", "ABORTED UPSTREAM_CONNECTION_LOST, may have run")
          .Then(After::kFin),
      Response("12 reset before any byte", "", "ABORTED UPSTREAM_CONNECTION_LOST, may have run")
          .Then(After::kReset),
      cut("12 cut inside the head", "HTTP/1.1 200 OK\r\nContent-Type: text/ev", Truncated()),
      cut("12 cut inside a chunk", hi + "100\r\ndata: {\"id\":", Truncated(kHi)),
      cut("12 cut inside a chunk's length", hi + "10", Truncated(kHi)),
      cut("12 cut before the last chunk's end", hi + Chunk(Finish()) + "0\r\n",
          Truncated(" / 0 assistant 'Hi' stop")),
      cut("12 cut inside DONE", hi + Chunk(Finish()) + "e\r\ndata: [DO",
          Truncated(" / 0 assistant 'Hi' stop")),
      cut("12 DONE, then cut inside its chunk", hi + Chunk(Finish()) + "20\r\n" + kDone,
          "OK / 0 assistant 'Hi' stop"),
      Stream("12 reset in the middle", Hi(), Truncated(kHi)).Then(After::kReset),
      Stream("12 reset behind DONE", Hi() + Finish() + kDone, "OK / 0 assistant 'Hi' stop")
          .Then(After::kReset),
      Response("12 a body that is cut, Chat",
               support::Head(200, "Content-Type: application/json\r\nContent-Length: 500\r\n") +
                   R"({"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"Hi)",
               Truncated())
          .OnlyChat()
          .Then(After::kFin),
      Response("12 a body in chunks that is cut, Chat",
               support::ChunkedHead("application/json") + Chunk(Message(R"("content":"Hi")")),
               Truncated())
          .OnlyChat()
          .Then(After::kReset),
  };
}

}  // namespace

std::vector<Replay> EndingRows() {
  std::vector<Replay> rows;
  for (const auto& part : {NoEnd(), ErrorEvents(), Rubbish(), Cuts()}) {
    rows.insert(rows.end(), part.begin(), part.end());
  }
  return rows;
}

}  // namespace sparkgate::tolerance
