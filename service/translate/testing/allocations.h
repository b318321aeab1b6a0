#ifndef SPARKGATE_SERVICE_TRANSLATE_TESTING_ALLOCATIONS_H_
#define SPARKGATE_SERVICE_TRANSLATE_TESTING_ALLOCATIONS_H_

#include <cstddef>

namespace sparkgate::translate {

// What this process has taken from operator new, with malloc's overhead. A program that links this
// library has its own operator new and delete: not for sanitizer builds. One thread.
struct Allocations {
  size_t now = 0;   // bytes
  size_t peak = 0;  // bytes, the most since ResetPeak
};
Allocations CountAllocations();
void ResetPeak();

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_TESTING_ALLOCATIONS_H_
