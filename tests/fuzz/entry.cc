// libFuzzer's entry. FUZZ_FUNCTION: the target, from the build.
#include "tests/fuzz/cost.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sparkgate::fuzz::PlayWithinCost(sparkgate::fuzz::FUZZ_FUNCTION, data, size);
  return 0;
}
