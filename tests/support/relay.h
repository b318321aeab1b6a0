#ifndef SPARKGATE_TESTS_SUPPORT_RELAY_H_
#define SPARKGATE_TESTS_SUPPORT_RELAY_H_

#include <atomic>
#include <chrono>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

namespace sparkgate::support {

// A middle box on 127.0.0.1, as a balancer or a proxy in front of servers: each connection goes to
// the next backend in turn, and one over which a server has sent nothing for `most_silence` is cut,
// if there is such a limit. Any thread.
class Relay {
 public:
  explicit Relay(std::vector<int> backend_ports,
                 std::chrono::milliseconds most_silence = std::chrono::milliseconds(0));
  // Cuts what is still open.
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  int port() const { return port_; }
  void SetBackends(std::vector<int> ports);
  int accepted() const { return accepted_; }
  int cut() const { return cut_; }  // for their silence

 private:
  void AcceptLoop();
  void Pump(int caller, int backend);
  int Connect();

  const std::chrono::milliseconds most_silence_;
  int listen_fd_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> accepted_{0};
  std::atomic<int> cut_{0};
  std::mutex mutex_;
  std::vector<int> backends_;     // guarded by mutex_
  size_t next_ = 0;               // guarded by mutex_
  std::list<std::thread> pumps_;  // of the accepting thread, then of the destructor
  std::thread accept_thread_;
};

}  // namespace sparkgate::support

#endif  // SPARKGATE_TESTS_SUPPORT_RELAY_H_
