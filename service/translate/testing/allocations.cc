#include "service/translate/testing/allocations.h"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace sparkgate::translate {
namespace {

// malloc's own words before each block.
constexpr size_t kOverhead = 8;

Allocations counted;

void* Allocate(size_t size) {
  void* const block = std::malloc(size);
  if (block == nullptr) std::abort();
  counted.now += malloc_usable_size(block) + kOverhead;
  counted.peak = std::max(counted.peak, counted.now);
  return block;
}

void Free(void* block) {
  if (block == nullptr) return;
  counted.now -= malloc_usable_size(block) + kOverhead;
  std::free(block);
}

}  // namespace

Allocations CountAllocations() { return counted; }
void ResetPeak() { counted.peak = counted.now; }

}  // namespace sparkgate::translate

void* operator new(size_t size) { return sparkgate::translate::Allocate(size); }
void* operator new[](size_t size) { return sparkgate::translate::Allocate(size); }
void operator delete(void* block) noexcept { sparkgate::translate::Free(block); }
void operator delete[](void* block) noexcept { sparkgate::translate::Free(block); }
void operator delete(void* block, size_t) noexcept { sparkgate::translate::Free(block); }
void operator delete[](void* block, size_t) noexcept { sparkgate::translate::Free(block); }
