#include "service/config/cores.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include "service/config/cgroup.h"

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

int AffinityCores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return kMostLoops;  // over 1,024 cores
  return CPU_COUNT(&set);
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

}  // namespace sparkgate::config
