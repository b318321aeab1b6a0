#ifndef SPARKGATE_TESTS_SOAK_UPSTREAM_H_
#define SPARKGATE_TESTS_SOAK_UPSTREAM_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "tests/soak/plays.h"

namespace sparkgate::soak {

// An upstream that plays the part that each request's name asks for, on one thread, for hundreds of
// thousands of requests: it keeps nothing of those that are over.
class Upstream {
 public:
  Upstream();
  ~Upstream();
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;

  int port() const { return port_; }
  std::string base_url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  // Connections: all, those that have a request and are not done with it, those that hold.
  int open() const { return open_; }
  int busy() const { return busy_; }
  int held() const { return held_; }

  // Any thread. Nothing if the call is not here (any more).
  void Reset(const std::string& call_name);
  void ReleaseHeld();
  // Whether a connection has this call's request. Any thread.
  bool Has(const std::string& call_name);

 private:
  using Clock = std::chrono::steady_clock;
  struct Peer {
    std::string in;
    std::string out;
    std::string call;
    std::deque<Step> steps;
    bool timed = false;  // waits for due
    Clock::time_point due{};
    bool waits_for_room = false;
    bool busy = false;
    bool held = false;
    Step::Then then = Step::Then::kGoOn;  // once `out` is sent
  };

  void Run();
  int WaitTime() const;
  void Accept();
  void OnReady(int fd, uint32_t events);
  bool Read(int fd, Peer* peer);  // false: the peer is gone
  void Begin(int fd, Peer* peer, const std::string& request);
  void Advance(int fd);
  bool Flush(int fd, Peer* peer);     // false: the peer is gone
  bool NextStep(int fd, Peer* peer);  // false: nothing to do now
  void Watch(int fd, Peer* peer);
  void RunDue();
  void RunWishes();
  void Over(Peer* peer);
  void Close(int fd, bool reset);

  int listener_ = -1;
  int epoll_ = -1;
  int wake_ = -1;
  int port_ = 0;
  std::unordered_map<int, Peer> peers_;
  std::multimap<Clock::time_point, int> due_;
  std::atomic<int> open_{0};
  std::atomic<int> busy_{0};
  std::atomic<int> held_{0};
  std::atomic<bool> stopping_{false};

  std::mutex mutex_;
  std::unordered_map<std::string, int> calls_;  // name to descriptor; written by the thread
  std::vector<std::string> resets_;             // wished
  bool release_ = false;                        // wished
  std::thread thread_;
};

}  // namespace sparkgate::soak

#endif  // SPARKGATE_TESTS_SOAK_UPSTREAM_H_
