#ifndef SPARKGATE_TESTS_SUPPORT_SCRIPTED_UPSTREAM_H_
#define SPARKGATE_TESTS_SUPPORT_SCRIPTED_UPSTREAM_H_

#include <pthread.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/scripted_connection.h"
#include "tests/support/test_certificates.h"

namespace sparkgate::support {

// A server on 127.0.0.1 that a test scripts byte by byte:
//
//   ScriptedUpstream upstream([](Connection& connection) {
//     while (connection.ReadRequest()) connection.Send(JsonResponse("{}"));
//   });
//   … upstream.base_url() …
//
// The script runs once per connection, each on a small thread of its own, so it must bear being run
// by several at once; 2,000 connections are fine. The connection is closed when the script returns.
// Whatever the script refers to must outlive the server: declare it before.
//
// Ignores SIGPIPE and raises the soft limit of open files for the process.
class ScriptedUpstream : private ConnectionLog {
 public:
  using Script = std::function<void(Connection&)>;

  explicit ScriptedUpstream(Script script);                  // plain
  ScriptedUpstream(Script script, Certificate certificate);  // TLS
  // Plain, on another of this machine's own addresses, such as 127.0.0.2; port 0 takes a free one.
  ScriptedUpstream(Script script, const std::string& address, int port);
  // Interrupts the running scripts and waits for them.
  ~ScriptedUpstream() override;

  int port() const { return port_; }
  bool tls() const { return context_ != nullptr; }
  std::string base_url() const;  // http(s)://127.0.0.1:port
  std::string base_url(const std::string& host) const;

  // What happened until now.
  int connections_accepted() const;
  int connections_open() const;  // whose script still runs
  int handshakes_failed() const;
  std::vector<ReceivedRequest> requests() const;  // complete ones that a script read
  std::vector<PeerClose> closes() const;          // as noticed by reading or waiting scripts

  // Wait until there are at least so many; false when time was up.
  bool WaitForConnections(int count) const;
  bool WaitForRequests(int count) const;
  bool WaitForCloses(int count) const;
  bool WaitForFailedHandshakes(int count) const;
  bool WaitForNoneOpen() const;

  // No further connection is accepted: connecting is refused.
  void StopListening();

 private:
  struct Runner;
  static void* RunnerMain(void* runner);

  void OnRequest(const ReceivedRequest& request) override;
  void OnPeerClose(const PeerClose& close) override;

  void Listen(const std::string& address, int port);
  void AcceptLoop();
  void Adopt(int fd);
  void Serve(Runner* runner);
  bool WaitUntil(const std::function<bool()>& condition) const;

  const Script script_;
  const SslContext context_;
  int listen_fd_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  std::thread accept_thread_;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::list<std::unique_ptr<Runner>> runners_;
  int accepted_ = 0;
  int open_ = 0;
  int handshakes_failed_ = 0;
  std::vector<ReceivedRequest> requests_;
  std::vector<PeerClose> closes_;
};

// A port that never answers: attempts to connect neither succeed nor fail.
class BlackHole {
 public:
  explicit BlackHole(const std::string& address = "127.0.0.1", int port = 0);
  ~BlackHole();
  BlackHole(const BlackHole&) = delete;
  BlackHole& operator=(const BlackHole&) = delete;

  int port() const { return port_; }

 private:
  int port_;
  int fd_;
  int fillers_[4];
};

// A port on 127.0.0.1 where nobody listens (until the system gives it to somebody else).
int UnusedPort();

}  // namespace sparkgate::support

#endif  // SPARKGATE_TESTS_SUPPORT_SCRIPTED_UPSTREAM_H_
