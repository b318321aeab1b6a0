#include "service/rpc/server_credentials.h"

#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "service/rpc/server.h"
#include "tests/support/answers.h"
#include "tests/support/caller.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/tls_client.h"
#include "tests/support/tls_files.h"

namespace sparkgate::rpc {
namespace {

using Pair = grpc::SslServerCredentialsOptions::PemKeyCertPair;

// A server whose next certificate the test sets.
class ServerCredentialsTest : public testing::Test {
 protected:
  ServerCredentialsTest() {
    SetNext("one");
    ServerOptions options;
    options.client.base_url = upstream_.base_url();
    options.drain_delay = std::chrono::milliseconds(0);
    options.on_over = [](const CallReport&) {};
    options.credentials = MakeTlsCredentials([this] { return Take(); });
    auto started = Server::Start(std::move(options), &resolver_);
    EXPECT_TRUE(started.ok()) << started.status();
    server_ = *std::move(started);
    askers_.clear();  // the start is the test's own thread
  }

  int port() const { return server_->port(); }

  void SetNext(const std::string& name) {
    const support::IdentityFiles made = files_.Make(name);
    SetNextText({support::ReadFile(made.key), support::ReadFile(made.certificate)});
  }
  void SetNextText(Pair pair) {
    std::lock_guard<std::mutex> lock(mutex_);
    next_ = std::move(pair);
  }

  std::set<std::thread::id> askers() {
    std::lock_guard<std::mutex> lock(mutex_);
    return askers_;
  }

 private:
  std::optional<Pair> Take() {
    std::lock_guard<std::mutex> lock(mutex_);
    askers_.insert(std::this_thread::get_id());
    return std::exchange(next_, std::nullopt);
  }

  const support::TlsFiles files_{"unused"};
  support::ScriptedUpstream upstream_{[](support::Connection& connection) {
    while (const auto request = connection.ReadRequest()) {
      connection.Send(support::AnswerTo(request->body, "Hello"));
    }
  }};
  const upstream::Resolver resolver_{"127.0.0.1", upstream_.port()};
  std::mutex mutex_;
  std::optional<Pair> next_;
  std::set<std::thread::id> askers_;
  std::unique_ptr<Server> server_;  // first to go: it calls Take
};

TEST_F(ServerCredentialsTest, ANewPairIsForTheNextConnection) {
  support::ChannelOptions tls;
  tls.ca_file = support::CaFile();
  support::Caller caller("127.0.0.1:" + std::to_string(port()), tls);
  EXPECT_TRUE(caller.Chat(support::ChatRequestBody("before")).ok());
  EXPECT_EQ(support::PeerName(port()), "one");
  SetNext("two");
  EXPECT_EQ(support::PeerName(port()), "two");
  EXPECT_EQ(support::PeerName(port()), "two");
  const support::CallResult after = caller.Chat(support::ChatRequestBody("after"));
  EXPECT_TRUE(after.ok()) << after.Describe();
}

// Its session would show the caller the certificate of before.
TEST_F(ServerCredentialsTest, ASessionOfAnEarlierPairIsNotResumed) {
  const support::Handshake first = support::ShakeHands(port());
  EXPECT_EQ(first.peer, "one");
  ASSERT_NE(first.session, nullptr);
  EXPECT_TRUE(support::ShakeHands(port(), first.session.get()).resumed);
  SetNext("two");
  const support::Handshake second = support::ShakeHands(port(), first.session.get());
  EXPECT_EQ(second.peer, "two");
  EXPECT_FALSE(second.resumed);
}

// What gRPC takes for no pair costs nothing but a line in the log.
TEST_F(ServerCredentialsTest, APairThatGrpcRefusesLeavesTheOldOne) {
  SetNext("two");
  EXPECT_EQ(support::PeerName(port()), "two");
  SetNextText({"no key", "no certificate"});
  EXPECT_EQ(support::PeerName(port()), "two");
}

// With more than one, gRPC 1.51 might use what it has freed.
TEST_F(ServerCredentialsTest, OneThreadAsks) {
  constexpr int kThreads = 8;
  constexpr int kEach = 10;
  std::vector<std::thread> clients;
  for (int i = 0; i < kThreads; ++i) {
    clients.emplace_back([this, i] {
      for (int j = 0; j < kEach; ++j) {
        if (i == 0) SetNext("new");
        EXPECT_NE(support::PeerName(port()), "");
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(askers().size(), 1u);
  EXPECT_EQ(askers().count(std::this_thread::get_id()), 0u);
}

}  // namespace
}  // namespace sparkgate::rpc
