#ifndef SPARKGATE_TESTS_TOLERANCE_REPLAY_H_
#define SPARKGATE_TESTS_TOLERANCE_REPLAY_H_

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/http_text.h"
#include "tests/support/scripted_connection.h"

namespace sparkgate::tolerance {

// The server's flags that a replay needs. Each shrinks one timer and leaves the others alone, so
// that the status tells which one ended the call.
enum class Timers { kUsual, kShortFirstContent, kShortGap, kShortIdle, kShortEndGrace };

inline constexpr int kShortTimerMs = 600;

// One answer as a server was seen to give it, and what a caller must see of it. A further replay is
// one row in a *_rows.cc.
//
// The events of a stream are written as they stand on the wire; the test plays them in every way in
// which they can be cut: one event per read, two in one HTTP chunk, all of them in one read, one
// byte at a time. `seen` is what Summary (summary.h) makes of the call's end and all its messages.
struct Replay {
  std::string name;  // the number of what must be survived, and which form of it
  std::string seen;

  std::string events = {};   // StreamChat's answer, 200 and in chunks
  std::string headers = {};  // of that answer, whole lines beside the type and the coding
  std::string type = "text/event-stream";
  enum class After { kLastChunk, kFin, kReset } after = After::kLastChunk;

  std::string chat = {};  // Chat's answer, a body of JSON
  bool raw = false;       // the whole response is `bytes`, for both RPCs
  std::string bytes = {};
  bool only_chat = false;
  bool only_stream = false;
  // Instead of all that, for both RPCs unless the row says otherwise; the request has been read.
  std::function<void(support::Connection&)> script = nullptr;

  std::string request = {};  // further members of the request, each with a comma before it
  std::string says = {};     // a piece of the status's message
  std::vector<std::string> never_says = {};
  Timers timers = Timers::kUsual;

  Replay&& Chat(std::string body) && { return Set(&Replay::chat, std::move(body)); }
  Replay&& Endpoint(std::string members) && { return Set(&Replay::request, std::move(members)); }
  Replay&& Says(std::string piece) && { return Set(&Replay::says, std::move(piece)); }
  Replay&& Headers(std::string lines) && { return Set(&Replay::headers, std::move(lines)); }
  Replay&& Type(std::string value) && { return Set(&Replay::type, std::move(value)); }
  Replay&& Then(After how) && { return Set(&Replay::after, how); }
  Replay&& With(Timers which) && { return Set(&Replay::timers, which); }
  Replay&& OnlyChat() && { return Set(&Replay::only_chat, true); }
  Replay&& OnlyStream() && { return Set(&Replay::only_stream, true); }
  Replay&& NeverSays(std::vector<std::string> pieces) && {
    return Set(&Replay::never_says, std::move(pieces));
  }

 private:
  template <typename Value>
  Replay&& Set(Value Replay::*member, Value value) {
    this->*member = std::move(value);
    return std::move(*this);
  }
};

// A stream. A line feed at the beginning is no part of it: raw strings begin on a line of their
// own.
inline Replay Stream(std::string name, std::string_view events, std::string seen) {
  if (!events.empty() && events.front() == '\n') events.remove_prefix(1);
  Replay replay;
  replay.name = std::move(name);
  replay.events = std::string(events);
  replay.seen = std::move(seen);
  replay.only_stream = true;
  return replay;
}

// The same response to both RPCs.
inline Replay Response(std::string name, std::string bytes, std::string seen) {
  Replay replay;
  replay.name = std::move(name);
  replay.raw = true;
  replay.bytes = std::move(bytes);
  replay.seen = std::move(seen);
  return replay;
}

inline Replay Error(std::string name, int status, std::string_view type, std::string_view body,
                    std::string seen) {
  std::string headers = "Content-Type: ";
  headers += type;
  headers += "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  return Response(std::move(name), support::Head(status, headers) + std::string(body),
                  std::move(seen));
}

inline Replay Script(std::string name, std::function<void(support::Connection&)> script,
                     std::string seen) {
  Replay replay;
  replay.name = std::move(name);
  replay.script = std::move(script);
  replay.seen = std::move(seen);
  return replay;
}

// --- Pieces of streams, for what has no form of its own -----------------------------------------

inline constexpr char kDone[] = "data: [DONE]\n\n";
inline constexpr char kUsage[] =
    R"("usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3})";

inline std::string Event(const std::string& data) { return support::SseEvent(data); }
// A chunk with these choices; `more` are members of its own, each with a comma before it.
inline std::string Choices(const std::string& choices, const std::string& more = "") {
  return Event(R"({"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[)" +
               choices + "]" + more + "}");
}
inline std::string Delta(const std::string& members, int index = 0) {
  return Choices("{\"index\":" + std::to_string(index) + ",\"delta\":{" + members +
                 "},\"finish_reason\":null}");
}
inline std::string Text(const std::string& text, int index = 0) {
  return Delta("\"content\":\"" + text + "\"", index);
}
inline std::string Role(int index = 0) { return Delta(R"("role":"assistant")", index); }
inline std::string Finish(const std::string& reason = "stop", int index = 0,
                          const std::string& delta = "") {
  return Choices("{\"index\":" + std::to_string(index) + ",\"delta\":{" + delta +
                 "},\"finish_reason\":\"" + reason + "\"}");
}
// Usage on a chunk of its own.
inline std::string Usage() { return Choices("", std::string(",") + kUsage); }
// "Hi", in two chunks.
inline std::string Hi() { return Role() + Text("H") + Text("i"); }
// A whole answer of Chat with this message; `more` as for Choices.
inline std::string Message(const std::string& members, const std::string& finish = "stop",
                           const std::string& more = "") {
  return R"({"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant",)" +
         members + "},\"finish_reason\":\"" + finish + "\"}]" + more + "}";
}

// --- What callers see ---------------------------------------------------------------------------

// As Summary words it. `then`: " / " and what was delivered.
inline std::string Truncated(const std::string& then = "") {
  return "ABORTED UPSTREAM_STREAM_TRUNCATED, may have run" + then;
}
inline std::string Malformed(const std::string& then = "") {
  return "INTERNAL UPSTREAM_PROTOCOL_ERROR, may have run" + then;
}
inline std::string Stalled(const std::string& then = "") {
  return "ABORTED UPSTREAM_STALLED, may have run" + then;
}
inline std::string StreamError(const std::string& code, const std::string& then = "") {
  return code + " UPSTREAM_STREAM_ERROR, may have run" + then;
}

// Those that replay_player.cc plays; each test that links it has its own.
std::vector<Replay> RowsToPlay();

std::vector<Replay> ServerRows();   // the streams of known servers, side by side
std::vector<Replay> EndingRows();   // ends, cuts and errors in streams
std::vector<Replay> DeltaRows();    // what deltas look like
std::vector<Replay> RefusalRows();  // statuses that are none of 200, and 200s that are no stream
std::vector<Replay> WaitingRows();  // comments, queues, open sockets

}  // namespace sparkgate::tolerance

#endif  // SPARKGATE_TESTS_TOLERANCE_REPLAY_H_
