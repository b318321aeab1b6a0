#ifndef SPARKGATE_TESTS_BENCH_MEASURE_H_
#define SPARKGATE_TESTS_BENCH_MEASURE_H_

#include <map>
#include <string>

#include "tests/bench/gateway.h"
#include "tests/bench/paced_upstream.h"

namespace sparkgate::bench {

// By name, as "cpu_us" or "delay_p99_us". What has no process has no figures of one.
using Figures = std::map<std::string, double>;

// Each ends the process if a call fails, or if a chunk is missing, comes twice or out of order.

// So many Chat calls in flight, one after the other on each place: per call CPU and thread
// switches, and the time that one takes.
Figures MeasureUnary(const Gateway& gateway, int in_flight, double seconds);

struct StreamLoad {
  int streams = 64;
  int interval_us = 20'000;
  bool bunched = false;
  size_t prompt_bytes = 1024;
};
// Streams that run: per chunk CPU, thread switches and the way from the upstream's write to the
// caller's read; memory per stream; the largest gap between two chunks of one stream.
Figures MeasureStreams(const Gateway& gateway, PacedUpstream* upstream, const StreamLoad& load,
                       double seconds);

// Short streams, one after the other: from the request's write to the first content.
Figures MeasureFirstToken(const Gateway& gateway, int samples);

// From the caller's leaving to the upstream's socket, while so many other streams run.
Figures MeasureAbort(const Gateway& gateway, PacedUpstream* upstream, int others, int samples);

// Of gRPC alone: readers that have stopped, of answers without end: memory for each when all have
// come to a stop, and how much more than before is still resident ten seconds after they have gone.
Figures MeasureStoppedReaders(const Gateway& gateway, PacedUpstream* upstream, int streams);

// The first unary call behind so long a silence.
Figures MeasureFirstCall(const Gateway& gateway, double idle_seconds, int samples);

}  // namespace sparkgate::bench

#endif  // SPARKGATE_TESTS_BENCH_MEASURE_H_
