// Prints what the client costs on its loop thread: CPU and turns per chunk and per request, and
// resident memory per open transfer. The upstream is a process of its own.
//
//   bazel run --config=opt //service/upstream:curl_client_bench -- [streams] [chunks] [pace in ms]
//   strace -c bazel-bin/service/upstream/curl_client_bench    # system calls of the client alone
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "service/upstream/curl_client.h"
#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"

namespace sparkgate::upstream {
namespace {

using support::Connection;
using support::ScriptedUpstream;

struct Load {
  int streams = 1000;
  int chunks = 100;
  int pace_ms = 40;
};

double CpuMicroseconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

double ResidentKib() {
  std::ifstream statm("/proc/self/statm");
  double size = 0;
  double resident = 0;
  statm >> size >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1024;
}

// The streams: one chunk at once, the others from the moment that all streams are open.
void Serve(const Load& load, int port_pipe) {
  const std::string chunk = support::Chunk(support::SseEvent(std::string(272, 'x')));
  ScriptedUpstream upstream([&](Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      if (request->target == "/short") {
        connection.Send(support::JsonResponse("{}"));
        continue;
      }
      connection.Send(support::SseHead() + chunk);
      upstream.WaitForConnections(load.streams);
      std::this_thread::sleep_for(std::chrono::seconds(1));
      for (int i = 1; i < load.chunks; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(load.pace_ms));
        connection.Send(chunk);
      }
      connection.SendLastChunk();
    }
  });
  const int port = upstream.port();
  if (write(port_pipe, &port, sizeof(port)) != sizeof(port)) return;
  char byte;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
}

class Counter : public TransferSink {
 public:
  void OnHead(Head) override { ++heads; }
  void OnBody(std::string_view) override { ++bodies; }
  void OnEnd(const TransferEnd& end) override {
    failed += end.how != TransferEnd::How::kComplete;
    if (--open == 0) loop->Stop();
  }

  event_loop::Loop* loop = nullptr;
  int open = 0;
  int heads = 0;
  int bodies = 0;
  int failed = 0;
};

Request Ask(const char* path) {
  Request request;
  request.path = path;
  request.body = std::string(1024, 'p');
  return request;
}

void MeasureRequests(event_loop::Loop* loop, CurlClient* client) {
  constexpr int kRequests = 5000;
  const double before = CpuMicroseconds();
  Counter counter;
  counter.loop = loop;
  for (int i = 0; i < kRequests; ++i) {
    counter.open = 1;
    const auto transfer = client->Start(Ask("/short"), &counter);
    loop->Run();
  }
  std::printf("request: %.1f us of CPU each on a kept connection (%d, %d failed)\n",
              (CpuMicroseconds() - before) / kRequests, kRequests, counter.failed);
}

void MeasureStreams(const Load& load, event_loop::Loop* loop, CurlClient* client) {
  Counter counter;
  counter.loop = loop;
  counter.open = load.streams;
  const double resident = ResidentKib();
  std::vector<std::unique_ptr<Transfer>> transfers;
  for (int i = 0; i < load.streams; ++i) {
    transfers.push_back(client->Start(Ask("/stream"), &counter));
  }
  double cpu = 0;
  uint64_t turns = 0;
  int bodies = 0;
  event_loop::Timer all_open(loop, [&] {
    std::printf("memory: %.1f KiB per open transfer (%d open, after their first chunk)\n",
                (ResidentKib() - resident) / load.streams, counter.heads);
    cpu = CpuMicroseconds();
    turns = loop->counts().turns;
    bodies = counter.bodies;
  });
  all_open.ArmIn(std::chrono::milliseconds(900));
  loop->Run();
  const double chunks = counter.bodies - bodies;
  std::printf("stream: %.2f us of CPU and %.2f turns per chunk (%.0f chunks, %d failed)\n",
              (CpuMicroseconds() - cpu) / chunks,
              static_cast<double>(loop->counts().turns - turns) / chunks, chunks, counter.failed);
}

int Main(int argc, char** argv) {
  Load load;
  if (argc > 1) load.streams = std::atoi(argv[1]);
  if (argc > 2) load.chunks = std::atoi(argv[2]);
  if (argc > 3) load.pace_ms = std::atoi(argv[3]);
  int ports[2];
  int life[2];
  if (pipe(ports) != 0 || pipe(life) != 0) return 1;
  const pid_t child = fork();
  if (child == 0) {
    dup2(life[0], STDIN_FILENO);  // ends when the parent does
    close(life[0]);
    close(life[1]);
    Serve(load, ports[1]);
    return 0;
  }
  int port = 0;
  if (read(ports[0], &port, sizeof(port)) != sizeof(port)) return 1;
  {
    event_loop::Loop loop;
    ClientOptions options;
    options.base_url = "http://127.0.0.1:" + std::to_string(port);
    CurlClient client(&loop, options, nullptr);
    MeasureRequests(&loop, &client);
    MeasureStreams(load, &loop, &client);
  }
  close(life[1]);
  waitpid(child, nullptr, 0);
  return 0;
}

}  // namespace
}  // namespace sparkgate::upstream

int main(int argc, char** argv) { return sparkgate::upstream::Main(argc, argv); }
