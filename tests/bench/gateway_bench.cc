// Measures gateways side by side: each row of the table below on each system, in turns, round after
// round, the same upstream and the same load for all. Loopback only, and ends by itself. Prints one
// JSON object for each measurement; tools/bench.py makes tables of them.
//
//   gateway_bench --server=PATH [--other=PATH] [--nginx_conf=PATH] [--rows=NAME,...] [--rounds=10]
#include <absl/flags/flag.h>
#include <absl/flags/parse.h>
#include <absl/strings/str_split.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/measure.h"

ABSL_FLAG(std::string, server, "", "the sparkgate binary");
ABSL_FLAG(std::string, other, "", "another one");
ABSL_FLAG(std::string, nginx_conf, "",
          "tests/bench/nginx.conf; without it nginx, and TLS, are left out");
ABSL_FLAG(std::vector<std::string>, rows, {}, "the rows to measure; all without it");
ABSL_FLAG(int, rounds, 10, "of each row; of the slow ones at most three");
ABSL_FLAG(double, seconds, 1, "measured time of a load");
ABSL_FLAG(int, loops, 1, "Sparkgate's --loops, and nginx's workers");

namespace sparkgate::bench {
namespace {

struct Row {
  std::string name;
  std::function<Figures(const Gateway&, PacedUpstream*)> measure;
  bool tls = false;  // to the upstream
  int most_rounds = std::numeric_limits<int>::max();
};

// What is slow to measure and hardly differs.
Row Seldom(Row row) {
  row.most_rounds = 3;
  return row;
}

Row OverTls(Row row) {
  row.name += "_tls";
  row.tls = true;
  return row;
}

Row Streams(std::string name, int streams, int interval_us, bool bunched,
            size_t prompt_bytes = 1024) {
  const StreamLoad load{streams, interval_us, bunched, prompt_bytes};
  return {std::move(name), [load](const Gateway& gateway, PacedUpstream* upstream) {
            return MeasureStreams(gateway, upstream, load, absl::GetFlag(FLAGS_seconds));
          }};
}

Row Unary(std::string name, int in_flight) {
  return {std::move(name), [in_flight](const Gateway& gateway, PacedUpstream*) {
            return MeasureUnary(gateway, in_flight, absl::GetFlag(FLAGS_seconds));
          }};
}

Row Abort(std::string name, int others) {
  return {std::move(name), [others](const Gateway& gateway, PacedUpstream* upstream) {
            return MeasureAbort(gateway, upstream, others, 60);
          }};
}

Row FirstCall(std::string name, double idle_seconds) {
  return {std::move(name), [idle_seconds](const Gateway& gateway, PacedUpstream*) {
            return MeasureFirstCall(gateway, idle_seconds, idle_seconds > 0 ? 6 : 200);
          }};
}

std::vector<Row> Rows() {
  return {
      Unary("unary_32", 32),
      Unary("unary_1", 1),
      Streams("streams_64_spread", 64, 20'000, false),
      Streams("streams_64_bunched", 64, 20'000, true),
      Streams("streams_1000_spread", 1000, 40'000, false),
      Streams("streams_1000_bunched", 1000, 40'000, true),
      Streams("streams_fast", 400, 8'000, false),
      Seldom(Streams("scale_1", 1, 100'000, false)),
      Seldom(Streams("scale_10", 10, 100'000, false)),
      Seldom(Streams("scale_100", 100, 100'000, false)),
      Seldom(Streams("scale_1000", 1000, 100'000, false)),
      Seldom(Streams("scale_5000", 5000, 500'000, false)),
      Seldom(Streams("streams_64k_prompt", 1000, 1'000'000, false, 64 * 1024)),
      Seldom(Streams("streams_slow", 1000, 1'000'000, false)),
      OverTls(Unary("unary_32", 32)),
      OverTls(Streams("streams_64_spread", 64, 20'000, false)),
      OverTls(Streams("streams_500_spread", 500, 40'000, false)),
      OverTls(Streams("streams_500_bunched", 500, 40'000, true)),
      OverTls(Seldom(Streams("streams_slow", 1000, 1'000'000, false))),
      {"first_token",
       [](const Gateway& gateway, PacedUpstream*) { return MeasureFirstToken(gateway, 300); }},
      Abort("abort_idle", 0),
      Abort("abort_1000", 1000),
      Seldom({"readers_stopped",
              [](const Gateway& gateway, PacedUpstream* upstream) {
                return MeasureStoppedReaders(gateway, upstream, 1000);
              }}),
      Seldom(FirstCall("first_call_busy", 0)),
      Seldom(FirstCall("first_call_1s", 1)),
      {"idle",
       [](const Gateway& gateway, PacedUpstream*) {
         return Figures{{"start_ms", gateway.start_ms()},
                        {"idle_mib", static_cast<double>(gateway.idle_rss_kib()) / 1024}};
       }},
  };
}

bool IsWanted(const Row& row) {
  const std::vector<std::string> names = absl::GetFlag(FLAGS_rows);
  return names.empty() || std::find(names.begin(), names.end(), row.name) != names.end();
}

void Print(const Row& row, int round, const Gateway& gateway, const Figures& figures) {
  std::printf("{\"row\":\"%s\",\"round\":%d,\"system\":\"%s\"", row.name.c_str(), round,
              gateway.name().c_str());
  for (const auto& [name, value] : figures) std::printf(",\"%s\":%.3f", name.c_str(), value);
  std::printf("}\n");
  std::fflush(stdout);
}

std::vector<std::unique_ptr<Gateway>> StartGateways(const Gateway::Upstream& upstream) {
  const int loops = absl::GetFlag(FLAGS_loops);
  std::vector<std::unique_ptr<Gateway>> gateways;
  if (!upstream.tls) gateways.push_back(Gateway::Direct(upstream.port));
  if (const std::string config = absl::GetFlag(FLAGS_nginx_conf); !config.empty()) {
    gateways.push_back(Gateway::Nginx(config, upstream, loops));
  }
  gateways.push_back(Gateway::Sparkgate("sparkgate", absl::GetFlag(FLAGS_server), upstream, loops));
  if (const std::string other = absl::GetFlag(FLAGS_other); !other.empty()) {
    gateways.push_back(Gateway::Sparkgate("other", other, upstream, loops));
  }
  return gateways;
}

// Each row has processes of its own: memory tells of no load before. False if one did not end well.
bool Measure(const Row& row, PacedUpstream* upstream) {
  std::unique_ptr<Gateway> front;
  if (row.tls) front = Gateway::TlsFront(absl::GetFlag(FLAGS_nginx_conf), upstream->port());
  const auto gateways =
      StartGateways({front == nullptr ? upstream->port() : front->port(), row.tls});
  const int rounds = std::min(absl::GetFlag(FLAGS_rounds), row.most_rounds);
  for (int round = 0; round < rounds; ++round) {
    for (size_t i = 0; i < gateways.size(); ++i) {
      const Gateway& gateway = *gateways[(i + static_cast<size_t>(round)) % gateways.size()];
      Print(row, round, gateway, row.measure(gateway, upstream));
    }
  }
  bool ended_well = true;
  for (const auto& gateway : gateways) ended_well = gateway->Stop() && ended_well;
  return ended_well;
}

int Main() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  PacedUpstream upstream;
  bool ended_well = true;
  for (const Row& row : Rows()) {
    if (IsWanted(row)) ended_well = Measure(row, &upstream) && ended_well;
  }
  return ended_well ? 0 : 1;
}

}  // namespace
}  // namespace sparkgate::bench

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  return sparkgate::bench::Main();
}
