#include "service/upstream/socket_tracker.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace sparkgate::upstream {
namespace {

// A listener, and what a curl_sockaddr needs to get there.
class Listener {
 public:
  Listener() : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address_);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address_), size), 0);
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address_), &size), 0);
    EXPECT_EQ(listen(fd_, 8), 0);
  }
  ~Listener() { close(fd_); }

  int Connect(SocketTracker* tracker, AttemptFacts* opener) {
    curl_sockaddr wanted{};
    wanted.family = AF_INET;
    wanted.socktype = SOCK_STREAM;
    const int fd = tracker->Open(wanted, opener);
    EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address_), sizeof(address_)), 0);
    return fd;
  }
  int Accept() { return accept(fd_, nullptr, nullptr); }
  int port() const { return ntohs(address_.sin_port); }

 private:
  int fd_;
  sockaddr_in address_{};
};

SocketTracker::Ends EndsOf(int fd, int remote_port) {
  sockaddr_in local{};
  socklen_t size = sizeof(local);
  getsockname(fd, reinterpret_cast<sockaddr*>(&local), &size);
  return {"127.0.0.1", "127.0.0.1", ntohs(local.sin_port), remote_port};
}

TEST(SocketTracker, TellsAFreshConnectionFromAKeptOne) {
  SocketTracker tracker;
  Listener listener;
  AttemptFacts a;
  AttemptFacts b;
  const int fd = listener.Connect(&tracker, &a);
  const SocketTracker::Ends ends = EndsOf(fd, listener.port());
  const auto first = tracker.BeginUse(ends, &a);
  EXPECT_EQ(first.fd, fd);
  EXPECT_FALSE(first.reused);
  tracker.Release(&a);
  const auto second = tracker.BeginUse(ends, &b);
  EXPECT_EQ(second.fd, fd);
  EXPECT_TRUE(second.reused);
  const auto closed = tracker.Close(fd);
  EXPECT_EQ(closed.owner, &b);
  EXPECT_TRUE(closed.used);
  EXPECT_TRUE(closed.state.known);
  EXPECT_EQ(tracker.size(), 0u);
}

TEST(SocketTracker, FindsTheOneOfSeveralThatConnected) {
  SocketTracker tracker;
  Listener listener;
  AttemptFacts a;
  const int lost = listener.Connect(&tracker, &a);
  const int won = listener.Connect(&tracker, &a);
  EXPECT_EQ(tracker.BeginUse(EndsOf(won, listener.port()), &a).fd, won);
  EXPECT_EQ(tracker.Close(lost).used, false);
  EXPECT_EQ(tracker.Close(won).used, true);
}

TEST(SocketTracker, AnUnknownConnectionIsUnknown) {
  SocketTracker tracker;
  AttemptFacts a;
  EXPECT_EQ(tracker.BeginUse({"127.0.0.1", "127.0.0.1", 1, 2}, &a).fd, -1);
}

TEST(SocketTracker, AConnectionGoesToItsNextUserBeforeTheLastIsReleased) {
  SocketTracker tracker;
  Listener listener;
  AttemptFacts a;
  AttemptFacts b;
  const int fd = listener.Connect(&tracker, &a);
  const SocketTracker::Ends ends = EndsOf(fd, listener.port());
  tracker.BeginUse(ends, &a);
  tracker.BeginUse(ends, &b);
  tracker.Release(&a);
  EXPECT_EQ(tracker.Close(fd).owner, &b);
}

// What the peer reads: 0 for a FIN, else errno.
int EndAtThePeer(int peer) {
  char byte;
  const ssize_t count = recv(peer, &byte, 1, 0);
  const int error = count == 0 ? 0 : errno;
  close(peer);
  return error;
}

TEST(SocketTracker, ResetsWhatItWasToldTo) {
  SocketTracker tracker;
  Listener listener;
  AttemptFacts a;
  AttemptFacts b;
  const int plain = listener.Connect(&tracker, &a);
  const int plain_peer = listener.Accept();
  const int reset = listener.Connect(&tracker, &b);
  const int reset_peer = listener.Accept();
  tracker.ResetOnClose(&b);
  tracker.Close(plain);
  tracker.Close(reset);
  EXPECT_EQ(EndAtThePeer(plain_peer), 0);
  EXPECT_EQ(EndAtThePeer(reset_peer), ECONNRESET);
}

TEST(SocketTracker, ASurvivorIsNotResetLater) {
  SocketTracker tracker;
  Listener listener;
  AttemptFacts a;
  const int fd = listener.Connect(&tracker, &a);
  const int peer = listener.Accept();
  tracker.BeginUse(EndsOf(fd, listener.port()), &a);
  tracker.ResetOnClose(&a);
  tracker.Release(&a);  // it had ended well a moment before
  tracker.Close(fd);
  EXPECT_EQ(EndAtThePeer(peer), 0);
}

TEST(SocketTracker, SilenceAndAcknowledgement) {
  SocketTracker tracker;
  Listener listener;
  AttemptFacts a;
  const int fd = listener.Connect(&tracker, &a);
  const int peer = listener.Accept();
  EXPECT_TRUE(IsSilent(fd));
  const SendState before = ReadSendState(fd);
  ASSERT_TRUE(before.known);
  EXPECT_TRUE(before.queue_empty);
  ASSERT_EQ(send(fd, "12345", 5, 0), 5);
  char bytes[5];
  ASSERT_EQ(recv(peer, bytes, 5, MSG_WAITALL), 5);
  ASSERT_EQ(send(peer, "x", 1, 0), 1);  // carries the acknowledgement
  ASSERT_EQ(recv(fd, bytes, 1, MSG_PEEK), 1);
  EXPECT_FALSE(IsSilent(fd));
  EXPECT_EQ(ReadSendState(fd).acked, before.acked + 5);
  ASSERT_EQ(recv(fd, bytes, 1, 0), 1);
  EXPECT_TRUE(IsSilent(fd));
  close(peer);
  EXPECT_FALSE(IsSilent(fd)) << "an end is not silence";
  tracker.Close(fd);
}

}  // namespace
}  // namespace sparkgate::upstream
