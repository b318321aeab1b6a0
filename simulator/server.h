// The listening server: accepts connections and spreads them over its threads.
#ifndef SPARKGATE_SIMULATOR_SERVER_H_
#define SPARKGATE_SIMULATOR_SERVER_H_

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "simulator/endpoint.h"
#include "simulator/ledger.h"
#include "simulator/options.h"

namespace sparkgate::simulator {

// One thread creates it and calls Run(), which starts the others.
class Server {
 public:
  explicit Server(Options options);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Takes the port; from then on clients can connect. False: *error is a sentence that says why.
  bool Listen(std::string* error);
  uint16_t port() const;

  // From now on SIGTERM and SIGINT of the process end Run(). After Listen().
  void StopOnSignals();

  // Serves until Stop(). Open connections are dropped when the server is destroyed.
  void Run();
  void Stop();  // Any thread.

  Ledger& ledger() { return ledger_; }

 private:
  bool PrepareTls(std::string* error);
  bool Bind(std::string* error);
  void Accept();
  void OnAccepted(size_t target, boost::asio::ip::tcp::socket socket);

  const Options options_;
  Ledger ledger_;
  Endpoint endpoint_{options_, &ledger_};
  std::optional<boost::asio::ssl::context> tls_;
  // Each thread has a context of its own, so that a connection needs no locks.
  std::vector<std::unique_ptr<boost::asio::io_context>> contexts_;
  std::vector<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_;
  std::optional<boost::asio::ip::tcp::acceptor> acceptor_;
  std::optional<boost::asio::signal_set> signals_;
  std::optional<boost::asio::steady_timer> retry_;
  size_t next_context_ = 0;
};

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_SERVER_H_
