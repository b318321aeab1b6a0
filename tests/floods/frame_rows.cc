#include <string>
#include <thread>
#include <utility>

#include "tests/floods/flood.h"
#include "tests/floods/http2.h"
#include "tests/floods/peer.h"

namespace sparkgate::floods {
namespace {

using std::chrono::milliseconds;

// Streams that were reset are freed only when the connection has nothing to read for a moment: how
// many gather depends on who is faster.
constexpr Memory kResetStreams{0, 288};  // 13 KiB each
constexpr Memory kThousandCalls{0, 64};  // of ours, at once
constexpr char kTooManyPings[] = "ended, GOAWAY 11 too_many_pings";
constexpr char kRapidReset[] = "CVE-2023-44487";

std::string Times(int count, const std::string& bytes) {
  std::string all;
  all.reserve(bytes.size() * static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) all += bytes;
  return all;
}

std::string OpenStream(uint32_t stream) {
  return HeaderFrames(stream, RequestHeaders(kStreamChat));
}

// The same bytes again and again, behind `first`.
Flood Repeat(std::string name, int count, std::string bytes, std::string seen,
             std::string first = "") {
  return {std::move(name),
          [=](const Target& target) {
            Peer peer(target.port);
            peer.Greet().Send(first + Times(count, bytes));
            return peer.State();
          },
          std::move(seen)};
}

// For half a second nobody reads the answers.
Flood Unread(std::string name, int count, std::string bytes, std::string seen, Memory memory) {
  return {std::move(name),
          [=](const Target& target) {
            Peer peer(target.port, Peer::Manners::kNeverReads);
            peer.Greet().Send(Times(count, bytes), milliseconds(1000));
            std::this_thread::sleep_for(milliseconds(500));
            const std::string state = peer.State();
            return state.substr(0, state.find(','));  // a GOAWAY may be lost with the connection
          },
          std::move(seen), "", memory};
}

// `each` opens a stream of this number and has it end.
Flood Streams(std::string name, int count, std::function<std::string(const Target&, uint32_t)> each,
              std::string seen, std::string known_as, Memory memory = {}) {
  return {std::move(name),
          [=](const Target& target) {
            Peer peer(target.port);
            peer.Greet();
            for (int i = 0; i < count; ++i) {
              if (!peer.Send(each(target, static_cast<uint32_t>(2 * i + 1)))) break;
            }
            return peer.State();
          },
          std::move(seen), std::move(known_as), memory};
}

std::string OpenAndReset(const Target&, uint32_t stream) {
  return OpenStream(stream) + RstStream(stream);
}

std::string AskAndReset(const Target& target, uint32_t stream) {
  return OpenStream(stream) + Frame(kData, kEndStream, stream, Message(target.request)) +
         RstStream(stream);
}

// The server has to end what its peer has not reset.
std::string AskAndGoOn(const Target& target, uint32_t stream) {
  const std::string data = Frame(kData, kEndStream, stream, Message(target.request));
  return OpenStream(stream) + data + data;
}

std::string AskAndBreak(const Target& target, uint32_t stream) {
  return OpenStream(stream) + Frame(kData, kNone, stream, Message(target.request)) +
         Frame(kWindowUpdate, kNone, stream, Number(0, 4));
}

}  // namespace

std::vector<Flood> StreamFloods() {
  return {
      Streams("1,000 HEADERS, RST_STREAM", 1000, OpenAndReset, "open", kRapidReset),
      Streams("20,000 HEADERS, RST_STREAM", 20000, OpenAndReset, "open", kRapidReset,
              kResetStreams),
      Streams("1,000 whole requests, RST_STREAM", 1000, AskAndReset, "open", kRapidReset),
      Streams("10,000 whole requests, RST_STREAM", 10000, AskAndReset, "open", kRapidReset,
              kResetStreams),
      Streams("1,000 whole requests, DATA behind the end", 1000, AskAndGoOn, "open",
              "CVE-2025-8671", kThousandCalls),
      Streams("1,000 whole requests, WINDOW_UPDATE of 0", 1000, AskAndBreak, "ended",
              "CVE-2025-8671"),
  };
}

std::vector<Flood> FrameFloods() {
  const std::string ping = Frame(kPing, kNone, 0, "12345678");
  const std::string settings = Frame(kSettings, kNone, 0, "");
  return {
      Repeat("1,000 PING", 1000, ping, kTooManyPings),
      Unread("100,000 PING, answers not read", 100000, ping, "ended", {0, 96}),
      Repeat("1,000 SETTINGS", 1000, settings, "open"),
      Unread("100,000 SETTINGS, answers not read", 100000, settings, "open", {}),
      Repeat("1,000 empty DATA", 1000, Frame(kData, kNone, 1, ""), "open", OpenStream(1)),
      Repeat("1,000 WINDOW_UPDATE", 1000, Frame(kWindowUpdate, kNone, 0, Number(1, 4)), "open"),
      Repeat("1,000 WINDOW_UPDATE of a stream", 1000, Frame(kWindowUpdate, kNone, 1, Number(1, 4)),
             "open", OpenStream(1)),
      Repeat("WINDOW_UPDATE beyond the limit", 2,
             Frame(kWindowUpdate, kNone, 0, Number(0x7fffffff, 4)), "open"),
      Repeat("1,000 PRIORITY", 1000, Frame(kPriority, kNone, 1, Number(0, 4) + "\x10"), "open"),
      Repeat("1,000 RST_STREAM of no stream", 1000, RstStream(1), "open"),
      Repeat("1,000 GOAWAY", 1000, Frame(kGoaway, kNone, 0, std::string(8, '\0')), "open"),
      Repeat("1,000 frames of an unknown type", 1000,
             Frame(static_cast<FrameType>(0x2a), kNone, 0, "unknown"), "open"),
      Repeat("1,000 DATA for a closed stream", 1000, Frame(kData, kNone, 1, Message("late")),
             "open", OpenStream(1) + RstStream(1)),
      Repeat("a stream number below the last", 1, OpenStream(1), "open",
             OpenStream(3) + RstStream(3)),
      Repeat("a stream number that is the server's", 1, OpenStream(2), "open"),
      {"a frame larger than the setting",
       [](const Target& target) {
         Peer peer(target.port);
         peer.Greet(Peer::Settings::kIgnored).Send(OpenStream(1));
         peer.Send(Frame(kData, kNone, 1, std::string(1 << 20, 'x')));
         return peer.State();
       },
       "ended"},
      Repeat("a PING that announces 16 MiB", 1, FrameHead(0xffffff, kPing, kNone, 0), "ended"),
  };
}

}  // namespace sparkgate::floods
