#include "tests/support/tunnel_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>
#include <string_view>

namespace sparkgate::support {
namespace {

// -1 if nobody listens there.
int ConnectTo(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) return fd;
  close(fd);
  return -1;
}

bool SendAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

// False at the end. Waits a little for the caller's bytes.
bool CarryUp(Connection* connection, int fd) {
  if (!connection->WaitForBytes(std::chrono::milliseconds(1))) return true;
  const size_t count = connection->Unread();
  return count > 0 && SendAll(fd, connection->ReadBytes(count));
}

// False at the end. Waits for nothing.
bool CarryDown(Connection* connection, int fd) {
  pollfd ready{fd, POLLIN, 0};
  if (poll(&ready, 1, 0) <= 0) return true;
  std::array<char, 16384> bytes;
  const ssize_t got = read(fd, bytes.data(), bytes.size());
  return got > 0 && connection->Send({bytes.data(), static_cast<size_t>(got)});
}

}  // namespace

ScriptedUpstream::Script TunnelTo(int port) {
  return [port](Connection& connection) {
    const auto request = connection.ReadRequest();
    if (!request.has_value() || request->method != "CONNECT") return;
    const int fd = ConnectTo(port);
    connection.Send("HTTP/1.1 200 Connection established\r\n\r\n");
    while (fd >= 0 && CarryUp(&connection, fd) && CarryDown(&connection, fd)) {
    }
    close(fd);
  };
}

}  // namespace sparkgate::support
