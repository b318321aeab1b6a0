#ifndef SPARKGATE_TESTS_BENCH_MARK_H_
#define SPARKGATE_TESTS_BENCH_MARK_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sparkgate::bench {

// CLOCK_MONOTONIC in nanoseconds: the same for all processes of the machine.
int64_t NowNs();

// What the upstream writes into the content of each chunk: its number in its stream and when it was
// written. It reaches the caller as it is, in JSON and in a protobuf string alike.
inline constexpr size_t kMarkBytes = 31;
std::string Mark(uint32_t number, int64_t written_ns);

// Finds the marks in the bytes of one stream, however they are cut or merged, and checks that none
// is missing, comes twice or out of order.
class MarkScanner {
 public:
  // Appends the delay of each chunk up to now to `delays_ns`.
  void Feed(std::string_view bytes, int64_t now_ns, std::vector<int64_t>* delays_ns);

  uint32_t seen() const { return next_; }
  bool in_order() const { return in_order_; }

 private:
  std::string_view TakeOne(std::string_view bytes, int64_t now_ns, std::vector<int64_t>* delays_ns);

  std::string begun_;  // what may be a mark that was cut
  uint32_t next_ = 0;
  bool in_order_ = true;
};

}  // namespace sparkgate::bench

#endif  // SPARKGATE_TESTS_BENCH_MARK_H_
