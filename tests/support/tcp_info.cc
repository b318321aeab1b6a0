#include "tests/support/tcp_info.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <thread>

namespace sparkgate::support {
namespace {

constexpr int kTimeWait = 6;

struct Row {
  unsigned local_port;
  unsigned remote_port;
  int state;
  unsigned long unacknowledged;
  unsigned long unread;
};

void ForEachSocket(const std::function<void(const Row&)>& visit) {
  std::ifstream table("/proc/net/tcp");
  std::string line;
  std::getline(table, line);  // the column names
  while (std::getline(table, line)) {
    Row row{};
    unsigned state = 0;
    const int fields = std::sscanf(line.c_str(), "%*d: %*x:%x %*x:%x %x %lx:%lx", &row.local_port,
                                   &row.remote_port, &state, &row.unacknowledged, &row.unread);
    row.state = static_cast<int>(state);
    if (fields == 5) visit(row);
  }
}

// Asks the kernel for the one socket between two ports of 127.0.0.1: the whole table takes
// milliseconds when there are thousands. 0 if there is none; nullopt if the kernel does not answer.
std::optional<uint64_t> UnreadOf(int local_port, int remote_port) {
  struct {
    nlmsghdr header;
    inet_diag_req_v2 request;
  } question{};
  question.header.nlmsg_len = sizeof(question);
  question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  question.header.nlmsg_flags = NLM_F_REQUEST;
  question.request.sdiag_family = AF_INET;
  question.request.sdiag_protocol = IPPROTO_TCP;
  question.request.idiag_states = ~0U;
  question.request.id.idiag_sport = htons(static_cast<uint16_t>(local_port));
  question.request.id.idiag_dport = htons(static_cast<uint16_t>(remote_port));
  question.request.id.idiag_src[0] = htonl(INADDR_LOOPBACK);
  question.request.id.idiag_dst[0] = htonl(INADDR_LOOPBACK);
  question.request.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
  question.request.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;

  const int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (fd < 0) return std::nullopt;
  alignas(nlmsghdr) char bytes[4096];
  const bool asked = send(fd, &question, sizeof(question), 0) == sizeof(question);
  const ssize_t size = asked ? recv(fd, bytes, sizeof(bytes), 0) : -1;
  close(fd);
  const auto* const header = reinterpret_cast<const nlmsghdr*>(bytes);
  if (size < 0 || !NLMSG_OK(header, static_cast<size_t>(size))) return std::nullopt;
  if (header->nlmsg_type == SOCK_DIAG_BY_FAMILY) {
    return static_cast<const inet_diag_msg*>(NLMSG_DATA(header))->idiag_rqueue;
  }
  if (header->nlmsg_type != NLMSG_ERROR) return std::nullopt;
  const int error = static_cast<const nlmsgerr*>(NLMSG_DATA(header))->error;
  return error == -ENOENT ? std::optional<uint64_t>(0) : std::nullopt;
}

}  // namespace

int ConnectionsTowards(int server_port) {
  int count = 0;
  ForEachSocket([&](const Row& row) {
    const bool towards = row.remote_port == static_cast<unsigned>(server_port);
    count += towards && row.state != kTimeWait ? 1 : 0;
  });
  return count;
}

int TimeWaits::Count() const {
  int count = 0;
  ForEachSocket([&](const Row& row) {
    if (row.state == kTimeWait && row.remote_port == static_cast<unsigned>(port_)) ++count;
  });
  return count;
}

bool WaitForUnacknowledged(int local_port, int server_port, uint64_t bytes,
                           std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < until) {
    bool found = false;
    ForEachSocket([&](const Row& row) {
      if (row.remote_port != static_cast<unsigned>(server_port)) return;
      if (local_port != 0 && row.local_port != static_cast<unsigned>(local_port)) return;
      found = found || row.unacknowledged >= bytes;
    });
    if (found) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

uint64_t UnreadTowards(int server_port, int local_port) {
  if (local_port != 0) {
    if (const auto known = UnreadOf(local_port, server_port)) return *known;
  }
  uint64_t unread = 0;
  ForEachSocket([&](const Row& row) {
    if (local_port != 0 && row.local_port != static_cast<unsigned>(local_port)) return;
    if (row.remote_port == static_cast<unsigned>(server_port)) unread += row.unread;
  });
  return unread;
}

bool WaitForBlockedSenders(int server_port, int count, std::chrono::milliseconds patience) {
  constexpr unsigned long kBlocked = 32 * 1024;
  const auto until = std::chrono::steady_clock::now() + patience;
  while (true) {
    int blocked = 0;
    ForEachSocket([&](const Row& row) {
      if (row.local_port != static_cast<unsigned>(server_port)) return;
      if (row.unacknowledged >= kBlocked) ++blocked;
    });
    if (blocked >= count) return true;
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

bool WaitUntilRead(int local_port, int server_port, std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (UnreadTowards(server_port, local_port) > 0) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  return true;
}

}  // namespace sparkgate::support
