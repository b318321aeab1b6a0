#ifndef SPARKGATE_SERVICE_CONFIG_CGROUP_H_
#define SPARKGATE_SERVICE_CONFIG_CGROUP_H_

#include <functional>
#include <optional>
#include <string>

namespace sparkgate::config {

// A control group's limit read from one of its folders; nullopt: none there.
using ReadLimit = std::function<std::optional<double>(const std::string& folder)>;

// The least limit among the process's control group and those above it. `membership` is
// /proc/self/cgroup, `root` is /sys/fs/cgroup. `read_v2` and `read_v1` read the limit of
// `controller`
// ("cpu", "memory") in the two versions.
std::optional<double> LeastCgroupLimit(const std::string& membership, const std::string& root,
                                       const std::string& controller, const ReadLimit& read_v2,
                                       const ReadLimit& read_v1);

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_CGROUP_H_
