// TLS handshakes that fail, in every way in which a peer can make them fail, leave nothing behind.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/server_process.h"
#include "tests/support/test_certificates.h"

namespace sparkgate::limits {
namespace {

using support::Connection;
using support::ScriptedUpstream;
using support::ServerProcess;

int Connect(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  return fd;
}

bool WaitForEnd(int fd) {
  pollfd waited{fd, POLLIN, 0};
  return poll(&waited, 1, 20'000) == 1;
}

TEST(Handshakes, DescriptorsOfThoseThatFailComeBack) {
  constexpr int kEach = 50;
  constexpr int kOfGrpc = 6;  // eventfds that it opens when it needs them
  char folder[] = "/tmp/sparkgate-handshakes-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  const support::IdentityFiles identity = support::WriteIdentity(folder, "server");
  ScriptedUpstream upstream([](Connection&) {});
  ServerProcess::Options options;
  options.upstream_url = upstream.base_url();
  options.allow_core = true;  // its descriptors are counted
  options.flags = {"--tls_cert_file=" + identity.certificate, "--tls_key_file=" + identity.key,
                   "--max_connections=1000"};
  ServerProcess server(options);
  const std::vector<std::string> openings = {
      std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") + std::string(9, '\0'),  // no TLS at all
      "GET / HTTP/1.1\r\n\r\n",
      std::string("\x16\x03\x01\x00\x05garbage", 12),  // a record that holds no greeting
      std::string("\x16\x03\x01\x02\x00\x01", 6),      // the beginning of one
      "",                                              // nothing
  };
  const int before = server.counts().descriptors;
  ASSERT_GT(before, 0);
  for (const bool closes : {true, false}) {
    std::vector<int> peers;
    for (const std::string& opening : openings) {
      for (int i = 0; i < kEach; ++i) {
        peers.push_back(Connect(server.port()));
        if (!opening.empty()) {
          EXPECT_EQ(send(peers.back(), opening.data(), opening.size(), MSG_NOSIGNAL),
                    static_cast<ssize_t>(opening.size()));
        }
        if (closes) close(peers.back());
      }
    }
    // Of those that stay, the server ends each by itself.
    for (const int peer : peers) {
      if (closes) continue;
      EXPECT_TRUE(WaitForEnd(peer));
      close(peer);
    }
    EXPECT_TRUE(support::Eventually([&] {
      return server.counts().descriptors <= before + kOfGrpc;
    })) << server.counts().descriptors
        << " descriptors, " << before << " before";
  }
  server.Stop();
  for (const std::string& file : {identity.certificate, identity.key}) unlink(file.c_str());
  rmdir(folder);
}

}  // namespace
}  // namespace sparkgate::limits
