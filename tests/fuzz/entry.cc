// libFuzzer's entry. FUZZ_FUNCTION: the target, from the build.
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return sparkgate::fuzz::FUZZ_FUNCTION(data, size);
}
