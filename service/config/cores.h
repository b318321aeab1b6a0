#ifndef SPARKGATE_SERVICE_CONFIG_CORES_H_
#define SPARKGATE_SERVICE_CONFIG_CORES_H_

#include <optional>
#include <string>

namespace sparkgate::config {

// More loops than this gain nothing: one handles many thousand chunks a second.
inline constexpr int kMostLoops = 8;

// How many loops suit the cores that the process may use: min(affinity mask, cgroup quota rounded
// up, kMostLoops), at least 1. The node's number of cores, which libraries go by, says nothing in a
// container.
int AutomaticLoops();

// Its parts, for tests.
int LoopsFor(int affinity, std::optional<double> quota);

// The processor quota in cores, the least of the process's cgroup and those above it; nullopt if
// there is none. Reads version 1 and 2. `membership` is /proc/self/cgroup, `root` is
// /sys/fs/cgroup.
std::optional<double> CgroupQuota(const std::string& membership, const std::string& root);

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_CORES_H_
