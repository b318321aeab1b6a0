#include "tests/bench/measure.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <thread>
#include <vector>

#include "tests/bench/mark.h"
#include "tests/bench/process_stats.h"

namespace sparkgate::bench {
namespace {

constexpr int kConnections = 4;  // of gRPC
constexpr int64_t kPatienceNs = 30'000'000'000;
constexpr int kEndless = 1'000'000'000;

[[noreturn]] void Fail(const Gateway& gateway, const std::string& what) {
  std::fprintf(stderr, "%s: %s\n", gateway.name().c_str(), what.c_str());
  std::abort();
}

double Percentile(std::vector<int64_t>* values_ns, double share) {
  if (values_ns->empty()) return 0;
  const auto at = static_cast<size_t>(share * static_cast<double>(values_ns->size() - 1));
  std::nth_element(values_ns->begin(), values_ns->begin() + static_cast<long>(at),
                   values_ns->end());
  return static_cast<double>((*values_ns)[at]) / 1000;
}

// The calls of a load by their numbers, with what is known of each.
class Calls final : public LoadEvents {
 public:
  struct Call {
    MarkScanner marks;
    int64_t begun_ns = 0;
    int64_t last_ns = 0;  // chunk
    bool ended = false;
  };

  Calls(const Gateway& gateway, const ClientOptions& options)
      : gateway_(gateway), client_(gateway.Client(options, this)) {}

  void Start(int number, const Pace& pace) {
    calls_[number] = Call();
    calls_[number].begun_ns = NowNs();
    client_->Start(number, pace);
  }
  void Abort(int number) { client_->Abort(number); }

  void PollUntil(int64_t until_ns) {
    for (int64_t left; (left = until_ns - NowNs()) > 0;) client_->Poll(left);
  }
  void PollWhile(const std::function<bool()>& condition) {
    const int64_t until = NowNs() + kPatienceNs;
    while (condition()) {
      if (NowNs() > until) Fail(gateway_, "the load did not come to where it should");
      client_->Poll(1'000'000);
    }
  }

  void OnBytes(int number, std::string_view bytes) override {
    Call& call = calls_[number];
    const int64_t now = NowNs();
    const uint32_t seen = call.marks.seen();
    call.marks.Feed(bytes, now, &delays_ns);
    if (!call.marks.in_order()) Fail(gateway_, "a chunk is missing or out of order");
    if (call.marks.seen() == seen) return;
    if (call.last_ns != 0) largest_gap_ns = std::max(largest_gap_ns, now - call.last_ns);
    call.last_ns = now;
    if (seen == 0 && on_first) on_first(number, now);
  }
  void OnEnd(int number, bool ok) override {
    if (!ok) Fail(gateway_, "call " + std::to_string(number) + " failed");
    calls_[number].ended = true;
    if (on_end) on_end(number);
  }

  Call& at(int number) { return calls_[number]; }

  std::vector<int64_t> delays_ns;
  int64_t largest_gap_ns = 0;
  std::function<void(int number, int64_t now_ns)> on_first;  // chunk
  std::function<void(int number)> on_end;

