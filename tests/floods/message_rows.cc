#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/floods/flood.h"
#include "tests/floods/http2.h"
#include "tests/floods/peer.h"

namespace sparkgate::floods {
namespace {

// As one stored block: what matters is that it is valid.
std::string Gzip(std::string_view bytes) {
  const auto little_endian = [](uint32_t value, int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text.push_back(static_cast<char>(value >> (8 * i)));
    return text;
  };
  uint32_t crc = 0xffffffff;
  for (const unsigned char byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? 0xedb88320 : 0);
  }
  const uint32_t size = static_cast<uint32_t>(bytes.size());
  return std::string("\x1f\x8b\x08\0\0\0\0\0\0\x03\x01", 11) + little_endian(size, 2) +
         little_endian(~size, 2) + std::string(bytes) + little_endian(~crc, 4) +
         little_endian(size, 4);
}

// One request; `data`: what goes into its only DATA frame.
Flood Request(std::string name, std::string block, std::function<std::string(const Target&)> data,
              std::string seen) {
  return {std::move(name),
          [=](const Target& target) {
            Peer peer(target.port);
            peer.Greet().Send(HeaderFrames(1, block) + Frame(kData, kEndStream, 1, data(target)));
            const std::string end = peer.AwaitStream(1);
            return end + "; " + peer.State();
          },
          std::move(seen)};
}

Flood Body(std::string name, std::function<std::string(const Target&)> data, std::string seen) {
  return Request(std::move(name), RequestHeaders(kStreamChat), std::move(data), std::move(seen));
}

Flood Path(std::string name, const std::string& path, std::string seen) {
  return Request(
      std::move(name), RequestHeaders(path),
      [](const Target& target) { return Message(target.request); }, std::move(seen));
}

// A part of a message of 32 MiB on each of so many streams, one connection for each, and then
// nothing.
std::string HalfRequests(const Target& target, int count, const std::string& path) {
  constexpr size_t kHalf = 1 << 20;
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < count; ++i) {
    peers.push_back(std::make_unique<Peer>(target.port));
    std::string bytes = HeaderFrames(1, RequestHeaders(path));
    std::string data = MessagePrefix(0, 31 << 20) + std::string(kHalf, '\0');
    for (size_t at = 0; at < data.size(); at += kMaxFrame) {
      bytes += Frame(kData, kNone, 1, data.substr(at, kMaxFrame));
    }
    // Beyond the window nothing is taken: what fits suffices.
    peers.back()->Greet().Send(bytes, std::chrono::milliseconds(200));
  }
  std::string first;
  for (auto& peer : peers) {
    const std::string end = peer->AwaitStream(1);
    if (first.empty()) first = end;
    if (end != first) return end + " and " + first;
  }
  return first;
}

Flood HalfRow(std::string name, const std::string& path) {
  return {name + ", then nothing, on 8 connections",
          [path](const Target& target) { return HalfRequests(target, 8, path); },
          "status 4",
          "",
          {0, 32}};
}

constexpr char kChat[] = "/sparkgate.v1.ChatService/Chat";
constexpr char kListModels[] = "/sparkgate.v1.ModelService/ListModels";

// A message that is announced as so large, 100 bytes of it, and then nothing. gRPC looks at the
// size when the message is whole; until then --request_timeout holds, and only what came is kept.
Flood Announced(const std::string& name, uint32_t bytes, const std::string& path) {
  return {
      "a message of " + name + " is announced and does not come",
      [=](const Target& target) {
        Peer peer(target.port);
        peer.Greet().Send(HeaderFrames(1, RequestHeaders(path)) +
                          Frame(kData, kNone, 1, MessagePrefix(0, bytes) + std::string(100, 'x')));
        const std::string end = peer.AwaitStream(1);
        return end + "; " + peer.State();
      },
      "status 4; open",
      "",
      {0, 2}};
}

// A right request with this grpc-timeout.
Flood Deadline(const std::string& timeout, const std::string& path, const std::string& seen) {
  return Request(
      "grpc-timeout " + timeout + " for " + path.substr(path.rfind('/') + 1),
      RequestHeaders(path, {{"grpc-timeout", timeout}}),
      [](const Target& t) { return Message(t.request); }, seen);
}

std::vector<Flood> Announcements() {
  return {
      Announced("2 GiB for StreamChat", 1u << 31, kStreamChat),
      Announced("2 GiB for Chat", 1u << 31, kChat),
      Announced("2 GiB for ListModels", 1u << 31, kListModels),
      Announced("4 GiB for Chat", 0xffffffff, kChat),
      Announced("33 MiB for Chat", 33u << 20, kChat),
      Announced("101 bytes for Chat", 101, kChat),
  };
}

