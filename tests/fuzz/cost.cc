#include "tests/fuzz/cost.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "tests/fuzz/fuzz.h"

// Of the sanitizer's run time; null in builds without. Not instrumented: they are run by what they
// count.
#if defined(__clang__)
#define NOT_COUNTED __attribute__((no_sanitize("coverage", "address", "undefined")))
#else
#define NOT_COUNTED
#endif

extern "C" {
__attribute__((weak)) int __sanitizer_install_malloc_and_free_hooks(
    void (*malloc_hook)(const volatile void*, size_t), void (*free_hook)(const volatile void*));
__attribute__((weak)) size_t __sanitizer_get_allocated_size(const volatile void* block);
}

namespace sparkgate::fuzz {
namespace {

uint64_t steps = 0;
int64_t bytes_now = 0;
int64_t bytes_peak = 0;

NOT_COUNTED void OnMalloc(const volatile void*, size_t size) {
  bytes_now += static_cast<int64_t>(size);
  if (bytes_now > bytes_peak) bytes_peak = bytes_now;
}

NOT_COUNTED void OnFree(const volatile void* block) {
  if (block != nullptr) bytes_now -= static_cast<int64_t>(__sanitizer_get_allocated_size(block));
}

bool Install() {
  return __sanitizer_install_malloc_and_free_hooks != nullptr &&
         __sanitizer_install_malloc_and_free_hooks(OnMalloc, OnFree) != 0;
}

}  // namespace
}  // namespace sparkgate::fuzz

// Called at each basic block, by the linker in the place of libFuzzer's function (fuzz_target.bzl).
extern "C" NOT_COUNTED void __wrap___sanitizer_cov_trace_pc() { ++sparkgate::fuzz::steps; }

namespace sparkgate::fuzz {
namespace {

// Of amplified inputs at most 48 bytes for each byte were seen; 190 steps, or 690 where a target
// reads its input three times and each byte of it is no UTF-8; and of what is made once 230,000
// steps. 16,000 elements of four bytes, each compared with each, are 2,000 a byte.
constexpr size_t kFreeBytes = 256 << 10;
constexpr size_t kBytesForEach = 100;
constexpr uint64_t kFreeSteps = 500'000;
constexpr uint64_t kStepsForEach = 1'000;

uint64_t HashOf(std::string_view bytes) {
  uint64_t hash = 14695981039346656037u;  // FNV-1a
  for (const char c : bytes) hash = (hash ^ static_cast<uint8_t>(c)) * 1099511628211u;
  return hash ^ (hash >> 32);
}

// Where a piece of up to 64 bytes begins and ends; half the time, if that can be, at a comma or a
// line's end and before the next one.
std::pair<size_t, size_t> PieceOf(std::string_view bytes, uint64_t hash) {
  const size_t begin = (hash >> 8) % bytes.size();
  const size_t end = std::min<size_t>(bytes.size(), begin + 1 + (hash >> 40) % 64);
  const size_t mark = (hash >> 63) == 0 ? bytes.find_first_of(",\n", begin) : bytes.npos;
  if (mark == bytes.npos) return {begin, end};
  const size_t next = bytes.find(bytes[mark], mark + 1);
  return {mark, std::min(next, bytes.size())};
}

// The input with a piece of it again and again.
std::string Amplified(std::string_view bytes, uint64_t hash) {
  constexpr size_t kBytes = 64 << 10;
  const auto [begin, end] = PieceOf(bytes, hash);
  std::string amplified(bytes.substr(0, begin));
  while (amplified.size() < kBytes) amplified += bytes.substr(begin, end - begin);
  return amplified.append(bytes.substr(end));
}

void CheckCost(Target target, std::string_view bytes) {
  const Cost cost = CostOf(target, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  if (IsWithin(cost, bytes.size())) return;
  std::fprintf(stderr, "%zu bytes of input cost %zu bytes and %llu steps\n", bytes.size(),
               cost.peak_bytes, static_cast<unsigned long long>(cost.steps));
  std::abort();
}

}  // namespace

void ForgetPeak() { bytes_peak = bytes_now; }

Cost CostOf(Target target, const uint8_t* data, size_t size) {
  [[maybe_unused]] static const bool installed = Install();
  const int64_t before = bytes_now;
  bytes_peak = before;
  steps = 0;
  target(data, size);
  return {static_cast<size_t>(bytes_peak - before), steps};
}

bool IsWithin(const Cost& cost, size_t size) {
  return cost.peak_bytes <= kFreeBytes + kBytesForEach * size &&
         cost.steps <= kFreeSteps + kStepsForEach * size;
}

void PlayWithinCost(Target target, const uint8_t* data, size_t size) {
  const std::string_view bytes = AsText(data, size);
  CheckCost(target, bytes);
  const uint64_t hash = HashOf(bytes);
  if (!bytes.empty() && hash % 256 == 0) CheckCost(target, Amplified(bytes, hash));
}

}  // namespace sparkgate::fuzz
