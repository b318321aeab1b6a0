#include "service/config/memory.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "service/config/cgroup.h"

namespace sparkgate::config {
namespace {

// "max", a huge number (version 1) or a file that is not there: no limit.
std::optional<double> ReadBytes(const std::string& path) {
  double bytes = 0;
  if (!(std::ifstream(path) >> bytes) || bytes <= 0) return std::nullopt;
  return bytes;
}

}  // namespace

size_t MemoryWithin(size_t machine, const std::string& membership, const std::string& root) {
  const auto limit = LeastCgroupLimit(
      membership, root, "memory",
      [](const std::string& folder) { return ReadBytes(folder + "/memory.max"); },
      [](const std::string& folder) { return ReadBytes(folder + "/memory.limit_in_bytes"); });
  if (!limit || *limit >= static_cast<double>(machine)) return machine;
  return static_cast<size_t>(*limit);
}

size_t AvailableMemory() {
  const auto machine =
      static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return MemoryWithin(machine, "/proc/self/cgroup", "/sys/fs/cgroup");
}

}  // namespace sparkgate::config
