// Every fault, the moments at which it strikes, and what the caller must see each time. A further
// fault is one row of a table below.
#include "tests/faults/fault.h"
#include "tests/support/answers.h"
#include "tests/support/http_text.h"

namespace sparkgate::faults {
namespace {

using M = Moment;
using support::Chunk;
using support::SseEvent;
using Cells = std::vector<Cell>;

// --- The connection goes away --------------------------------------------------------------------

// Nobody can tell whether an upstream that has read nothing was about to: the kernel took it.
Expected NotSeenOrLost() {
  Expected expected = TryAgain("UPSTREAM_UNREACHABLE");
  expected.or_else = {Lost()};
  return expected;
}

Cells CutInChunks() {
  return {
      {M::kBeforeRequest, kAny, NotSeenOrLost()},
      {M::kBeforeAnswer, kAny, Lost()},
      {M::kInStatusLine, kAny, Lost()},
      {M::kInHeaders, kAny, Truncated()},
      {M::kAfterHeaders, kAny, Truncated()},
      {M::kInEvent, kStream, Truncated("Hel").With(2, 0)},
      {M::kInEvent, kChat, Truncated()},
      {M::kInChunk, kStream, Truncated("Hel").With(2, 0)},
      {M::kInChunk, kChat, Truncated()},
      {M::kBetweenEvents, kStream, Truncated("Hello").With(3, 0)},
      {M::kAfterFinish, kStream, Truncated("Hello").With(4, 1)},
      {M::kInDone, kStream, Truncated("Hello").With(4, 1)},
      {M::kAfterDone, kStream, Ok("Hello").With(4, 1)},
      {M::kAfterDone, kChat, Truncated()},
      {M::kAfterEnd, kAny, Ok("Hello")},
  };
}

// As many bytes as Content-Length says are the end.
Cells CutInLength() {
  return {
      {M::kAfterHeaders, kAny, Truncated()},
      {M::kInEvent, kStream, Truncated("Hel").With(2, 0)},
      {M::kInEvent, kChat, Truncated()},
      {M::kAfterFinish, kStream, Truncated("Hello").With(4, 1)},
      {M::kInDone, kStream, Truncated("Hello").With(4, 1)},
      {M::kAfterEnd, kAny, Ok("Hello")},
  };
}

// Nothing but [DONE], or a whole JSON object, says that such a body is whole.
Cells CutInClose(const Expected& whole_chat) {
  return {
      {M::kAfterHeaders, kAny, Truncated()},
      {M::kInEvent, kStream, Truncated("Hel").With(2, 0)},
      {M::kInEvent, kChat, Truncated()},
      {M::kBetweenEvents, kStream, Truncated("Hello").With(3, 0)},
      {M::kAfterFinish, kStream, Truncated("Hello").With(4, 1)},
      {M::kInDone, kStream, Truncated("Hello").With(4, 1)},
      {M::kAfterDone, kStream, Ok("Hello").With(4, 1)},
      {M::kAfterDone, kChat, whole_chat},
  };
}

std::vector<Fault> Cuts() {
  constexpr auto kLength = Framing::kLength;
  constexpr auto kClose = Framing::kClose;
  constexpr auto kTls = Transport::kTls;
  return {
      {"FIN", After::kClose, CutInChunks()},
      {"RST", After::kReset, CutInChunks()},
      {"TLS cut without close_notify", After::kCut, CutInChunks(), "", Framing::kChunks, kTls},
      {"rubbish below TLS", After::kRubbish, CutInChunks(), "", Framing::kChunks, kTls},
      {"FIN, Content-Length", After::kClose, CutInLength(), "", kLength},
      {"RST, Content-Length", After::kReset, CutInLength(), "", kLength},
      {"TLS cut, Content-Length", After::kCut, CutInLength(), "", kLength, kTls},
      {"FIN, HTTP/1.0", After::kClose, CutInClose(Ok("Hello")), "", kClose},
      {"RST, HTTP/1.0", After::kReset, CutInClose(Truncated()), "", kClose},
      // The object itself says that it is whole; libcurl does not tell this end from a FIN.
      {"TLS cut, HTTP/1.0", After::kCut, CutInClose(Ok("Hello")), "", kClose, kTls},
  };
}

// --- The connection stays, and the answer does not go on -----------------------------------------

// The short timers: first content and content gap 1 s, idle 700 ms, end grace 300 ms, the whole
// call 2.5 s.
constexpr char kFirst[] = "for the first content";
constexpr char kNext[] = "for the next content";
constexpr char kByte[] = "for any byte at all";

Cells Silent() {
  return {
      {M::kBeforeRequest, kStream, Stalled().Saying(kFirst)},
      {M::kBeforeRequest, kChat, MaxCallTime()},
      {M::kBeforeAnswer, kStream, Stalled().Saying(kFirst)},
      {M::kBeforeAnswer, kChat, MaxCallTime()},
      {M::kInStatusLine, kStream, Stalled().Saying(kFirst)},
      {M::kInStatusLine, kChat, MaxCallTime()},
      {M::kInHeaders, kStream, Stalled().Saying(kFirst)},
      {M::kInHeaders, kChat, MaxCallTime()},
      {M::kAfterHeaders, kStream, Stalled().Saying(kFirst)},
      {M::kAfterHeaders, kChat, MaxCallTime()},
      {M::kInEvent, kStream, Stalled("Hel").With(2, 0).Saying(kByte)},
      {M::kInEvent, kChat, MaxCallTime()},
      {M::kInChunk, kStream, Stalled("Hel").With(2, 0).Saying(kByte)},
      {M::kBetweenEvents, kStream, Stalled("Hello").With(3, 0).Saying(kByte)},
      // All that was asked for is there: `end_grace` waits for an end.
      {M::kAfterFinish, kStream, Ok("Hello").With(4, 1)},
      {M::kInDone, kStream, Ok("Hello").With(4, 1)},
      {M::kAfterDone, kStream, Ok("Hello").With(4, 1)},
      {M::kAfterDone, kChat, MaxCallTime()},
      {M::kAfterEnd, kAny, Ok("Hello")},
  };
}

// Bytes that are no content: `idle` never ends it.
Cells Trickle() {
  return {
      {M::kAfterHeaders, kStream, Stalled().Saying(kFirst)},
      {M::kAfterHeaders, kChat, MaxCallTime()},
      {M::kInEvent, kStream, Stalled("Hel").With(2, 0).Saying(kNext)},
      {M::kInEvent, kChat, MaxCallTime()},
      {M::kBetweenEvents, kStream, Stalled("Hello").With(3, 0).Saying(kNext)},
      {M::kAfterFinish, kStream, Ok("Hello").With(4, 1)},
      {M::kAfterDone, kStream, Ok("Hello").With(4, 1)},
      {M::kAfterDone, kChat, MaxCallTime()},
  };
}

Cells TrickleOfEvents() {
  return {
      {M::kAfterHeaders, kStream, Stalled().Saying(kFirst)},
      {M::kBetweenEvents, kStream, Stalled("Hello").Saying(kNext)},
      {M::kAfterFinish, kStream, Ok("Hello")},
      {M::kAfterDone, kStream, Ok("Hello").With(4, 1)},
  };
}

Cells TrickleOfHead() {
  return {
      {M::kInHeaders, kStream, Stalled().Saying(kFirst)},
      {M::kInHeaders, kChat, MaxCallTime()},
  };
}

std::vector<Fault> Stalls() {
  const auto slow = [](std::string name, Cells cells, std::string again, int pace_ms = 20) {
    Fault fault{std::move(name), After::kForEver, std::move(cells)};
    fault.again = std::move(again);
    fault.pace = std::chrono::milliseconds(pace_ms);
    fault.timers = Timers::kShort;
    return fault;
  };
  Fault silence{"silence", After::kSilence, Silent()};
  silence.timers = Timers::kShort;
  Cells interim = TrickleOfHead();
  for (Cell& cell : interim) cell.moment = M::kBeforeAnswer;
  return {
      silence,
      slow("comments for ever", TrickleOfEvents(), Chunk(": ping\n\n")),
      slow("empty deltas for ever", TrickleOfEvents(), Chunk(SseEvent(support::ContentChunk("")))),
      slow("a byte of the body per 50 ms", Trickle(), Chunk(" "), 50),
      slow("a byte of the headers per 50 ms", TrickleOfHead(), "p", 50),
      slow("103 for ever", interim, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
  };
}

// --- What comes is no HTTP -----------------------------------------------------------------------

Cells BadFraming() {
  return {
      {M::kAfterHeaders, kAny, ProtocolError()},
      {M::kInEvent, kStream, ProtocolError("Hel").With(2, 0)},
      {M::kInEvent, kChat, ProtocolError()},
      {M::kBetweenEvents, kStream, ProtocolError("Hello").With(3, 0)},
      {M::kAfterFinish, kStream, ProtocolError("Hello").With(4, 1)},
      {M::kInDone, kStream, ProtocolError("Hello").With(4, 1)},
      {M::kAfterDone, kStream, Ok("Hello").With(4, 1)},
      {M::kAfterDone, kChat, ProtocolError()},
      {M::kAfterEnd, kAny, Ok("Hello")},
  };
}

Cells LastChunkTooEarly() {
  return {
      {M::kAfterHeaders, kStream, Truncated()},
      {M::kAfterHeaders, kChat, ProtocolError()},
      {M::kInEvent, kStream, Truncated("Hel").With(2, 0)},
      {M::kInEvent, kChat, ProtocolError()},
      {M::kBetweenEvents, kStream, Truncated("Hello").With(3, 0)},
      {M::kAfterFinish, kStream, Ok("Hello").With(4, 1)},
      {M::kAfterDone, kAny, Ok("Hello")},
  };
}

Cells InsteadOfAHead() { return {{M::kBeforeAnswer, kAny, ProtocolError()}}; }
Cells AmongHeaders() { return {{M::kInHeaders, kAny, ProtocolError()}}; }

std::vector<Fault> BrokenHttp() {
  const std::string second = support::StreamAnswer({"other"});
  std::string many;
  for (int i = 0; i < 1000; ++i)
    many += "\r\nX-Many-" + std::to_string(i) + ": " + std::string(90, 'x');
  return {
      {"a chunk length that is no number", After::kKeep, BadFraming(), "zz\r\ndata"},
      {"a chunk length over 64 bits", After::kKeep, BadFraming(), "fffffffffffffffff0\r\ndata"},
      {"a second response inside the body", After::kKeep, BadFraming(), second},
      {"the last chunk too early", After::kKeep, LastChunkTooEarly(), support::LastChunk()},
      {"no HTTP at all", After::kClose, InsteadOfAHead(), "hello\r\n\r\n"},
      {"a binary greeting", After::kClose, InsteadOfAHead(),
       std::string("\x16\x03\x01\x00\x05\x01", 6)},
      {"101", After::kKeep, InsteadOfAHead(),
       "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"},
      {"a header line of 70 KiB", After::kKeep, AmongHeaders(),
       "pe: " + std::string(70 * 1024, 'x') + "\r\nContent-Length: 2\r\n\r\n{}"},
      {"a header line of 200 KiB", After::kKeep, AmongHeaders(),
       "pe: " + std::string(200 * 1024, 'x') + "\r\nContent-Length: 2\r\n\r\n{}"},
      {"headers of 100 KiB in all", After::kKeep, AmongHeaders(),
       "pe: text/event-stream" + many + "\r\nContent-Length: 2\r\n\r\n{}"},
      {"a header with a zero byte", After::kKeep, AmongHeaders(),
       "pe: a" + std::string(1, 0) + "b\r\nContent-Length: 2\r\n\r\n{}"},
      {"a negative Content-Length", After::kKeep, AmongHeaders(),
       "pe: application/json\r\nContent-Length: -2\r\n\r\n{}"},
  };
}

// --- What comes is no answer ---------------------------------------------------------------------

// An event that ends the call.
Cells BadEvent() {
  return {
      {M::kAfterHeaders, kStream, ProtocolError()},
      {M::kInEvent, kStream, ProtocolError("Hel").With(2, 0)},
      {M::kBetweenEvents, kStream, ProtocolError("Hello").With(3, 0)},
      {M::kAfterFinish, kStream, ProtocolError("Hello").With(4, 1)},
      {M::kAfterDone, kStream, Ok("Hello").With(4, 1)},
  };
}

Cells TooLarge() {
  Cells cells = BadEvent();
  cells.push_back({M::kAfterHeaders, kChat, ProtocolError().Saying("an answer over")});
  cells.push_back({M::kInEvent, kChat, ProtocolError().Saying("an answer over")});
  return cells;
}

Cells ErrorEvent(const std::string& code, const std::string& upstream_code) {
  return {
      {M::kAfterHeaders, kStream, StreamError(code, upstream_code)},
      {M::kBetweenEvents, kStream, StreamError(code, upstream_code, "Hello").With(3, 0)},
      {M::kAfterFinish, kStream, StreamError(code, upstream_code, "Hello").With(4, 1)},
      {M::kAfterDone, kStream, Ok("Hello").With(4, 1)},
  };
}

Cells DoneTooEarly() {
  return {
      {M::kAfterHeaders, kStream, ProtocolError()},
      {M::kInEvent, kStream, ProtocolError("Hel").With(2, 0)},
      {M::kBetweenEvents, kStream, Ok("Hello").With(3, 0)},
      {M::kAfterDone, kStream, Ok("Hello").With(4, 1)},
  };
}

Cells BehindTheEnd() {
  return {
      {M::kAfterDone, kStream, Ok("Hello").With(4, 1)},
      {M::kAfterEnd, kAny, Ok("Hello")},
  };
}

// The data of one event, and what the caller must see.
struct BadData {
  const char* name;
  std::string data;
};

std::vector<Fault> BadEvents() {
  const BadData kinds[] = {
      {"an event that is no JSON", "{\"id\": oops"},
      {"an event nested 70 levels deep",
       "{\"x\":" + std::string(70, '[') + std::string(70, ']') + "}"},
      {"an event whose choices are no list", "{\"choices\":{}}"},
      {"an event whose delta is no object", R"({"choices":[{"index":0,"delta":7}]})"},
      {"an event over the limit", support::ContentChunk(std::string(kMaxEventBytes, 'x'))},
  };
  std::vector<Fault> faults;
  for (const BadData& kind : kinds) {
    faults.push_back({kind.name, After::kKeep, BadEvent(), Chunk(SseEvent(kind.data))});
  }
  return faults;
}

std::vector<Fault> BadAnswers() {
  const auto event = [](const char* data) { return Chunk(SseEvent(data)); };
  return {
      {"16 MiB without an end", After::kKeep, TooLarge(),
       Chunk("data: " + std::string(16 << 20, 'x'))},
      {"[DONE] too early", After::kKeep, DoneTooEarly(), event("[DONE]")},
      {"error event 429", After::kKeep, ErrorEvent("RESOURCE_EXHAUSTED", "429"),
       event(R"({"error":{"message":"too many","type":"rate_limit","code":429}})")},
      {"error event 503: no UNAVAILABLE", After::kKeep, ErrorEvent("ABORTED", "503"),
       event(R"({"error":{"message":"overloaded","code":503}})")},
      {"error event, its code as text", After::kKeep, ErrorEvent("INVALID_ARGUMENT", "400"),
       event(R"({"error":{"message":"no","code":"400"}})")},
      {"error event without a code", After::kClose, ErrorEvent("INTERNAL", ""),
       event(R"({"error":{"message":"something broke"}})")},
      {"error event as bare text", After::kKeep, ErrorEvent("INTERNAL", ""),
       event(R"({"error":"something broke"})")},
      {"event: error", After::kKeep, ErrorEvent("INTERNAL", ""),
       Chunk("event: error\ndata: {\"message\":\"it broke\"}\n\n")},
      {"more events behind the end", After::kClose, BehindTheEnd(),
       event(R"({"choices":[{"index":0,"delta":{"content":"late"}}]})")},
      {"rubbish behind the end", After::kKeep, BehindTheEnd(), "\r\n\r\nrubbish"},
      {"a second response behind the end", After::kKeep, BehindTheEnd(),
       support::StreamAnswer({"other"}) + support::ChatAnswer("other")},
  };
}

}  // namespace

std::vector<Row> FaultRows() {
  std::vector<Row> rows;
  for (const auto& part : {Cuts(), Stalls(), BrokenHttp(), BadEvents(), BadAnswers()}) {
    for (const Fault& fault : part) {
      const std::vector<Row> more = RowsOf(fault);
      rows.insert(rows.end(), more.begin(), more.end());
    }
  }
  return rows;
}

}  // namespace sparkgate::faults
