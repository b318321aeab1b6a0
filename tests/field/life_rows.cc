// Neighbours of the cases: events that only keep the connection open, against the timers. They are
// bytes, so that nothing is idle, and no content.
#include <chrono>
#include <thread>

#include "tests/field/rows.h"

namespace sparkgate::tolerance {
namespace {

using support::Chunk;
using support::Connection;

constexpr std::chrono::milliseconds kPace{20};

std::string Data(const std::string& data) { return Chunk("data: " + data + "\n\n"); }

// `first`, then `again` until the server leaves.
Replay ForEver(const std::string& name, const std::string& first, const std::string& again,
               Timers timers, const std::string& seen) {
  return Script(
             name,
             [=](Connection& connection) {
               connection.Send(support::SseHead() + first);
               while (connection.Send(again)) std::this_thread::sleep_for(kPace);
             },
             seen)
      .OnlyStream()
      .With(timers);
}

// `first`, then `again` for longer than a short timer, then the rest of the answer.
Replay Waits(const std::string& name, const std::string& first, const std::string& again,
             const std::string& rest, Timers timers, const std::string& seen) {
  return Script(
             name,
             [=](Connection& connection) {
               connection.Send(support::SseHead() + first);
               const auto until = std::chrono::steady_clock::now() +
                                  std::chrono::milliseconds(kShortTimerMs * 3 / 2);
               while (std::chrono::steady_clock::now() < until) {
                 connection.Send(again);
                 std::this_thread::sleep_for(kPace);
               }
               connection.Send(Chunk(rest + Finish() + kDone) + support::LastChunk());
             },
             seen)
      .OnlyStream()
      .With(timers);
}

}  // namespace

std::vector<Replay> LifeNeighbours() {
  std::vector<Replay> rows;
  for (const char* data : {": PROCESSING", "\"\"", "null", "ping"}) {
    const std::string name = std::string("data ") + data;
    const std::string again = Data(data);
    rows.push_back(ForEver(name + " for ever before the first text", "", again,
                           Timers::kShortFirstContent, Stalled()));
    rows.push_back(ForEver(name + " for ever between two texts", Chunk(Hi()), again,
                           Timers::kShortGap, Stalled(" / 0 assistant 'Hi' -")));
    rows.push_back(Waits(name + " is life between two texts", Chunk(Hi()), again, Text("!"),
                         Timers::kShortIdle, "OK / 0 assistant 'Hi!' stop"));
    rows.push_back(Waits(name + " is life before the first text", "", again, Hi(),
                         Timers::kShortIdle, "OK / 0 assistant 'Hi' stop"));
  }
  return rows;
}

}  // namespace sparkgate::tolerance
