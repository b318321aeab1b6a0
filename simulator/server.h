// The listening server: accepts connections and spreads them over its threads.
#ifndef SPARKGATE_SIMULATOR_SERVER_H_
#define SPARKGATE_SIMULATOR_SERVER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "simulator/ledger.h"
#include "simulator/options.h"

namespace sparkgate::simulator {

class Server {
 public:
  explicit Server(Options options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Takes the port; from here on clients can connect. False: *error is a sentence that says why.
  bool Listen(std::string* error);
  uint16_t port() const;

  // From now on SIGTERM and SIGINT of the process end Run(). After Listen().
  void StopOnSignals();

  // Serves until Stop(). Open connections are dropped when the server is destroyed.
  void Run();
  void Stop();  // Any thread.

  Ledger& ledger();

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_SERVER_H_
