#include <chrono>
#include <thread>

#include "tests/endings/row.h"
#include "tests/support/answers.h"
#include "tests/support/http_text.h"

namespace sparkgate::endings {
namespace {

using support::Chunk;
using support::Connection;
using support::ContentChunk;
using support::FinishChunk;
using support::RoleChunk;
using support::SseEvent;
using support::SseHead;

// Says this and then nothing, until the server gives up.
std::function<void(Connection&)> ThenSilence(const std::string& bytes) {
  return [bytes](Connection& connection) {
    connection.Send(bytes);
    connection.WaitForPeerClose();
  };
}

// Says `first`, then `again` at a pace that keeps an idle timer from firing, until the server
// leaves.
std::function<void(Connection&)> ThenForEver(const std::string& first, const std::string& again) {
  return [first, again](Connection& connection) {
    connection.Send(first);
    while (connection.Send(again)) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    connection.WaitForPeerClose();
  };
}

Row Silent(const std::string& name, std::function<void(Connection&)> script, Expected expected) {
  Row row{name, kStream, "", After::kKeep, std::move(expected)};
  row.script = std::move(script);
  row.timers = Timers::kShort;
  return row;
}

}  // namespace

std::vector<Row> TimerRows() {
  const std::string role = SseHead() + Chunk(SseEvent(RoleChunk()));
  const std::string hello = role + Chunk(SseEvent(ContentChunk("Hello")));
  const std::string comment = Chunk(": ping\n\n");
  return {
      Silent("19 nothing at all", ThenSilence(""), Stalled()),
      Silent("19 a head, then nothing", ThenSilence(SseHead()), Stalled()),
      Silent("19 half a head, then nothing", ThenSilence("HTTP/1.1 200 OK\r\nCont"), Stalled()),
      Silent("19 103 only", ThenSilence("HTTP/1.1 103 Early Hints\r\n\r\n"), Stalled()),
      Silent("19 a role, then nothing", ThenSilence(role), Stalled()),
      Silent("19 text, then nothing", ThenSilence(hello), Stalled("Hello")),
      Silent("19 half an event, then nothing", ThenSilence(hello + Chunk("data: {")),
             Stalled("Hello")),
      Silent("19 finished, then nothing", ThenSilence(hello + Chunk(SseEvent(FinishChunk()))),
             Stalled("Hello")),
      Silent("19 text, then empty deltas for ever",
             ThenForEver(hello, Chunk(SseEvent(ContentChunk("")))), Stalled("Hello")),
      Silent("21 comments for ever", ThenForEver(SseHead(), comment), Stalled()),
      Silent("21 text, then comments for ever", ThenForEver(hello, comment), Stalled("Hello")),
      Silent("20 done, and the connection stays open",
             ThenSilence(hello + Chunk(SseEvent(FinishChunk())) + Chunk(SseEvent("[DONE]"))),
             Ok("Hello")),
  };
}

}  // namespace sparkgate::endings
