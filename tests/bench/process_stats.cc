#include "tests/bench/process_stats.h"

#include <dirent.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace sparkgate::bench {
namespace {

void AddThread(const std::string& path, ProcessStats* stats) {
  std::ifstream status(path + "/status");
  for (std::string line; std::getline(status, line);) {
    constexpr char kKey[] = "voluntary_ctxt_switches:";
    if (line.rfind(kKey, 0) == 0) {
      stats->voluntary_switches += std::stoull(line.substr(sizeof(kKey)));
    }
  }
  double ns = 0;
  std::ifstream(path + "/schedstat") >> ns;
  stats->cpu_us += ns / 1000;
}

void AddProcess(pid_t pid, ProcessStats* stats) {
  const std::string root = "/proc/" + std::to_string(pid);
  DIR* const tasks = opendir((root + "/task").c_str());
  if (tasks == nullptr) return;
  while (const dirent* entry = readdir(tasks)) {
    if (entry->d_name[0] == '.') continue;
    const std::string task = root + "/task/" + entry->d_name;
    AddThread(task, stats);
    std::ifstream children(task + "/children");
    for (pid_t child; children >> child;) AddProcess(child, stats);
  }
  closedir(tasks);
  std::ifstream statm(root + "/statm");
  uint64_t pages = 0;
  statm >> pages >> pages;
  stats->rss_kib += pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) / 1024;
}

}  // namespace

ProcessStats ReadProcessStats(pid_t pid) {
  ProcessStats stats;
  AddProcess(pid, &stats);
  return stats;
}

}  // namespace sparkgate::bench
