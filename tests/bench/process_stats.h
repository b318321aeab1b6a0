#ifndef SPARKGATE_TESTS_BENCH_PROCESS_STATS_H_
#define SPARKGATE_TESTS_BENCH_PROCESS_STATS_H_

#include <sys/types.h>

#include <cstdint>

namespace sparkgate::bench {

// What the kernel counts for a process and its children, from /proc. Counts are exact on a noisy
// machine; times are not.
struct ProcessStats {
  uint64_t voluntary_switches = 0;  // sleeps, of all threads
  double cpu_us = 0;                // of the threads that live
  uint64_t rss_kib = 0;
};

ProcessStats ReadProcessStats(pid_t pid);

}  // namespace sparkgate::bench

#endif  // SPARKGATE_TESTS_BENCH_PROCESS_STATS_H_
