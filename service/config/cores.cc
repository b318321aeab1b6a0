#include "service/config/cores.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

namespace sparkgate::config {
namespace {

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

// From the process's group up to the root. Folders that are not there are passed over: in a
// container the path may be the host's, while the mount shows the container's own group as the
// root.
template <typename Read>
void LeastUpwards(const std::string& mount, std::string path, Read read,
                  std::optional<double>* least) {
  while (true) {
    if (std::optional<double> quota = read(mount + path)) {
      *least = std::min(least->value_or(*quota), *quota);
    }
    if (path.empty()) return;
    path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
  }
}

bool HasCpu(const std::string& controllers) {
  return ("," + controllers + ",").find(",cpu,") != std::string::npos;
}

int AffinityCores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return kMostLoops;  // over 1,024 cores
  return CPU_COUNT(&set);
}

}  // namespace

std::optional<double> CgroupQuota(const std::string& membership, const std::string& root) {
  std::optional<double> least;
  std::ifstream file(membership);
  for (std::string line; std::getline(file, line);) {  // number:controllers:path
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    if (controllers.empty()) {
      LeastUpwards(root, path, ReadV2, &least);
    } else if (HasCpu(controllers)) {
      LeastUpwards(root + "/" + controllers, path, ReadV1, &least);
      LeastUpwards(root + "/cpu", path, ReadV1, &least);
    }
  }
  return least;
}

int LoopsFor(int affinity, std::optional<double> quota) {
  int loops = std::min(affinity, kMostLoops);
  if (quota.has_value() && *quota < loops) loops = static_cast<int>(std::ceil(*quota));
  return std::max(loops, 1);
}

int AutomaticLoops() {
  return LoopsFor(AffinityCores(), CgroupQuota("/proc/self/cgroup", "/sys/fs/cgroup"));
}

}  // namespace sparkgate::config
