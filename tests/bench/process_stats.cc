#include "tests/bench/process_stats.h"

#include <dirent.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

namespace sparkgate::bench {
namespace {

void AddThread(const std::string& path, ProcessStats* stats) {
  std::ifstream status(path + "/status");
  std::string line;
  std::string name;
  while (std::getline(status, line)) {
    std::istringstream words(line);
    std::string key;
    words >> key;
    uint64_t value = 0;
    if (key == "Name:") {
      words >> name;
    } else if (key == "voluntary_ctxt_switches:") {
      words >> value;
      stats->voluntary_switches += value;
      stats->switches_by_thread[name] += value;
    } else if (key == "nonvoluntary_ctxt_switches:") {
      words >> value;
      stats->involuntary_switches += value;
    }
  }
}

double CpuSeconds(const std::string& stat_path) {
  std::ifstream file(stat_path);
  std::string text((std::istreambuf_iterator<char>(file)), {});
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / sysconf(_SC_CLK_TCK);
}

}  // namespace

ProcessStats ReadProcessStats(pid_t pid) {
  ProcessStats stats;
  const std::string root = "/proc/" + std::to_string(pid);
  if (DIR* tasks = opendir((root + "/task").c_str())) {
    while (const dirent* entry = readdir(tasks)) {
      if (entry->d_name[0] != '.') AddThread(root + "/task/" + entry->d_name, &stats);
    }
    closedir(tasks);
  }
  stats.cpu_seconds = CpuSeconds(root + "/stat");
  std::ifstream statm(root + "/statm");
  uint64_t pages = 0;
  statm >> pages >> pages;
  stats.rss_kib = pages * sysconf(_SC_PAGESIZE) / 1024;
  return stats;
}

}  // namespace sparkgate::bench
