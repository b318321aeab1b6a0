#include "service/config/process_limits.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <sstream>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace sparkgate::config {
namespace {

// Reads a control group's limit from its folder; nullopt: it has none.
using ReadLimit = std::function<std::optional<double>(const std::string& folder)>;

// From the process's group up to the root. Folders that are not there are passed over: in a
// container the path may be the host's, while the mount shows the container's own group as the
// root.
void LeastUpwards(const std::string& mount, std::string path, const ReadLimit& read,
                  std::optional<double>* least) {
  while (true) {
    if (std::optional<double> limit = read(mount + path)) {
      *least = std::min(least->value_or(*limit), *limit);
    }
    if (path.empty()) return;
    path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
  }
}

bool Contains(const std::string& controllers, const std::string& controller) {
  return ("," + controllers + ",").find("," + controller + ",") != std::string::npos;
}

// The least limit among the process's group and those above it. `read_v2` and `read_v1` read the
// limit of `controller` ("cpu", "memory") in the two versions.
std::optional<double> LeastCgroupLimit(const std::string& membership, const std::string& root,
                                       const std::string& controller, const ReadLimit& read_v2,
                                       const ReadLimit& read_v1) {
  std::optional<double> least;
  std::ifstream file(membership);
  for (std::string line; std::getline(file, line);) {  // number:controllers:path
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    if (controllers.empty()) {
      LeastUpwards(root, path, read_v2, &least);
    } else if (Contains(controllers, controller)) {
      LeastUpwards(root + "/" + controllers, path, read_v1, &least);
      LeastUpwards(root + "/" + controller, path, read_v1, &least);
    }
  }
  return least;
}

// Version 2: "max 100000" or "150000 100000".
std::optional<double> ReadV2(const std::string& folder) {
  std::ifstream file(folder + "/cpu.max");
  std::string quota;
  double period = 0;
  if (!(file >> quota >> period) || quota == "max" || period <= 0) return std::nullopt;
  std::istringstream number(quota);
  double microseconds = 0;
  if (!(number >> microseconds) || microseconds <= 0) return std::nullopt;
  return microseconds / period;
}

// Version 1: two files; a quota of -1 is none.
std::optional<double> ReadV1(const std::string& folder) {
  double quota = 0;
  double period = 0;
  std::ifstream(folder + "/cpu.cfs_quota_us") >> quota;
  std::ifstream(folder + "/cpu.cfs_period_us") >> period;
  if (quota <= 0 || period <= 0) return std::nullopt;
  return quota / period;
}

int AffinityCores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return kMostLoops;  // over 1,024 cores
  return CPU_COUNT(&set);
}

// "max", a huge number (version 1) or a file that is not there: no limit.
std::optional<double> ReadBytes(const std::string& path) {
  double bytes = 0;
  if (!(std::ifstream(path) >> bytes) || bytes <= 0) return std::nullopt;
  return bytes;
}

constexpr int64_t kOtherDescriptors = 128;
constexpr int64_t kMostAutomaticCalls = 65536;
constexpr int64_t kMostAutomaticConnections = 16384;

absl::Status TooFew(int64_t calls, int64_t connections, int64_t descriptors) {
  const int64_t needed = calls + connections + kOtherDescriptors;
  return absl::InvalidArgumentError(absl::StrCat(
      "max_calls ", calls, " + max_connections ", connections, " + ", kOtherDescriptors,
      " for the rest need ", needed, " descriptors, the process may open ", descriptors,
      "; lower --max_calls or --max_connections, or raise the limit (ulimit -n ", needed, ")"));
}

}  // namespace

std::optional<double> CgroupQuota(const std::string& membership, const std::string& root) {
  return LeastCgroupLimit(membership, root, "cpu", ReadV2, ReadV1);
}

int LoopsFor(int affinity, std::optional<double> quota) {
  int loops = std::min(affinity, kMostLoops);
  if (quota.has_value() && *quota < loops) loops = static_cast<int>(std::ceil(*quota));
  return std::max(loops, 1);
}

int AutomaticLoops() {
  return LoopsFor(AffinityCores(), CgroupQuota("/proc/self/cgroup", "/sys/fs/cgroup"));
}

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

int64_t RaiseDescriptorLimit() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  const rlim_t before = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = before;
  return static_cast<int64_t>(std::min<rlim_t>(limit.rlim_cur, 1 << 30));
}

absl::StatusOr<Limits> FitLimits(int max_calls, int max_connections, int64_t descriptors) {
  const int64_t available = descriptors - kOtherDescriptors;
  int64_t calls = max_calls;
  int64_t connections = max_connections;
  if (connections == 0) {
    const int64_t most = calls == 0 ? available / 4 : available - calls;
    connections = std::clamp<int64_t>(most, 1, kMostAutomaticConnections);
  }
  if (calls == 0) calls = std::clamp<int64_t>(available - connections, 1, kMostAutomaticCalls);
  if (calls + connections > available) return TooFew(calls, connections, descriptors);
  return Limits{static_cast<int>(calls), static_cast<int>(connections)};
}

}  // namespace sparkgate::config
