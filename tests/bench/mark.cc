#include "tests/bench/mark.h"

#include <time.h>

#include <charconv>
#include <cstdio>
#include <utility>

namespace sparkgate::bench {
namespace {

constexpr char kBegin = '#';
constexpr size_t kNumberAt = 1;
constexpr size_t kNumberBytes = 10;
constexpr size_t kTimeAt = kNumberAt + kNumberBytes + 1;

bool IsMark(std::string_view bytes) {
  const auto digits = bytes.substr(kNumberAt, kNumberBytes);
  return bytes[kTimeAt - 1] == '@' &&
         digits.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

int64_t NowNs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

std::string Mark(uint32_t number, int64_t written_ns) {
  char text[kMarkBytes + 1];
  std::snprintf(text, sizeof(text), "#%010u@%019lld", number, static_cast<long long>(written_ns));
  return text;
}

void MarkScanner::Feed(std::string_view bytes, int64_t now_ns, std::vector<int64_t>* delays_ns) {
  std::string joined;
  if (!begun_.empty()) {
    joined = std::exchange(begun_, std::string()).append(bytes);
    bytes = joined;
  }
  for (size_t at; (at = bytes.find(kBegin)) != std::string_view::npos;) {
    bytes.remove_prefix(at);
    if (bytes.size() < kMarkBytes) {
      begun_ = bytes;
      return;
    }
    if (IsMark(bytes)) {
      bytes = TakeOne(bytes, now_ns, delays_ns);
    } else {
      bytes.remove_prefix(1);  // a length may look like the beginning of one
    }
  }
}

std::string_view MarkScanner::TakeOne(std::string_view bytes, int64_t now_ns,
                                      std::vector<int64_t>* delays_ns) {
  uint32_t number = 0;
  int64_t written_ns = 0;
  std::from_chars(bytes.data() + kNumberAt, bytes.data() + kNumberAt + kNumberBytes, number);
  std::from_chars(bytes.data() + kTimeAt, bytes.data() + kMarkBytes, written_ns);
  in_order_ = in_order_ && number == next_;
  ++next_;
  delays_ns->push_back(now_ns - written_ns);
  return bytes.substr(kMarkBytes);
}

}  // namespace sparkgate::bench
