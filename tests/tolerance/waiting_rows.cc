// Silence, comments and sockets that stay open. The pauses of minutes that were seen are shrunk
// with the server's flags: what matters is which timer runs.
#include <chrono>
#include <thread>

#include "tests/tolerance/replay.h"

namespace sparkgate::tolerance {
namespace {

using support::Chunk;
using support::Connection;
using Bytes = std::string;

constexpr char kHi[] = " / 0 assistant 'Hi' -";
constexpr char kOkHi[] = "OK / 0 assistant 'Hi' stop";
constexpr char kPing[] = ": ping - 2026-11-21 10:00:15.000000+00:00\n\n";

void Pace() { std::this_thread::sleep_for(std::chrono::milliseconds(20)); }

// Sends `again` for as much longer as a short timer lasts, so that it has run out if it runs.
void Outlast(Connection& connection, const Bytes& again) {
  const auto until =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(kShortTimerMs * 3 / 2);
  while (std::chrono::steady_clock::now() < until) {
    if (!again.empty()) connection.Send(again);
    Pace();
  }
}

// `first`, then `again` for longer than a short timer, then `last`.
Replay Waits(const std::string& name, const Bytes& first, const Bytes& again, const Bytes& last,
             Timers timers, const std::string& seen) {
  return Script(
             name,
             [=](Connection& connection) {
               connection.Send(first);
               Outlast(connection, again);
               connection.Send(last);
             },
             seen)
      .OnlyStream()
      .With(timers);
}

// `first`, then `again` until the server leaves.
Replay ForEver(const std::string& name, const Bytes& first, const Bytes& again, Timers timers,
               const std::string& seen, const std::string& says) {
  return Script(
             name,
             [=](Connection& connection) {
               connection.Send(first);
               if (again.empty()) {
                 connection.WaitForPeerClose();
                 return;
               }
               while (connection.Send(again)) Pace();
             },
             seen)
      .OnlyStream()
      .With(timers)
      .Says(says);
}

Bytes Begun() { return support::SseHead() + Chunk(Hi()); }
Bytes Rest() { return Chunk(Text("!") + Finish() + kDone) + support::LastChunk(); }
Bytes WholeAnswer() {
  return support::SseHead() + Chunk(Hi() + Finish() + kDone) + support::LastChunk();
}

std::vector<Replay> Comments() {
  const Bytes head = support::SseHead(), ping = Chunk(kPing), colon = Chunk(":\n\n");
  const Bytes answer = Chunk(Hi() + Finish() + kDone) + support::LastChunk();
  return {
      Waits("05 comments before the first event are life", head, colon, answer, Timers::kShortIdle,
            kOkHi),
      Waits("05 pings before the first event are life", head, ping, answer, Timers::kShortIdle,
            kOkHi),
      Waits("05 pings in the middle are life", Begun(), ping, Rest(), Timers::kShortIdle,
            "OK / 0 assistant 'Hi!' stop"),
      ForEver("05 comments only are no first content", head, colon, Timers::kShortFirstContent,
              Stalled(), "for the first content"),
      ForEver("05 pings only are no first content", head, ping, Timers::kShortFirstContent,
              Stalled(), "for the first content"),
      ForEver("05 a role and pings are no first content", head + Chunk(Role()), ping,
              Timers::kShortFirstContent, Stalled(" / 0 assistant -"), "for the first content"),
      ForEver("05 pings in the middle are no content", Begun(), ping, Timers::kShortGap,
              Stalled(kHi), "for the next content"),
      Waits("05 silence before the first content has its own limit", head + ping, "", answer,
            Timers::kShortIdle, kOkHi),
      ForEver("05 silence in the middle is no life", Begun(), "", Timers::kShortIdle, Stalled(kHi),
              "for any byte"),
  };
}

// Three limits: connecting, the first content, and any byte once there was one.
std::vector<Replay> Queues() {
  return {
      Waits("06 no headers for longer than the idle limit", "", "", WholeAnswer(),
            Timers::kShortIdle, kOkHi),
      Waits("06 no headers for longer than the gap limit", "", "", WholeAnswer(), Timers::kShortGap,
            kOkHi),
      Waits("06 headers at once, the first token after the idle limit", support::SseHead(), "",
            Chunk(Hi() + Finish() + kDone) + support::LastChunk(), Timers::kShortIdle, kOkHi),
      Waits("06 headers at once, the first token after the gap limit", support::SseHead(), "",
            Chunk(Hi() + Finish() + kDone) + support::LastChunk(), Timers::kShortGap, kOkHi),
      Waits("06 the first content is here, its limit is over", Begun(), "", Rest(),
            Timers::kShortFirstContent, "OK / 0 assistant 'Hi!' stop"),
      ForEver("06 no headers at all", "", "", Timers::kShortFirstContent, Stalled(),
              "for the first content"),
      ForEver("06 headers and nothing else", support::SseHead(), "", Timers::kShortFirstContent,
              Stalled(), "for the first content"),
  };
}

// The upstream says no more and does not close; the call is over all the same.
Replay StaysOpen(const std::string& name, const Bytes& bytes, const std::string& seen) {
  return Script(
             name,
             [bytes](Connection& connection) {
               connection.Send(bytes);
               connection.WaitForPeerClose();
             },
             seen)
      .OnlyStream();
}

std::vector<Replay> OpenSockets() {
  const Bytes events = Hi() + Finish() + kDone;
  return {
      Stream("12 the socket stays open behind the last chunk", events, kOkHi)
          .Headers("Connection: keep-alive\r\nKeep-Alive: timeout=6\r\n")
          .Chat(Message(R"("content":"Hi")")),
      StaysOpen("12 the socket stays open behind DONE, without a last chunk",
                support::SseHead("Connection: keep-alive\r\n") + Chunk(events), kOkHi),
      StaysOpen("12 the socket stays open behind DONE, HTTP/1.0",
                "HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + events, kOkHi),
      StaysOpen("12 the socket stays open behind an error event",
                support::SseHead() + Chunk(Hi() + Event(R"({"error":{"message":"no"}})")),
                StreamError("INTERNAL", kHi)),
  };
}

}  // namespace

std::vector<Replay> WaitingRows() {
  std::vector<Replay> rows;
  for (const auto& part : {Comments(), Queues(), OpenSockets()}) {
    rows.insert(rows.end(), part.begin(), part.end());
  }
  return rows;
}

}  // namespace sparkgate::tolerance
