#include <string>
#include <utility>

#include "tests/floods/flood.h"
#include "tests/floods/http2.h"
#include "tests/floods/peer.h"

namespace sparkgate::floods {
namespace {

using Settings = Peer::Settings;

constexpr size_t kMib = 1 << 20;
constexpr char kNewest = '\xbe';  // a reference to the newest entry of the dynamic table
constexpr char kHeaderMemory[] = "CVE-2023-33953";
constexpr char kAbort[] = "CVE-2023-1428";

// One request with these headers.
Flood Headers(std::string name, std::string block, std::string seen, std::string known_as = "",
              Settings settings = Settings::kConfirmed) {
  return {std::move(name),
          [=](const Target& target) {
            Peer peer(target.port);
            peer.Greet(settings).Send(HeaderFrames(1, block) +
                                      Frame(kData, kEndStream, 1, Message(target.request)));
            const std::string end = peer.AwaitStream(1);
            return end + "; " + peer.State();
          },
          std::move(seen), std::move(known_as)};
}

// Ordinary fields, 40 KiB in several frames.
std::string FortyKib() {
  std::string block;
  for (int i = 0; i < 40; ++i) block += Header("x-" + std::to_string(i), std::string(1000, 'v'));
  return block;
}

// What `block` leaves of a frame, filled with references to a field of 4 KB: the limit of a header
// list is one of what the fields mean.
std::string AndTooMany(std::string block) {
  block += IndexedHeader("x-many", std::string(4000, 'v'));
  return block + std::string(kMaxFrame - block.size(), kNewest);
}

// A header block of `size` bytes whose end never comes: `first`, then `part` again and again.
Flood Endless(std::string name, size_t size, std::string first, std::string part, std::string seen,
              Memory memory = {}) {
  return {std::move(name),
          [=](const Target& target) {
            Peer peer(target.port);
            // Confirmed or not makes no difference but in how large a part may be.
            peer.Greet(Settings::kIgnored).Send(Frame(kHeaders, kNone, 1, first));
            const std::string frame = Frame(kContinuation, kNone, 1, part);
            for (size_t sent = 0; sent < size && peer.Send(frame); sent += part.size()) {
            }
            return peer.AwaitEnd(std::chrono::milliseconds(500));
          },
          std::move(seen), kHeaderMemory, memory};
}

std::string FilledWith(const std::string& field) {
  std::string part;
  while (part.size() + field.size() <= kMaxFrame) part += field;
  return part;
}

// The beginning of a field whose value has `length` bytes, without them.
std::string Announce(uint32_t length, int padding = 0) {
  return '\0' + Integer(3, 7) + "x-a" + Integer(length, 7, 0, padding);
}

// A call that runs on the connection on which another sends `block`.
Flood BesideACall(std::string name, std::string block, std::string seen, std::string known_as) {
  return {
      std::move(name),
      [=](const Target& target) {
        Peer peer(target.port);
        peer.Greet().Send(HeaderFrames(1, RequestHeaders(kStreamChat)));
        peer.Send(HeaderFrames(3, block) + Frame(kData, kEndStream, 3, Message(target.request)));
        peer.AwaitStream(3);
        const std::string state = peer.State();
        const std::string other = peer.Stream(1);
        return "the other call: " + (other.empty() ? "runs" : other) + "; " + state;
      },
      std::move(seen), std::move(known_as)};
}

// A request that is refused enters a field into the table; what does the next one get?
std::string TableAfterTooMany(const Target& target) {
  Peer peer(target.port);
  peer.Greet();
  const std::string block = RequestHeaders(kStreamChat) + IndexedHeader("x-1", "old");
  peer.Send(HeaderFrames(1, AndTooMany(block)) +
            HeaderFrames(3, Header(":method", "POST") + Reference(62), kEndStream));
  return peer.State();
}

std::vector<Flood> EndlessFloods() {
  const std::string request = RequestHeaders(kStreamChat);
  const std::string large = IndexedHeader("x-a", std::string(4000, 'v'));
  return {
      Endless("CONTINUATION for ever, 16 MiB of fields", 16 * kMib, request,
              FilledWith(Header("x-a", "value")), "open", {64, 384}),
      Endless("CONTINUATION for ever, 2 MiB of one value", 2 * kMib, request + Announce(64 * kMib),
              std::string(kMaxFrame, 'v'), "open"),
      Endless("1 MiB of references to one field", kMib, request + large,
              std::string(kMaxFrame, kNewest), "ended"),
      Endless("64 KiB of references, one in a frame", 64 * 1024, request + large,
              std::string(1, kNewest), "open"),
      Endless("a number padded with 8 KB", 0, request + Announce(1000, 8000), "", "open"),
      Endless("a number padded with 1 MiB", kMib, request + '\0' + Integer(3, 7) + "x-a" + "\x7f",
              std::string(kMaxFrame, '\x80'), "open"),
  };
}

}  // namespace

std::vector<Flood> HeaderFloods() {
  const std::string request = RequestHeaders(kStreamChat);
  const std::string bad_te = RequestHeaders(kStreamChat, {{"te", "x"}});
  const std::string bad_scheme = RequestHeaders(kStreamChat, {{":scheme", "x"}});
  const std::string balancer = request + Header("grpclb_client_stats", "x");
  std::vector<Flood> floods = {
      Headers("40 headers of 1 KB", request + FortyKib(), "status 0; open"),
      Headers("too many headers", AndTooMany(request), "status 8; ended"),
      Headers("bad te", bad_te, "status 2; open"),
      Headers("bad te, too many headers", AndTooMany(bad_te), "status 8; ended", kAbort),
      Headers("bad te, too many headers, SETTINGS ignored", AndTooMany(bad_te), "status 8; ended",
              kAbort, Settings::kIgnored),
      Headers("bad te, 40 headers of 1 KB", bad_te + FortyKib(), "status 2; open", kAbort),
      Headers("bad :scheme", bad_scheme, "status 2; open"),
      Headers("bad :scheme, too many headers", AndTooMany(bad_scheme), "status 8; ended", kAbort),
      Headers("grpclb_client_stats, too many headers", AndTooMany(balancer), "status 8; ended",
              kAbort),
      BesideACall("40 headers of 1 KB beside a call", request + FortyKib(),
                  "the other call: runs; open", ""),
      BesideACall("too many headers beside a call", AndTooMany(request),
                  "the other call: status 8; ended", ""),
      BesideACall("bad base64 in x-bin beside a call",
                  RequestHeaders(kStreamChat, {{"x-bin", "!!!"}}),
                  "the other call: status 14; ended", "CVE-2023-32732"),
      {"a table entry of a request with too many headers", TableAfterTooMany, "ended",
       "CVE-2023-32731"},
      Headers("a table index that is not there", request + Reference(100), "status 14; ended"),
      Headers("a table size of 4 GiB", Integer(0xffffffff, 5, 0x20) + request, "status 14; ended"),
      Headers("a header name in capitals", request + Header("X-A", "b"), "status 0; open"),
      Headers("a header with control bytes", request + Header("x-a", "b\r\nc: d"),
              "status 0; open"),
      Headers("connection: close", request + Header("connection", "close"), "status 0; open"),
  };
  for (Flood& flood : EndlessFloods()) floods.push_back(std::move(flood));
  return floods;
}

}  // namespace sparkgate::floods
