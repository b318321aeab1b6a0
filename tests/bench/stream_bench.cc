// Counts what a streamed chunk costs the server, at a fixed rate: context switches, messages, CPU,
// and memory per open stream. Starts the server it is given in front of an upstream of its own;
// loopback only, and ends by itself.
//
//   stream_bench --server=PATH [--streams=1000] [--interval_ms=40] [--seconds=5] [--connections=8]
#include <absl/flags/flag.h>
#include <absl/flags/parse.h>
#include <fcntl.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "sparkgate/v1/request.pb.h"
#include "tests/bench/paced_upstream.h"
#include "tests/bench/process_stats.h"

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

struct Server {
  pid_t pid = -1;
  int port = 0;
  double start_ms = 0;
};

Server StartServer(int upstream_port) {
  int out[2];
  if (pipe(out) != 0) abort();
  const std::string url = "http://127.0.0.1:" + std::to_string(upstream_port) + "/v1";
  const std::string path = absl::GetFlag(FLAGS_server);
  const std::vector<std::string> arguments = {
      path,
      "--listen=127.0.0.1:0",
      "--upstream_url=" + url,
      "--no_api_key",
      "--drain_delay=0s",
      "--loops=" + std::to_string(absl::GetFlag(FLAGS_loops))};
  Server server;
  const Clock::time_point begun = Clock::now();
  server.pid = fork();
  if (server.pid == 0) {
    dup2(out[1], STDOUT_FILENO);
    const int null = open("/dev/null", O_WRONLY);
    dup2(null, STDERR_FILENO);
    std::vector<char*> argv;
    for (const std::string& argument : arguments)
      argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    execv(path.c_str(), argv.data());
    _exit(127);
  }
  close(out[1]);
  FILE* const lines = fdopen(out[0], "r");
  char line[256];
  while (fgets(line, sizeof line, lines)) {
    if (sscanf(line, "listening on 127.0.0.1:%d", &server.port) == 1) break;
  }
  server.start_ms = std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
  return server;
}

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

grpc::ByteBuffer Request() {
  v1::ChatRequest request;
  request.set_model("bench");
  auto* message = request.add_messages();
  message->set_role("user");
  message->set_content(std::string(1024, 'p'));
  const grpc::Slice slice(request.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

int Main() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);

  const int streams = absl::GetFlag(FLAGS_streams);
  PacedUpstream upstream(std::chrono::milliseconds(absl::GetFlag(FLAGS_interval_ms)), 1'000'000,
                         absl::GetFlag(FLAGS_chunk_bytes));
  const Server server = StartServer(upstream.port());
  if (server.port == 0) {
    fprintf(stderr, "the server did not start\n");
    return 1;
  }
  const ProcessStats idle = ReadProcessStats(server.pid);

  std::vector<std::unique_ptr<grpc::GenericStub>> stubs;
  for (int i = 0; i < absl::GetFlag(FLAGS_connections); ++i) {
    grpc::ChannelArguments arguments;
    arguments.SetInt("bench.connection",
                     i);  // a channel's own arguments make its connection its own
    stubs.push_back(std::make_unique<grpc::GenericStub>(
        grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(server.port),
                                  grpc::InsecureChannelCredentials(), arguments)));
  }
  grpc::CompletionQueue queue;
  std::atomic<uint64_t> messages{0};
  std::atomic<int> open{streams};
  const grpc::ByteBuffer request = Request();
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

  const ProcessStats before = ReadProcessStats(server.pid);
  const uint64_t chunks_before = upstream.chunks_sent();
  const uint64_t messages_before = messages.load();
  std::this_thread::sleep_for(std::chrono::seconds(absl::GetFlag(FLAGS_seconds)));
  const ProcessStats after = ReadProcessStats(server.pid);
  const double chunks = static_cast<double>(upstream.chunks_sent() - chunks_before);
  const double got = static_cast<double>(messages.load() - messages_before);

  printf("streams %d, every %d ms, open upstream %d, start to ready %.0f ms\n", streams,
         absl::GetFlag(FLAGS_interval_ms), upstream.open_streams(), server.start_ms);
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
  kill(server.pid, SIGTERM);
  int status = 0;
  waitpid(server.pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
}

}  // namespace
}  // namespace sparkgate::bench

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  return sparkgate::bench::Main();
}
