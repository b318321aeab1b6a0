#include "tests/floods/http2.h"

#include <algorithm>

namespace sparkgate::floods {
namespace {

std::string Text(std::string_view text) {
  return Integer(static_cast<uint32_t>(text.size()), 7) + std::string(text);
}

}  // namespace

std::string Number(uint32_t value, int bytes) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    text.push_back(static_cast<char>(value >> shift));
  }
  return text;
}

std::string FrameHead(size_t length, FrameType type, uint8_t flags, uint32_t stream) {
  return Number(static_cast<uint32_t>(length), 3) + Number(type, 1) + Number(flags, 1) +
         Number(stream, 4);
}

std::string Frame(FrameType type, uint8_t flags, uint32_t stream, std::string_view payload) {
  return FrameHead(payload.size(), type, flags, stream) + std::string(payload);
}

std::string RstStream(uint32_t stream) {
  constexpr uint32_t kCancel = 8;
  return Frame(kRstStream, kNone, stream, Number(kCancel, 4));
}

std::string Integer(uint32_t value, int prefix_bits, uint8_t first, int padding) {
  const uint32_t limit = (1u << prefix_bits) - 1;
  if (value < limit && padding == 0) return std::string(1, static_cast<char>(first | value));
  std::string bytes(1, static_cast<char>(first | limit));
  uint32_t rest = value - limit;
  for (; rest >= 128; rest >>= 7) bytes.push_back(static_cast<char>(rest | 0x80));
  if (padding == 0) return bytes + static_cast<char>(rest);
  bytes.push_back(static_cast<char>(rest | 0x80));
  bytes.append(static_cast<size_t>(padding) - 1, static_cast<char>(0x80));
  return bytes + '\0';
}

std::string Header(std::string_view name, std::string_view value) {
  return '\0' + Text(name) + Text(value);
}

std::string IndexedHeader(std::string_view name, std::string_view value) {
  return '\x40' + Text(name) + Text(value);
}

std::string Reference(uint32_t index) { return Integer(index, 7, 0x80); }

std::string RequestHeaders(std::string_view path, const Fields& changes) {
  Fields fields = {{":method", "POST"},
                   {":scheme", "http"},
                   {":path", std::string(path)},
                   {":authority", "localhost"},
                   {"content-type", "application/grpc"},
                   {"te", "trailers"}};
  for (const auto& change : changes) {
    const auto same = std::find_if(fields.begin(), fields.end(),
                                   [&](const auto& field) { return field.first == change.first; });
    if (same == fields.end()) {
      fields.push_back(change);
    } else {
      same->second = change.second;
    }
  }
  std::string block;
  for (const auto& [name, value] : fields) block += Header(name, value);
  return block;
}

std::string MessagePrefix(uint8_t compressed, uint32_t length) {
  return Number(compressed, 1) + Number(length, 4);
}

std::string Message(std::string_view bytes) {
  return MessagePrefix(0, static_cast<uint32_t>(bytes.size())) + std::string(bytes);
}

std::string HeaderFrames(uint32_t stream, std::string_view block, uint8_t flags) {
  std::string frames;
  FrameType type = kHeaders;
  do {
    const std::string_view part = block.substr(0, kMaxFrame);
    block.remove_prefix(part.size());
    const uint8_t end = block.empty() ? kEndHeaders : kNone;
    frames += Frame(type, flags | end, stream, part);
    type = kContinuation;
    flags = kNone;
  } while (!block.empty());
  return frames;
}

}  // namespace sparkgate::floods
