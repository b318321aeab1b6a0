#ifndef SPARKGATE_SERVICE_CONFIG_PROCESS_LIMITS_H_
#define SPARKGATE_SERVICE_CONFIG_PROCESS_LIMITS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

// What the process may use: cores, memory and descriptors, within the limits of its control group
// (cgroup, versions 1 and 2). In a container the machine's own figures say nothing.
//
// `membership` is /proc/self/cgroup and `root` is /sys/fs/cgroup, except in tests.
namespace sparkgate::config {

// More loops than this gain nothing: one handles many thousand chunks a second.
inline constexpr int kMostLoops = 8;

// How many loops suit the cores that the process may use: min(affinity mask, cgroup quota rounded
// up, kMostLoops), at least 1.
int AutomaticLoops();

// Its parts, for tests. The quota is in cores, the least of the process's group and those above it;
// nullopt if there is none.
int LoopsFor(int affinity, std::optional<double> quota);
std::optional<double> CgroupQuota(const std::string& membership, const std::string& root);

// The memory that the process may use, in bytes: the machine's, or what its control group leaves.
size_t AvailableMemory();

// Its part, for tests: `machine` limited by the group.
size_t MemoryWithin(size_t machine, const std::string& membership, const std::string& root);

// Raises the soft limit of descriptors to the hard one. Returns what then holds. Changes the
// process; called once, at start.
int64_t RaiseDescriptorLimit();

struct Limits {
  int max_calls = 0;
  int max_connections = 0;
};

// The rule: max_connections + max_calls + 128 <= descriptors. A call costs one descriptor, its
// connection to the upstream; 128 are for everything else. 0 stands for automatic: a quarter of the
// descriptors for connections, the rest for calls, neither beyond what one process serves well. An
// error gives the numbers and what to change.
absl::StatusOr<Limits> FitLimits(int max_calls, int max_connections, int64_t descriptors);

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_PROCESS_LIMITS_H_