 private:
  const Gateway& gateway_;
  std::map<int, Call> calls_;
  const std::unique_ptr<LoadClient> client_;
};

// Adds what the gateway's process used since `before`, for each of `count`.
void AddCosts(const Gateway& gateway, const ProcessStats& before, double count, Figures* figures) {
  if (gateway.pid() < 0) return;
  const ProcessStats after = ReadProcessStats(gateway.pid());
  (*figures)["cpu_us"] = (after.cpu_us - before.cpu_us) / count;
  (*figures)["switches"] =
      static_cast<double>(after.voluntary_switches - before.voluntary_switches) / count;
}

void AddPercentiles(const std::string& name, std::vector<int64_t>* values_ns, Figures* figures) {
  (*figures)[name + "_p50_us"] = Percentile(values_ns, 0.5);
  (*figures)[name + "_p99_us"] = Percentile(values_ns, 0.99);
}

int64_t Ns(double seconds) { return static_cast<int64_t>(seconds * 1e9); }

Pace UnaryPace() {
  Pace pace;
  pace.stream = false;
  return pace;
}

}  // namespace

Figures MeasureUnary(const Gateway& gateway, int in_flight, double seconds) {
  Calls calls(gateway, {std::min(in_flight, kConnections)});
  const int64_t begun = NowNs() + Ns(0.3);  // warm by then
  const int64_t end = begun + Ns(seconds);
  std::vector<int64_t> times_ns;
  int running = in_flight;
  calls.on_end = [&](int number) {
    const int64_t now = NowNs();
    if (now >= begun && now < end) times_ns.push_back(now - calls.at(number).begun_ns);
    if (now < end) {
      calls.Start(number, UnaryPace());
    } else {
      --running;
    }
  };
  for (int i = 0; i < in_flight; ++i) calls.Start(i, UnaryPace());
  calls.PollUntil(begun);
  const ProcessStats before = ReadProcessStats(gateway.pid());
  calls.PollUntil(end);
  Figures figures;
  const auto count = static_cast<double>(times_ns.size());
  AddCosts(gateway, before, count, &figures);
  figures["per_second"] = count / seconds;
  AddPercentiles("time", &times_ns, &figures);
  calls.PollWhile([&] { return running > 0; });
  return figures;
}

Figures MeasureStreams(const Gateway& gateway, PacedUpstream* upstream, const StreamLoad& load,
                       double seconds) {
  const ProcessStats idle = ReadProcessStats(gateway.pid());
  Calls calls(gateway, {std::clamp(load.streams / 16, 1, 32), load.prompt_bytes});
  Pace pace;
  pace.interval_us = load.interval_us;
  pace.chunks = kEndless;
  pace.bunched = load.bunched;
  for (int i = 0; i < load.streams; ++i) calls.Start(i, pace);
  calls.PollWhile([&] { return upstream->open_streams() < load.streams; });
  calls.PollUntil(NowNs() + std::max<int64_t>(Ns(0.5), load.interval_us * 1500LL));

  calls.delays_ns.clear();
  calls.largest_gap_ns = 0;
  const ProcessStats before = ReadProcessStats(gateway.pid());
  const uint64_t sent_before = upstream->chunks_sent();
  calls.PollUntil(NowNs() + Ns(seconds));
  const auto chunks = static_cast<double>(upstream->chunks_sent() - sent_before);
  Figures figures;
  AddCosts(gateway, before, chunks, &figures);
  figures["per_second"] = chunks / seconds;
  figures["pace_held"] = chunks / seconds / (1e6 / load.interval_us * load.streams);
  figures["largest_gap_ms"] = static_cast<double>(calls.largest_gap_ns) / 1e6;
  AddPercentiles("delay", &calls.delays_ns, &figures);
  if (gateway.pid() > 0) {
    const double kib = static_cast<double>(ReadProcessStats(gateway.pid()).rss_kib) -
                       static_cast<double>(idle.rss_kib);
    figures["kib_per_stream"] = kib / load.streams;
  }
  for (int i = 0; i < load.streams; ++i) calls.Abort(i);
  calls.PollWhile([&] { return upstream->open_streams() > 0; });
  upstream->TakeAbortTimesNs();
  return figures;
}

Figures MeasureFirstToken(const Gateway& gateway, int samples) {
  Calls calls(gateway, {});
  Pace pace;
  pace.interval_us = 1000;
  pace.chunks = 2;
  pace.first_now = true;
  std::vector<int64_t> times_ns;
  calls.on_first = [&](int number, int64_t now) {
    times_ns.push_back(now - calls.at(number).begun_ns);
  };
  for (int i = 0; i < samples; ++i) {
    calls.Start(i, pace);
    calls.PollWhile([&] { return !calls.at(i).ended; });
  }
  Figures figures;
  AddPercentiles("first_token", &times_ns, &figures);
  return figures;
}

Figures MeasureAbort(const Gateway& gateway, PacedUpstream* upstream, int others, int samples) {
  Calls calls(gateway, {8});
  Pace pace;
  pace.interval_us = 40'000;
  pace.chunks = kEndless;
  for (int i = 0; i < others; ++i) calls.Start(i, pace);
  calls.PollWhile([&] { return upstream->open_streams() < others; });
  std::vector<int64_t> times_ns;
  for (int i = others; i < others + samples; ++i) {
    calls.Start(i, pace);
    calls.PollWhile([&] { return calls.at(i).marks.seen() == 0; });
    const int64_t left_ns = NowNs();
    calls.Abort(i);
    std::vector<int64_t> closed_ns;
    calls.PollWhile([&] { return (closed_ns = upstream->TakeAbortTimesNs()).empty(); });
    times_ns.push_back(closed_ns.front() - left_ns);
  }
  for (int i = 0; i < others; ++i) calls.Abort(i);
  calls.PollWhile([&] { return upstream->open_streams() > 0; });
  upstream->TakeAbortTimesNs();
  Figures figures;
  AddPercentiles("abort", &times_ns, &figures);
  return figures;
}

Figures MeasureStoppedReaders(const Gateway& gateway, PacedUpstream* upstream, int streams) {
  Figures figures;
  if (!gateway.is_grpc()) return figures;
  const auto resident = [&] {
    return static_cast<double>(ReadProcessStats(gateway.pid()).rss_kib);
  };
  const double before = resident();
  {
    Calls calls(gateway, {32, 1024, /*stream_window=*/65'535});
    Pace pace;
    pace.interval_us = 1000;
    pace.chunks = kEndless;
    pace.chunk_bytes = 4096;
    for (int i = 0; i < streams; ++i) calls.Start(i, pace);
    calls.PollWhile([&] { return upstream->open_streams() < streams; });
    for (uint64_t sent = 0; sent != upstream->chunks_sent();) {
      sent = upstream->chunks_sent();
      calls.PollUntil(NowNs() + Ns(1));
    }
    figures["kib_per_stream"] = (resident() - before) / streams;
    for (int i = 0; i < streams; ++i) calls.Abort(i);
    calls.PollWhile([&] { return upstream->open_streams() > 0; });
  }
  upstream->TakeAbortTimesNs();
  std::this_thread::sleep_for(std::chrono::seconds(10));
  figures["left_mib"] = (resident() - before) / 1024;
  return figures;
}

Figures MeasureFirstCall(const Gateway& gateway, double idle_seconds, int samples) {
  Calls calls(gateway, {});
  std::vector<int64_t> times_ns;
  calls.on_end = [&](int number) { times_ns.push_back(NowNs() - calls.at(number).begun_ns); };
  for (int i = 0; i < samples; ++i) {
    if (i > 0) calls.PollUntil(NowNs() + Ns(idle_seconds));
    calls.Start(i, UnaryPace());
    calls.PollWhile([&] { return !calls.at(i).ended; });
    if (i == 0) times_ns.clear();  // makes the connections
  }
  Figures figures;
  AddPercentiles("time", &times_ns, &figures);
  return figures;
}

}  // namespace sparkgate::bench
