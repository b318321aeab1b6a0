#ifndef SPARKGATE_TESTS_SUPPORT_EVENTUALLY_H_
#define SPARKGATE_TESTS_SUPPORT_EVENTUALLY_H_

#include <chrono>
#include <thread>

#include "tests/support/gate.h"

namespace sparkgate::support {

// For what another process or thread brings about without telling anybody: looks every few
// milliseconds until `condition()` holds. False if it did not within `patience`.
template <typename Condition>
bool Eventually(const Condition& condition, std::chrono::milliseconds patience = kPatience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace sparkgate::support

#endif  // SPARKGATE_TESTS_SUPPORT_EVENTUALLY_H_
