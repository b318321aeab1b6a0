#include "tests/support/tcp_info.h"

#include <cstdio>
#include <fstream>
#include <functional>
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

}  // namespace

int TimeWaitsTowards(int server_port) {
  int count = 0;
  ForEachSocket([&](const Row& row) {
    if (row.state == kTimeWait && row.remote_port == static_cast<unsigned>(server_port)) ++count;
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
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace sparkgate::support
