#include <deque>
#include <string>

#include "tests/floods/flood.h"
#include "tests/floods/http2.h"
#include "tests/floods/peer.h"

namespace sparkgate::floods {
namespace {

// 12 KiB each, up to max_calls; as many as they like for peers that ignore SETTINGS, but then most
// of them are refused.
constexpr Memory kOpenStreams{64, 384};

// Connections that begin like this and fall silent. gRPC gives each a time for its SETTINGS.
std::string Silent(const Target& target) {
  std::deque<Peer> peers;
  for (int i = 0; i < 1000; ++i) peers.emplace_back(target.port);
  for (int i = 0; i < 100; ++i) peers.emplace_back(target.port).Send(kPreface.substr(0, 12));
  for (int i = 0; i < 100; ++i) peers.emplace_back(target.port).Send(kPreface);
  int ended = 0;
  for (Peer& peer : peers) ended += peer.AwaitEnd() == "open" ? 0 : 1;
  return std::to_string(ended) + " ended";
}

std::string Rubbish(const Target& target, std::string_view bytes) {
  Peer peer(target.port);
  peer.Send(bytes);
  return peer.AwaitEnd();
}

// The number of a client's call, counted from 0, on its connection.
uint32_t StreamOf(int call) { return static_cast<uint32_t>(2 * call + 1); }

// Streams that stay open, on one connection; then the connection goes.
std::string OpenStreams(const Target& target, int count,
                        Peer::Settings settings = Peer::Settings::kConfirmed) {
  Peer peer(target.port);
  peer.Greet(settings);
  // Sent together: on a slow machine the first would be late before the last is there.
  std::string headers;
  for (int i = 0; i < count; ++i) headers += HeaderFrames(StreamOf(i), RequestHeaders(kStreamChat));
  peer.Send(headers);
  return peer.State();
}

// Calls of one connection whose headers are all there before the first message, as a busy client's
// are. No flood: all are served.
std::string MessagesBehindAllHeaders(const Target& target, int count) {
  Peer peer(target.port);
  peer.Greet();
  std::string headers;
  std::string messages;
  for (int i = 0; i < count; ++i) {
    headers += HeaderFrames(StreamOf(i), RequestHeaders(kStreamChat));
    messages += Frame(kData, kEndStream, StreamOf(i), Message(target.request));
  }
  peer.Send(headers);
  if (peer.State() != "open") return "no connection";
  peer.Send(messages);
  int served = 0;
  for (int i = 0; i < count; ++i) {
    const std::string end = peer.AwaitStream(StreamOf(i));
    // HPACK repeats what was there: another status than the first would not be one seen before.
    if (end != "status 0" && end != "a status seen before") {
      return end + " for call " + std::to_string(i);
    }
    ++served;
  }
  return std::to_string(served) + " served";
}

}  // namespace

std::vector<Flood> ConnectionFloods() {
  return {
      {"1,200 silent connections, 200 half greeted", Silent, "1200 ended"},
      {"HTTP/1.1",
       [](const Target& target) { return Rubbish(target, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); },
       "ended"},
      {"1 MiB of rubbish",
       [](const Target& target) { return Rubbish(target, std::string(1 << 20, '\xa5')); }, "ended"},
      {"600 calls, each message behind all headers",
       [](const Target& target) { return MessagesBehindAllHeaders(target, 600); }, "600 served", "",
       Memory{0, 64}},
      {"1,000 streams without a message",
       [](const Target& target) { return OpenStreams(target, 1000); }, "open"},
      {"20,000 streams without a message",
       [](const Target& target) { return OpenStreams(target, 20000); }, "ended", "", kOpenStreams},
      {"20,000 streams without a message, SETTINGS ignored",
       [](const Target& target) { return OpenStreams(target, 20000, Peer::Settings::kIgnored); },
       "open", "", kOpenStreams},
  };
}

}  // namespace sparkgate::floods
