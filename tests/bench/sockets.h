#ifndef SPARKGATE_TESTS_BENCH_SOCKETS_H_
#define SPARKGATE_TESTS_BENCH_SOCKETS_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace sparkgate::bench {

// A connection to 127.0.0.1. Ends the process if nobody listens.
inline int ConnectTo(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    std::perror("connect");
    std::abort();
  }
  const int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  return fd;
}

inline void WatchForInput(int epoll, int fd) {
  epoll_event event{EPOLLIN, {.fd = fd}};
  epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

// As epoll_wait, in nanoseconds.
inline int WaitForInput(int epoll, epoll_event* events, int most, int64_t wait_ns) {
  wait_ns = std::max<int64_t>(wait_ns, 0);
  const timespec wait{wait_ns / 1'000'000'000, wait_ns % 1'000'000'000};
  return epoll_pwait2(epoll, events, most, &wait, nullptr);
}

}  // namespace sparkgate::bench

#endif  // SPARKGATE_TESTS_BENCH_SOCKETS_H_
