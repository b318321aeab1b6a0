// Counts what a Chat call costs the server, with a fixed number of them in flight: context switches
// and CPU. With two servers they take turns, so that what the machine does to one it does to the
// other. Loopback only, and ends by itself.
//
//   unary_bench --server=PATH [--other=PATH] [--in_flight=32] [--seconds=3] [--rounds=5]
#include <absl/flags/flag.h>
#include <absl/flags/parse.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <stdio.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/paced_upstream.h"
#include "tests/bench/process_stats.h"
#include "tests/bench/server_under_load.h"

ABSL_FLAG(std::string, server, "", "the sparkgate binary");
ABSL_FLAG(std::string, other, "", "one to compare with");
ABSL_FLAG(int, in_flight, 32, "calls at once");
ABSL_FLAG(int, seconds, 3, "measured time of a round");
ABSL_FLAG(int, rounds, 5, "rounds of each server");
ABSL_FLAG(int, connections, 4, "client connections");
ABSL_FLAG(int, loops, 2, "the server's --loops");

namespace sparkgate::bench {
namespace {

using Clock = std::chrono::steady_clock;

// One call after the other, as bytes.
class Caller {
 public:
  Caller(grpc::GenericStub* stub, grpc::CompletionQueue* queue, const grpc::ByteBuffer& request)
      : stub_(stub), queue_(queue), request_(request) {}

  void Begin() {
    context_ = std::make_unique<grpc::ClientContext>();
    call_ =
        stub_->PrepareUnaryCall(context_.get(), "/sparkgate.v1.ChatService/Chat", request_, queue_);
    call_->StartCall();
    call_->Finish(&answer_, &status_, this);
  }
  bool ok() const { return status_.ok(); }

 private:
  grpc::GenericStub* const stub_;
  grpc::CompletionQueue* const queue_;
  const grpc::ByteBuffer request_;
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> call_;
  grpc::ByteBuffer answer_;
  grpc::Status status_;
};

struct Cost {
  double switches = 0;  // voluntary, per call
  double cpu_us = 0;    // per call
  double per_second = 0;
};

// Keeps so many calls in flight for the time; aborts if one fails.
Cost Measure(const ServerUnderLoad& server) {
  const auto stubs = server.Connect(absl::GetFlag(FLAGS_connections));
  grpc::CompletionQueue queue;
  const grpc::ByteBuffer request = ChatRequestBytes();
  std::vector<std::unique_ptr<Caller>> callers;
  for (int i = 0; i < absl::GetFlag(FLAGS_in_flight); ++i) {
    callers.push_back(std::make_unique<Caller>(stubs[i % stubs.size()].get(), &queue, request));
    callers.back()->Begin();
  }
  const Clock::time_point begun = Clock::now() + std::chrono::milliseconds(500);  // warm by then
  const Clock::time_point end = begun + std::chrono::seconds(absl::GetFlag(FLAGS_seconds));
  ProcessStats before;
  bool measuring = false;
  uint64_t calls = 0;
  size_t in_flight = callers.size();
  Cost cost;
  void* tag = nullptr;
  bool ok = false;
  while (in_flight > 0 && queue.Next(&tag, &ok)) {
    auto* const caller = static_cast<Caller*>(tag);
    if (!ok || !caller->ok()) abort();
    const Clock::time_point now = Clock::now();
    if (!measuring && now >= begun) {
      measuring = true;
      before = ReadProcessStats(server.pid());
    } else if (measuring && now < end) {
      ++calls;
    } else if (measuring && cost.per_second == 0) {
      const ProcessStats after = ReadProcessStats(server.pid());
      const double count = static_cast<double>(calls);
      cost.switches =
          static_cast<double>(after.voluntary_switches - before.voluntary_switches) / count;
      cost.cpu_us = 1e6 * (after.cpu_seconds - before.cpu_seconds) / count;
      cost.per_second = count / absl::GetFlag(FLAGS_seconds);
    }
    if (now < end) {
      caller->Begin();
    } else {
      --in_flight;
    }
  }
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) {
  }
  return cost;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void Print(const char* name, const std::vector<Cost>& costs) {
  std::vector<double> switches, cpu, rate;
  for (const Cost& cost : costs) {
    switches.push_back(cost.switches);
    cpu.push_back(cost.cpu_us);
    rate.push_back(cost.per_second);
  }
  printf("%-8s switches per call %.2f, CPU us per call %.1f, calls per second %.0f (medians)\n",
         name, Median(switches), Median(cpu), Median(rate));
}

int Main() {
  std::vector<std::string> paths = {absl::GetFlag(FLAGS_server)};
  if (!absl::GetFlag(FLAGS_other).empty()) paths.push_back(absl::GetFlag(FLAGS_other));
  PacedUpstream upstream(std::chrono::milliseconds(1), 1, 280);
  std::vector<std::unique_ptr<ServerUnderLoad>> servers;
  for (const std::string& path : paths) {
    servers.push_back(
        std::make_unique<ServerUnderLoad>(path, upstream.port(), absl::GetFlag(FLAGS_loops)));
    if (servers.back()->port() == 0) return 1;
  }
  std::vector<std::vector<Cost>> costs(servers.size());
  std::vector<double> ratios;
  for (int round = 0; round < absl::GetFlag(FLAGS_rounds); ++round) {
    for (size_t i = 0; i < servers.size(); ++i) costs[i].push_back(Measure(*servers[i]));
    if (servers.size() == 2) ratios.push_back(costs[0].back().cpu_us / costs[1].back().cpu_us);
  }
  Print("server", costs[0]);
  if (servers.size() == 2) {
    Print("other", costs[1]);
    printf("CPU per call, server / other: median of the rounds' ratios %.3f (%.3f to %.3f)\n",
           Median(ratios), *std::min_element(ratios.begin(), ratios.end()),
           *std::max_element(ratios.begin(), ratios.end()));
  }
  bool ended = true;
  for (const auto& server : servers) ended = server->Stop() && ended;
  return ended ? 0 : 1;
}

}  // namespace
}  // namespace sparkgate::bench

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  return sparkgate::bench::Main();
}
