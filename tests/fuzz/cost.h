#ifndef SPARKGATE_TESTS_FUZZ_COST_H_
#define SPARKGATE_TESTS_FUZZ_COST_H_

#include <cstddef>
#include <cstdint>

// What a fuzz target may cost, checks included. Two exact counts, the same on every machine:
//
//   bytes: the most that malloc and operator new had out at once, by AddressSanitizer's hooks;
//   steps: basic blocks that were entered in code that --config=fuzz compiles (ours, the generated
//          messages and header-only libraries), by -fsanitize-coverage=trace-pc.
//
// Both are bounded by a constant and so much for each byte of the input. An input of 4 KiB hides
// what grows with its square, so one in 256 is also played with a piece of it repeated up to
// 64 KiB; which ones, and which piece, follows from the input's bytes alone.
//
// A build with AddressSanitizer alone counts bytes, any other nothing. For targets of one thread.
namespace sparkgate::fuzz {

using Target = int (*)(const uint8_t* data, size_t size);

// Plays the input through `target`. Ends the process if that cost more than it may.
void PlayWithinCost(Target target, const uint8_t* data, size_t size);

// For targets: the peak counts from here on.
void ForgetPeak();

struct Cost {
  size_t peak_bytes = 0;
  uint64_t steps = 0;
};
Cost CostOf(Target target, const uint8_t* data, size_t size);
bool IsWithin(const Cost& cost, size_t size);

}  // namespace sparkgate::fuzz

#endif  // SPARKGATE_TESTS_FUZZ_COST_H_
