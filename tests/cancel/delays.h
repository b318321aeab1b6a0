#ifndef SPARKGATE_TESTS_CANCEL_DELAYS_H_
#define SPARKGATE_TESTS_CANCEL_DELAYS_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

namespace sparkgate::cancel {

// Times between a caller's leaving and the upstream's connection being closed.
class Delays {
 public:
  using Clock = std::chrono::steady_clock;

  void Add(Clock::time_point left, Clock::time_point closed) {
    milliseconds_.push_back(std::chrono::duration<double, std::milli>(closed - left).count());
  }

  double At(double share) {
    if (milliseconds_.empty()) return 0;
    std::sort(milliseconds_.begin(), milliseconds_.end());
    const auto last = static_cast<double>(milliseconds_.size() - 1);
    return milliseconds_[static_cast<size_t>(share * last + 0.5)];
  }

  // Prints them and puts them into the report.
  void Report(const std::string& name) {
    std::printf("%-28s %5zu closed, ms after the caller left: p50 %.2f, p99 %.2f, max %.2f\n",
                name.c_str(), milliseconds_.size(), At(0.5), At(0.99), At(1));
    testing::Test::RecordProperty(name + "_p50_us", static_cast<int>(At(0.5) * 1000));
    testing::Test::RecordProperty(name + "_p99_us", static_cast<int>(At(0.99) * 1000));
  }

 private:
  std::vector<double> milliseconds_;
};

}  // namespace sparkgate::cancel

#endif  // SPARKGATE_TESTS_CANCEL_DELAYS_H_
