// Right requests that are made to cost much, by a stock client: what the peer of bytes would have
// to keep windows for.
#include <zlib.h>

#include <cstdint>
#include <string>

#include "sparkgate/v1/request.pb.h"
#include "tests/floods/flood.h"
#include "tests/floods/http2.h"
#include "tests/floods/peer.h"
#include "tests/support/caller.h"

namespace sparkgate::floods {
namespace {

constexpr char kChat[] = "/sparkgate.v1.ChatService/Chat";

// So many zero bytes, as gzip: a thousandth of them.
std::string GzipOfZeros(size_t bytes) {
  const std::string zeros(bytes, '\0');
  std::string packed(bytes / 500 + 100, '\0');
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(zeros.data()));
  stream.avail_in = static_cast<uInt>(zeros.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

// Valid gzip, within the limit of a message when it is expanded: gRPC would expand it first.
std::string SendGzip(const Target& target) {
  const std::string packed = GzipOfZeros(15 << 20);
  Peer peer(target.port);
  peer.Greet().Send(
      HeaderFrames(1, RequestHeaders(kChat, {{"grpc-encoding", "gzip"}})) +
      Frame(kData, kEndStream, 1, MessagePrefix(1, static_cast<uint32_t>(packed.size())) + packed));
  const std::string end = peer.AwaitStream(1);
  return end + "; " + peer.State();
}

std::string Send(const Target& target, const std::string& request) {
  support::Caller caller("127.0.0.1:" + std::to_string(target.port));
  const support::CallResult result = caller.StartRaw(kChat, request).Wait();
  return result.name + (result.reason.empty() ? "" : " " + result.reason);
}

// Two bytes each, of which protobuf makes objects of a hundred and more.
std::string SendEmptyMessages(const Target& target) {
  std::string request;
  for (int i = 0; i < 15 << 20; ++i) request += std::string("\x12\0", 2);
  return Send(target, request);
}

// Keys of one length, in falling order, each of which has to be known from all others.
std::string SendManyKeys(const Target& target) {
  std::string json = "{";
  for (int i = 60'000; i > 0; --i) {
    json += (json.size() > 1 ? ",\"" : "\"") + std::to_string(1'000'000'000 + i) + "\":0";
  }
  v1::ChatRequest request;
  request.ParseFromString(target.request);
  request.set_extra_body_json(json + "}");
  return Send(target, request.SerializeAsString());
}

}  // namespace

std::vector<Flood> CostlyFloods() {
  return {
      {"15 KiB of gzip that become 15 MiB", SendGzip, "status 12; open", "", {0, 4}, 0.5},
      {"30 MiB of empty messages",
       SendEmptyMessages,
       "INVALID_ARGUMENT REQUEST_TOO_LARGE",
       "",
       {0, 128},
       2},
      {"60,000 keys in one object", SendManyKeys, "OK", "", {0, 32}, 1},
  };
}

}  // namespace sparkgate::floods
