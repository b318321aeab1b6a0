#include "service/rpc/acceptor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netdb.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <vector>

namespace sparkgate::rpc {
namespace {

// Takes connections as gRPC would, and shows them to the test.
class Taken {
 public:
  class Target final : public grpc::experimental::ExternalConnectionAcceptor {
   public:
    explicit Target(Taken* taken) : taken_(taken) {}
    void HandleNewConnection(NewConnectionParameters* connection) override {
      std::lock_guard<std::mutex> lock(taken_->mutex_);
      taken_->fds_.push_back(connection->fd);
      taken_->changed_.notify_all();
    }

   private:
    Taken* const taken_;
  };

  ~Taken() {
    for (const int fd : fds_) close(fd);
  }
  // False: not within ten seconds.
  bool WaitFor(size_t count) {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return fds_.size() >= count; });
  }
  void CloseAll() {
    std::lock_guard<std::mutex> lock(mutex_);
    for (const int fd : fds_) close(fd);
    fds_.clear();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<int> fds_;
};

int NewSocket() { return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); }

// Takes `fd` over; -1 if it failed.
int Connect(int port, int fd = NewSocket()) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    close(fd);
    return -1;
  }
  return fd;
}

// What a refused connection sees: a reset, not a silence.
bool IsReset(int fd) {
  pollfd waited{fd, POLLIN, 0};
  if (poll(&waited, 1, 10'000) != 1) return false;
  char byte;
  return recv(fd, &byte, 1, 0) == -1 && errno == ECONNRESET;
}

std::unique_ptr<Acceptor> Listen(int max_connections, Taken* taken) {
  auto acceptor = Acceptor::Listen("127.0.0.1", 0, max_connections);
  EXPECT_TRUE(acceptor.ok()) << acceptor.status();
  (*acceptor)->Start(std::make_unique<Taken::Target>(taken), std::chrono::seconds(30));
  return *std::move(acceptor);
}

TEST(Acceptor, HandsConnectionsOver) {
  Taken taken;
  auto acceptor = Listen(10, &taken);
  const int client = Connect(acceptor->port());
  EXPECT_TRUE(taken.WaitFor(1));
  close(client);
}

TEST(Acceptor, APortThatIsTakenIsAnErrorThatSaysWhatToDo) {
  Taken taken;
  auto first = Listen(10, &taken);
  const auto second = Acceptor::Listen("127.0.0.1", first->port(), 10);
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.status().message().find("--listen"), absl::string_view::npos);
}

TEST(Acceptor, AnAddressOfAnotherMachineIsAnError) {
  EXPECT_FALSE(Acceptor::Listen("192.0.2.1", 0, 10).ok());
  EXPECT_FALSE(Acceptor::Listen("no such host", 0, 10).ok());
}

std::string PeerName(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return "ipv4:127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

TEST(Acceptor, OverTheLimitAFewAreLetInForProbesAndTheRestIsRefused) {
  constexpr int kLimit = 2, kReserve = 8;
  Taken taken;
  auto acceptor = Listen(kLimit, &taken);
  std::vector<int> clients;
  for (int i = 0; i < kLimit + kReserve; ++i) {
    clients.push_back(Connect(acceptor->port()));
    ASSERT_TRUE(taken.WaitFor(clients.size()));
    EXPECT_EQ(acceptor->IsReserve(PeerName(clients.back())), i >= kLimit);
  }
  clients.push_back(Connect(acceptor->port()));
  EXPECT_TRUE(IsReset(clients.back()));
  EXPECT_EQ(acceptor->refused(), 1);
  taken.CloseAll();
  clients.push_back(Connect(acceptor->port()));
  EXPECT_TRUE(taken.WaitFor(1));
  EXPECT_FALSE(acceptor->IsReserve(PeerName(clients.back())));
  for (const int fd : clients) close(fd);
}

TEST(Acceptor, AReserveConnectionIsEndedAfterAWhile) {
  Taken taken;
  auto acceptor = Listen(1, &taken);
  const int usual = Connect(acceptor->port());
  ASSERT_TRUE(taken.WaitFor(1));
  const int reserve = Connect(acceptor->port());
  ASSERT_TRUE(taken.WaitFor(2));
  pollfd waited{reserve, POLLIN, 0};
  EXPECT_EQ(poll(&waited, 1, 10'000), 1);
  EXPECT_FALSE(acceptor->IsReserve(PeerName(reserve)));
  waited.fd = usual;
  EXPECT_EQ(poll(&waited, 1, 0), 0);
  close(usual);
  close(reserve);
}

TEST(Acceptor, ANameIsAllItsAddresses) {
  Taken taken;
  auto acceptor = Acceptor::Listen("localhost", 0, 10);
  ASSERT_TRUE(acceptor.ok());
  (*acceptor)->Start(std::make_unique<Taken::Target>(&taken), std::chrono::seconds(10));
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string port = std::to_string((*acceptor)->port());
  ASSERT_EQ(getaddrinfo("localhost", port.c_str(), &hints, &found), 0);
  size_t connected = 0;
  std::vector<int> clients;
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    clients.push_back(socket(address->ai_family, SOCK_STREAM, 0));
    if (clients.back() < 0) continue;
    if (connect(clients.back(), address->ai_addr, address->ai_addrlen) == 0) ++connected;
    EXPECT_NE(errno, ECONNREFUSED);
    errno = 0;
  }
  freeaddrinfo(found);
  EXPECT_GE(connected, 1u);
  EXPECT_TRUE(taken.WaitFor(connected));
  for (const int fd : clients) close(fd);
}

TEST(Acceptor, LivesOnAfterDescriptorsRanOut) {
  Taken taken;
  auto acceptor = Listen(1000, &taken);
  const int waiting = Connect(acceptor->port());
  ASSERT_TRUE(taken.WaitFor(1));

  // Ours is there before, so that every descriptor that there is can be used up: one that was left
  // for it might go to the acceptor.
  const int own = NewSocket();
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  rlimit low = before;
  low.rlim_cur = 64;
  setrlimit(RLIMIT_NOFILE, &low);
  std::vector<int> fillers;
  for (int fd; (fd = fcntl(0, F_DUPFD_CLOEXEC, 0)) >= 0;) fillers.push_back(fd);
  ASSERT_EQ(errno, EMFILE);
  const int blocked = Connect(acceptor->port(), own);
  EXPECT_GE(blocked, 0) << "the kernel completes it, in the backlog";

  for (const int fd : fillers) close(fd);
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_TRUE(taken.WaitFor(2)) << "taken once descriptors are free again";
  close(waiting);
  close(blocked);
}

TEST(Acceptor, StopClosesTheListenerAtOnce) {
  Taken taken;
  auto acceptor = Listen(10, &taken);
  const int port = acceptor->port();
  acceptor->Stop();
  EXPECT_EQ(Connect(port), -1);
}

}  // namespace
}  // namespace sparkgate::rpc
