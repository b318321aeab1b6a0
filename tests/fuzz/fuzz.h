// What the fuzz targets share. Each target is a plain function over bytes, declared below:
// libFuzzer calls it through entry.cc, and replay_test.cc plays the checked-in corpora through it
// in every configuration.
#ifndef SPARKGATE_TESTS_FUZZ_FUZZ_H_
#define SPARKGATE_TESTS_FUZZ_FUZZ_H_

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

// Ends the process, which is how a fuzzer learns of a wrong result and keeps the input.
#define FUZZ_CHECK(condition)                                                          \
  do {                                                                                 \
    if (!(condition)) {                                                                \
      std::fprintf(stderr, "%s:%d: FUZZ_CHECK(%s)\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                    \
    }                                                                                  \
  } while (false)

namespace sparkgate::fuzz {

// Bytes of a stream -> events: any split gives the same events. Byte 0: the event limit; byte 1:
// where the stream is split.
int FuzzSse(const uint8_t* data, size_t size);

// A whole answer -> ChatResponse, whose messages can be sent back as they are.
int FuzzChatAnswer(const uint8_t* data, size_t size);

// Events, one a line ("!" in front: of the type `error`) -> messages that keep the stream's
// contract, merged or not. Byte 0: requested choices; byte 1: which messages are merged.
int FuzzChunks(const uint8_t* data, size_t size);

// Bytes 0 and 1: the HTTP status; the rest: the body -> a status within its bounds.
int FuzzErrorBody(const uint8_t* data, size_t size);

// Header lines -> what callers are shown of them, the metrics in them and the retry delay.
int FuzzHeaders(const uint8_t* data, size_t size);

// A caller's metadata, entry by entry (which name, a length, the value) -> the headers that go to
// the upstream: only what is allowed, no control byte, the key always ours.
int FuzzMetadata(const uint8_t* data, size_t size);

// Byte 0: options; the rest: a ChatRequest as it comes over the wire -> JSON that the simulator's
// validator can read.
int FuzzRequest(const uint8_t* data, size_t size);

// Takes the first byte; 0 if there is none.
inline uint8_t TakeByte(std::string_view* bytes) {
  if (bytes->empty()) return 0;
  const auto byte = static_cast<uint8_t>(bytes->front());
  bytes->remove_prefix(1);
  return byte;
}

// Takes a line without its LF.
inline std::string_view TakeLine(std::string_view* bytes) {
  const std::string_view line = bytes->substr(0, bytes->find('\n'));
  bytes->remove_prefix(line.size() < bytes->size() ? line.size() + 1 : line.size());
  return line;
}

inline std::string_view AsText(const uint8_t* data, size_t size) {
  return size == 0 ? std::string_view()
                   : std::string_view(reinterpret_cast<const char*>(data), size);
}

}  // namespace sparkgate::fuzz

#endif  // SPARKGATE_TESTS_FUZZ_FUZZ_H_
