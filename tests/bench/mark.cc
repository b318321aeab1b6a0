#include "tests/bench/mark.h"

#include <time.h>

#include <charconv>
#include <cstdio>

namespace sparkgate::bench {
namespace {

constexpr char kBegin = '#';  // in nothing else that the upstream writes
constexpr size_t kNumberAt = 1;
constexpr size_t kNumberBytes = 10;
constexpr size_t kTimeAt = kNumberAt + kNumberBytes + 1;

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
  if (!begun_.empty()) {
    const size_t missing = kMarkBytes - begun_.size();
    begun_.append(bytes.substr(0, missing));
    bytes.remove_prefix(std::min(missing, bytes.size()));
    if (begun_.size() < kMarkBytes) return;
    const std::string whole = std::move(begun_);
    begun_.clear();
    TakeOne(whole, now_ns, delays_ns);
  }
  while (true) {
    const size_t at = bytes.find(kBegin);
    if (at == std::string_view::npos) return;
    bytes.remove_prefix(at);
    if (bytes.size() < kMarkBytes) {
      begun_ = bytes;
      return;
    }
    bytes = TakeOne(bytes, now_ns, delays_ns);
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
