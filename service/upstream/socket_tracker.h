#ifndef SPARKGATE_SERVICE_UPSTREAM_SOCKET_TRACKER_H_
#define SPARKGATE_SERVICE_UPSTREAM_SOCKET_TRACKER_H_

#include <curl/curl.h>

#include <cstdint>
#include <string>
#include <unordered_map>

#include "service/upstream/retry_rule.h"

namespace sparkgate::upstream {

// What the kernel tells about a connection's outgoing side.
struct SendState {
  bool known = false;
  uint64_t acked = 0;        // bytes that the peer's kernel has acknowledged
  bool queue_empty = false;  // nothing written is unacknowledged
};
SendState ReadSendState(int fd);

// True if nothing waits on the socket: no byte, no end, no error.
bool IsSilent(int fd);

// The sockets that libcurl holds for one client. libcurl does not say which socket a transfer is
// about to use (CURLINFO_ACTIVESOCKET is -1 in the pre-request callback), only its addresses and
// ports; and it closes a socket in the name of the transfer that *opened* the connection. So this
// keeps who opened a socket, between which ends it runs, and who uses it now. Loop thread only.
//
// An owner is known by the address of its facts, which are compared and never looked into.
class SocketTracker {
 public:
  using Owner = AttemptFacts*;

  // As the callback of CURLOPT_OPENSOCKETFUNCTION; a bad socket if there is no descriptor left.
  curl_socket_t Open(const curl_sockaddr& address, Owner opener);

  // The ends of a connection, as libcurl's pre-request callback names them.
  struct Ends {
    const char* local_ip;
    const char* remote_ip;
    int local_port;
    int remote_port;
  };
  struct Use {
    int fd = -1;  // unknown
    bool reused = false;
  };
  // `user` is about to send a request on this connection.
  Use BeginUse(const Ends& ends, Owner user);
  // `owner` ends; its connection, if it is kept, is nobody's.
  void Release(Owner owner);

  // The sockets of `owner` will be closed with a reset, at whatever moment libcurl closes them.
  void ResetOnClose(Owner owner);

  // As the callback of CURLOPT_CLOSESOCKETFUNCTION. Says who used it and what was acknowledged.
  struct Closed {
    Owner owner = nullptr;
    bool used = false;  // a request was begun on it
    SendState state;    // of a used one that somebody owns
  };
  Closed Close(curl_socket_t fd);

  size_t size() const { return sockets_.size(); }
  // Connections that nobody uses, without those that ShutDownKept has ended.
  size_t kept() const;
  // Ends such connections until no more than `most` are left. Their descriptors come back when
  // libcurl next looks through what it keeps.
  void ShutDownKept(size_t most);
  // Whether a descriptor of those has not come back yet.
  bool has_ended() const;

 private:
  struct Socket {
    Owner owner = nullptr;  // who opened it, then who uses it; null: kept, and nobody's
    std::string ends;       // "" until the first use
    bool reset = false;
    bool ended = false;  // by ShutDownKept
  };
  static bool IsKept(const Socket& socket);

  int FindFresh(const Ends& ends, Owner opener) const;
  void Disown(int fd, Owner owner);

  std::unordered_map<int, Socket> sockets_;
  std::unordered_multimap<Owner, int> by_owner_;  // more than one only while it connects
  std::unordered_map<std::string, int> by_ends_;
};

}  // namespace sparkgate::upstream

#endif  // SPARKGATE_SERVICE_UPSTREAM_SOCKET_TRACKER_H_
