// Counts what a streamed chunk costs the server, at a fixed rate: context switches, messages, CPU,
// and memory per open stream. Starts the server it is given in front of an upstream of its own;
// loopback only, and ends by itself.
//
//   stream_bench --server=PATH [--streams=1000] [--interval_ms=40] [--seconds=5] [--connections=8]
#include <absl/flags/flag.h>
#include <absl/flags/parse.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <stdio.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/paced_upstream.h"
#include "tests/bench/process_stats.h"
#include "tests/bench/server_under_load.h"

ABSL_FLAG(std::string, server, "", "the sparkgate binary");
ABSL_FLAG(int, streams, 1000, "streams that run at once");
ABSL_FLAG(int, interval_ms, 40, "from one chunk of a stream to the next");
ABSL_FLAG(int, seconds, 5, "measured time");
ABSL_FLAG(int, connections, 8, "client connections");
ABSL_FLAG(int, loops, 2, "the server's --loops");
ABSL_FLAG(int, chunk_bytes, 280, "size of an upstream event");

namespace sparkgate::bench {
namespace {

using Clock = std::chrono::steady_clock;

// One stream of the load: reads until its end, as bytes, so that the driver costs little.
class Stream {
 public:
  Stream(grpc::GenericStub* stub, grpc::CompletionQueue* queue, const grpc::ByteBuffer& request)
      : call_(stub->PrepareCall(&context_, "/sparkgate.v1.ChatService/StreamChat", queue)),
        request_(request) {
    call_->StartCall(this);
  }

  // False when the stream is over.
  bool Advance(bool ok, std::atomic<uint64_t>* messages) {
    switch (step_) {
      case Step::kStarted:
        step_ = Step::kRequestSent;
        call_->WriteLast(request_, grpc::WriteOptions(), this);
        return true;
      case Step::kReading:
        if (ok) messages->fetch_add(1, std::memory_order_relaxed);
        [[fallthrough]];
      case Step::kRequestSent:
        if (!ok) {
          step_ = Step::kFinished;
          call_->Finish(&status_, this);
          return true;
        }
        step_ = Step::kReading;
        call_->Read(&message_, this);
        return true;
      case Step::kFinished:
        return false;
    }
    return false;
  }

  void Cancel() { context_.TryCancel(); }

 private:
  enum class Step { kStarted, kRequestSent, kReading, kFinished } step_ = Step::kStarted;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
  const grpc::ByteBuffer request_;
  grpc::ByteBuffer message_;
  grpc::Status status_;
};

int Main() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);

  const int streams = absl::GetFlag(FLAGS_streams);
  PacedUpstream upstream(std::chrono::milliseconds(absl::GetFlag(FLAGS_interval_ms)), 1'000'000,
                         absl::GetFlag(FLAGS_chunk_bytes));
  ServerUnderLoad server(absl::GetFlag(FLAGS_server), upstream.port(), absl::GetFlag(FLAGS_loops));
  if (server.port() == 0) return 1;
  const ProcessStats idle = ReadProcessStats(server.pid());

  const auto stubs = server.Connect(absl::GetFlag(FLAGS_connections));
  grpc::CompletionQueue queue;
  std::atomic<uint64_t> messages{0};
  std::atomic<int> open{streams};
  const grpc::ByteBuffer request = ChatRequestBytes();
  std::vector<std::unique_ptr<Stream>> load;
  std::thread reader([&] {
    void* tag = nullptr;
    bool ok = false;
    while (queue.Next(&tag, &ok)) {
      if (!static_cast<Stream*>(tag)->Advance(ok, &messages)) open.fetch_sub(1);
    }
  });
  for (int i = 0; i < streams; ++i) {
    load.push_back(std::make_unique<Stream>(stubs[i % stubs.size()].get(), &queue, request));
  }
  const Clock::time_point limit_to_start = Clock::now() + std::chrono::seconds(30);
  while (upstream.open_streams() < streams && Clock::now() < limit_to_start) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  std::this_thread::sleep_for(std::chrono::seconds(1));  // every stream has its first token

  const ProcessStats before = ReadProcessStats(server.pid());
  const uint64_t chunks_before = upstream.chunks_sent();
  const uint64_t messages_before = messages.load();
  std::this_thread::sleep_for(std::chrono::seconds(absl::GetFlag(FLAGS_seconds)));
  const ProcessStats after = ReadProcessStats(server.pid());
  const double chunks = static_cast<double>(upstream.chunks_sent() - chunks_before);
  const double got = static_cast<double>(messages.load() - messages_before);

  printf("streams %d, every %d ms, open upstream %d, start to ready %.0f ms\n", streams,
         absl::GetFlag(FLAGS_interval_ms), upstream.open_streams(), server.start_ms());
  printf("chunks per second                 %.0f (wanted %.0f)\n",
         chunks / absl::GetFlag(FLAGS_seconds),
         1000.0 * streams / absl::GetFlag(FLAGS_interval_ms));
  printf("messages per chunk                %.3f\n", got / chunks);
  printf("voluntary switches per chunk      %.3f\n",
         (after.voluntary_switches - before.voluntary_switches) / chunks);
  for (const auto& [name, count] : after.switches_by_thread) {
    const auto earlier = before.switches_by_thread.find(name);
    const uint64_t base = earlier == before.switches_by_thread.end() ? 0 : earlier->second;
    if ((count - base) / chunks > 0.001)
      printf("  %-16s                %.3f\n", name.c_str(), (count - base) / chunks);
  }
  printf("CPU microseconds per chunk        %.1f\n",
         1e6 * (after.cpu_seconds - before.cpu_seconds) / chunks);
  printf("resident memory, idle             %.1f MiB\n", idle.rss_kib / 1024.0);
  printf("resident memory per open stream   %.1f KiB\n",
         (static_cast<double>(after.rss_kib) - idle.rss_kib) / streams);

  for (auto& stream : load) stream->Cancel();
  const Clock::time_point limit_to_end = Clock::now() + std::chrono::seconds(30);
  while (open.load() > 0 && Clock::now() < limit_to_end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  queue.Shutdown();
  reader.join();
  return server.Stop() ? 0 : 1;
}

}  // namespace
}  // namespace sparkgate::bench

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  return sparkgate::bench::Main();
}
