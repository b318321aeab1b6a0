#ifndef SPARKGATE_TESTS_FLOODS_HTTP2_H_
#define SPARKGATE_TESTS_FLOODS_HTTP2_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// HTTP/2 as bytes, right or wrong as the caller of these functions likes.
namespace sparkgate::floods {

enum FrameType : uint8_t {
  kData = 0,
  kHeaders = 1,
  kPriority = 2,
  kRstStream = 3,
  kSettings = 4,
  kPing = 6,
  kGoaway = 7,
  kWindowUpdate = 8,
  kContinuation = 9,
};
enum Flag : uint8_t { kNone = 0, kEndStream = 1, kAck = 1, kEndHeaders = 4 };

inline constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
inline constexpr size_t kFrameHead = 9;
inline constexpr size_t kMaxFrame = 16384;  // as long as no SETTINGS said otherwise

// Big-endian.
std::string Number(uint32_t value, int bytes);

std::string Frame(FrameType type, uint8_t flags, uint32_t stream, std::string_view payload);
// A frame's head that announces so many bytes.
std::string FrameHead(size_t length, FrameType type, uint8_t flags, uint32_t stream);
std::string RstStream(uint32_t stream);

// HPACK's integer with a prefix of so many bits; `first`: the bits above it. `padding`: so many
// bytes that add nothing.
std::string Integer(uint32_t value, int prefix_bits, uint8_t first = 0, int padding = 0);
// Not Huffman-coded. As a literal without indexing, or one that enters the dynamic table.
std::string Header(std::string_view name, std::string_view value);
std::string IndexedHeader(std::string_view name, std::string_view value);
// A field by its place in the table; 62 is the newest entry of the dynamic one.
std::string Reference(uint32_t index);

using Fields = std::vector<std::pair<std::string, std::string>>;

// The fields of a gRPC request, in order; `changes` replace fields of their name, else are added.
std::string RequestHeaders(std::string_view path, const Fields& changes = {});

// A gRPC message behind its prefix.
std::string Message(std::string_view bytes);
// A prefix that says what it likes.
std::string MessagePrefix(uint8_t compressed, uint32_t length);

// HEADERS, and behind it CONTINUATION as often as needed; `flags`: of HEADERS, beside END_HEADERS.
std::string HeaderFrames(uint32_t stream, std::string_view block, uint8_t flags = kNone);

}  // namespace sparkgate::floods

#endif  // SPARKGATE_TESTS_FLOODS_HTTP2_H_
