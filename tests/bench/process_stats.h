#ifndef SPARKGATE_TESTS_BENCH_PROCESS_STATS_H_
#define SPARKGATE_TESTS_BENCH_PROCESS_STATS_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>

namespace sparkgate::bench {

// What the kernel counts for a process, from /proc. Counts are exact on a noisy machine; times are
// not.
struct ProcessStats {
  uint64_t voluntary_switches = 0;  // sleeps, of all threads
  uint64_t involuntary_switches = 0;
  double cpu_seconds = 0;
  uint64_t rss_kib = 0;
  std::map<std::string, uint64_t> switches_by_thread;  // voluntary, by thread name
};

ProcessStats ReadProcessStats(pid_t pid);

}  // namespace sparkgate::bench

#endif  // SPARKGATE_TESTS_BENCH_PROCESS_STATS_H_
