#ifndef SPARKGATE_TESTS_SUPPORT_TCP_INFO_H_
#define SPARKGATE_TESTS_SUPPORT_TCP_INFO_H_

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "tests/support/gate.h"

namespace sparkgate::support {

// What the kernel says about IPv4 sockets, from /proc/net/tcp.

// Sockets in TIME_WAIT on the client's side of connections to this port, without those that were
// there at first: the system keeps them for a minute, also of whoever had the port before.
class TimeWaits {
 public:
  explicit TimeWaits(int server_port) : port_(server_port), at_first_(Count()) {}
  int New() const { return std::max(Count() - at_first_, 0); }

 private:
  int Count() const;

  const int port_;
  const int at_first_;
};

// Sockets on the client's side of connections to this port, but for TIME_WAIT: there may be such of
// an earlier server that had the same port.
int ConnectionsTowards(int server_port);

// Waits until a client's socket towards this port (`local_port` 0: any) holds at least `bytes` that
// its peer has not acknowledged. False when that did not happen in time.
bool WaitForUnacknowledged(int local_port, int server_port, uint64_t bytes,
                           std::chrono::milliseconds patience = kPatience);

// Bytes that wait unread in the client's sockets towards this port, or in one of them.
uint64_t UnreadTowards(int server_port, int local_port = 0);

// Waits until so many of a server's connections hold at least 32 KiB that their peers do not take:
// its sends block, or soon will. (A smaller send buffer makes that sooner.) False when it did not
// happen in time.
bool WaitForBlockedSenders(int server_port, int count,
                           std::chrono::milliseconds patience = kPatience);

// Waits until the client has read all that was sent to this socket of his: a reset before would
// throw it away. False when that did not happen in time.
bool WaitUntilRead(int local_port, int server_port, std::chrono::milliseconds patience = kPatience);

}  // namespace sparkgate::support

#endif  // SPARKGATE_TESTS_SUPPORT_TCP_INFO_H_