std::vector<Flood> Deadlines() {
  std::vector<Flood> rows;
  for (const char* path : {kChat, kStreamChat}) {
    // The largest of each unit, and what grpc-go writes for its longest time.
    for (const char* timeout : {"99999999H", "2562048H", "99999999M", "99999999S", "99999999m",
                                "2562047H", "8760H", "87600H"}) {
      rows.push_back(Deadline(timeout, path, "status 0; open"));
    }
    rows.push_back(Deadline("0S", path, "status 4; open"));
  }
  return rows;
}

}  // namespace

std::vector<Flood> MessageFloods() {
  std::vector<Flood> rows = {
      {"half a request, then nothing, on 50 connections",
       [](const Target& target) { return HalfRequests(target, 50, kStreamChat); },
       "status 4",
       "",
       {0, 128}},
      HalfRow("half a question to the debug service", "/sparkgate.v1.DebugService/ExplainChat"),
      HalfRow("half a question to reflection",
              "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"),
      HalfRow("half a question for the health", "/grpc.health.v1.Health/Check"),
      HalfRow("half a watch of the health", "/grpc.health.v1.Health/Watch"),
      Body(
          "a right request", [](const Target& t) { return Message(t.request); }, "status 0; open"),
      Body(
          "a message that claims 4 GiB",
          [](const Target& t) { return MessagePrefix(0, 0xffffffff) + t.request; },
          "status 3; open"),
      {"a message that claims 4 GiB and is waited for",
       [](const Target& target) {
         Peer peer(target.port);
         peer.Greet().Send(HeaderFrames(1, RequestHeaders(kStreamChat)) +
                           Frame(kData, kNone, 1, MessagePrefix(0, 0xffffffff) + target.request));
         return peer.AwaitStream(1, std::chrono::milliseconds(1000)) + "; " + peer.State();
       },
       "nothing; open"},
      Body(
          "a message that claims 31 MiB and ends",
          [](const Target& t) { return MessagePrefix(0, 31 << 20) + t.request; }, "status 3; open"),
      Body(
          "a message that claims less than is sent",
          [](const Target& t) { return MessagePrefix(0, 2) + t.request; }, "status 3; open"),
      Body(
          "two messages where one is due",
          [](const Target& t) { return Message(t.request) + Message(t.request); },
          "status 0; open"),
      Body(
          "half a prefix", [](const Target&) { return std::string(3, '\0'); }, "status 3; open"),
      Body(
          "no message", [](const Target&) { return std::string(); }, "status 3; open"),
      Body(
          "the compressed flag without an encoding",
          [](const Target& t) {
            return MessagePrefix(1, static_cast<uint32_t>(t.request.size())) + t.request;
          },
          "status 0; open"),
      Body(
          "a flag that does not exist",
          [](const Target& t) {
            return MessagePrefix(0x80, static_cast<uint32_t>(t.request.size())) + t.request;
          },
          "status 3; open"),
      Request(
          "gzip announced, not sent", RequestHeaders(kStreamChat, {{"grpc-encoding", "gzip"}}),
          [](const Target& t) {
            return MessagePrefix(1, static_cast<uint32_t>(t.request.size())) + t.request;
          },
          "status 12; open"),
      Request(
          "gzip of a right message", RequestHeaders(kStreamChat, {{"grpc-encoding", "gzip"}}),
          [](const Target& t) {
            const std::string packed = Gzip(t.request);
            return MessagePrefix(1, static_cast<uint32_t>(packed.size())) + packed;
          },
          "status 12; open"),
      Request(
          "a deadline of nonsense", RequestHeaders(kStreamChat, {{"grpc-timeout", "x9999999"}}),
          [](const Target& t) { return Message(t.request); }, "status 0; open"),
      Request(
          "GET", RequestHeaders(kStreamChat, {{":method", "GET"}}),
          [](const Target& t) { return Message(t.request); }, "status 2; open"),
      Request(
          "another content type", RequestHeaders(kStreamChat, {{"content-type", "text/html"}}),
          [](const Target& t) { return Message(t.request); }, "status 0; open"),
      Path("an unknown method", "/sparkgate.v1.ChatService/Nope", "status 12; open"),
      Path("a path with control bytes", "/sparkgate.v1\r\n.Chat\x01Service/\x7f",
           "status 12; open"),
      Path("a path with a zero byte", std::string("/a\0b", 4), "status 12; open"),
      Path("an empty path", "", "status 12; open"),
      Path("a path of 15 KB", "/" + std::string(15000, 'p'), "status 12; open"),
  };
  for (auto& more : {Announcements(), Deadlines()}) {
    rows.insert(rows.end(), more.begin(), more.end());
  }
  return rows;
}

}  // namespace sparkgate::floods
