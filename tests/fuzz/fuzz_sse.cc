#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "service/sse/event_parser.h"
#include "tests/fuzz/fuzz.h"

namespace sparkgate::fuzz {
namespace {

using sse::Event;
using sse::EventParser;

// Everything that a parser says of a stream.
struct Outcome {
  std::vector<std::pair<std::string, std::string>> events;
  bool too_large = false;
  bool ends_with_done = false;
  std::string unparsed, last_event_id;
  size_t comments = 0;
  std::optional<int64_t> retry_ms;
};

class Reader {
 public:
  explicit Reader(size_t limit) : parser_(limit) {}

  void Feed(std::string_view bytes) {
    while (!bytes.empty() && !outcome_.too_large) {
      Event event;
      size_t used = 0;
      const auto result = parser_.Next(bytes, &used, &event);
      FUZZ_CHECK(used <= bytes.size());
      if (result == EventParser::Result::kEvent)
        outcome_.events.emplace_back(event.type, event.data);
      if (result == EventParser::Result::kNeedMore) FUZZ_CHECK(used == bytes.size());
      outcome_.too_large = result == EventParser::Result::kTooLarge;
      FUZZ_CHECK(used > 0 || outcome_.too_large);
      bytes.remove_prefix(used);
    }
  }

  Outcome End() {
    outcome_.ends_with_done = parser_.EndsWithDone();
    outcome_.unparsed = parser_.unparsed();
    outcome_.last_event_id = parser_.last_event_id();
    outcome_.comments = parser_.comments();
    outcome_.retry_ms = parser_.retry_ms();
    return std::move(outcome_);
  }

 private:
  EventParser parser_;
  Outcome outcome_;
};

// In pieces of up to `longest` bytes.
Outcome ReadInPieces(std::string_view bytes, size_t limit, size_t longest, unsigned seed) {
  std::minstd_rand random(seed);
  Reader reader(limit);
  while (!bytes.empty()) {
    // A copy of its own: a view that outlives the piece is found by AddressSanitizer.
    const std::string piece(bytes.substr(0, 1 + random() % longest));
    reader.Feed(piece);
    bytes.remove_prefix(piece.size());
  }
  return reader.End();
}

void ExpectSame(const Outcome& a, const Outcome& b) {
  FUZZ_CHECK(a.events == b.events);
  FUZZ_CHECK(a.too_large == b.too_large);
  if (a.too_large) return;  // the stream is over, and nobody asks for the rest
  FUZZ_CHECK(a.ends_with_done == b.ends_with_done);
  FUZZ_CHECK(a.unparsed == b.unparsed);
  FUZZ_CHECK(a.last_event_id == b.last_event_id);
  FUZZ_CHECK(a.comments == b.comments);
  FUZZ_CHECK(a.retry_ms == b.retry_ms);
}

}  // namespace

int FuzzSse(const uint8_t* data, size_t size) {
  std::string_view bytes = AsText(data, size);
  const size_t limit = 16 + 16 * size_t{TakeByte(&bytes)};
  const unsigned seed = 1 + TakeByte(&bytes);
  Reader whole(limit);
  whole.Feed(bytes);
  const Outcome expected = whole.End();
  for (const auto& [type, text] : expected.events) FUZZ_CHECK(type.size() + text.size() <= limit);
  FUZZ_CHECK(expected.unparsed.size() <= 4096);
  ExpectSame(expected, ReadInPieces(bytes, limit, 1, seed));
  ExpectSame(expected, ReadInPieces(bytes, limit, 3, seed));
  ExpectSame(expected, ReadInPieces(bytes, limit, 40, seed));
  return 0;
}

}  // namespace sparkgate::fuzz
