// Where the server listens: IPv4 alone, both families, and machines that have one of them.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/scripts.h"
#include "tests/support/server_process.h"

namespace sparkgate::limits {
namespace {

using support::Caller;
using support::ChatRequestBody;
using support::ScriptedUpstream;
using support::ServerProcess;

bool MachineHasIpv6() {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  const int fd = socket(AF_INET6, SOCK_STREAM, 0);
  const bool bound = bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  if (fd >= 0) close(fd);
  return bound;
}

struct Listen {
  const char* host;
  bool ipv4;  // served at 127.0.0.1
  bool ipv6;  // served at ::1
};

class ListenTest : public testing::Test {
 protected:
  ServerProcess::Options At(const std::string& host) const {
    ServerProcess::Options options;
    options.upstream_url = upstream_.base_url();
    options.flags = {"--listen=" + host + ":0"};
    return options;
  }
  // As if the kernel had no IPv6.
  ServerProcess::Options WithoutIpv6(const std::string& host) const {
    ServerProcess::Options options = At(host);
    options.run_by = {"/usr/bin/env", "LD_PRELOAD=tests/support/libno_ipv6.so"};
    return options;
  }

  bool IsServed(const std::string& host, int port) const {
    Caller caller(host + ":" + std::to_string(port));
    return caller.Connect(std::chrono::milliseconds(3000)) &&
           caller.Chat(ChatRequestBody("a")).ok();
  }

  ScriptedUpstream upstream_{support::AnswerHello};
};

TEST_F(ListenTest, ServesTheFamiliesThatItIsTold) {
  const bool has_ipv6 = MachineHasIpv6();
  std::vector<Listen> rows = {{"0.0.0.0", true, false}, {"[::]", true, true}};
  if (has_ipv6) rows.push_back({"[::1]", false, true});
  for (const Listen& row : rows) {
    SCOPED_TRACE(row.host);
    ServerProcess server(At(row.host));
    EXPECT_EQ(IsServed("127.0.0.1", server.port()), row.ipv4);
    EXPECT_EQ(IsServed("[::1]", server.port()), row.ipv6 && has_ipv6);
  }
}

// One manifest for all clusters: `[::]` is every address that there is.
TEST_F(ListenTest, AllAddressesAreThoseOfIpv4WhereThereIsNoIpv6) {
  ServerProcess server(WithoutIpv6("[::]"));
  EXPECT_TRUE(IsServed("127.0.0.1", server.port()));
}

TEST_F(ListenTest, AnIpv6AddressWhereThereIsNoIpv6IsAnErrorThatSaysSo) {
  ServerProcess::Options options = WithoutIpv6("[::1]");
  options.wait = false;
  ServerProcess server(options);
  EXPECT_EQ(server.process().Wait(), 1);
  EXPECT_NE(server.process().errors().find("::1"), std::string::npos);
  EXPECT_NE(server.process().errors().find("Address family not supported"), std::string::npos)
      << server.process().errors();
  server.Abandon();
}

}  // namespace
}  // namespace sparkgate::limits
