#include "service/event_loop/loop.h"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace sparkgate::event_loop {
namespace {

using std::chrono::milliseconds;
using Clock = Loop::Clock;

void RunFor(Loop* loop, milliseconds time) {
  Timer end(loop, [loop] { loop->Stop(); });
  end.ArmIn(time);
  loop->Run();
}

// Calls a function at the end of the turn.
class Item : public TurnEnd {
 public:
  explicit Item(std::function<void()> action) : action_(std::move(action)) {}
  void OnTurnEnd() override { action_(); }

 private:
  const std::function<void()> action_;
};

// A pair of sockets; the loop watches the first.
class Pair : public FdHandler {
 public:
  Pair(Loop* loop, std::function<void()> on_ready) : loop_(loop), on_ready_(std::move(on_ready)) {
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds_), 0);
    loop_->Watch(fds_[0], EPOLLIN, this);
  }
  ~Pair() override {
    close(fds_[0]);
    loop_->Closed(fds_[0]);
    close(fds_[1]);
  }
  void OnReady(int, uint32_t) override {
    const std::function<void()> action = on_ready_;  // which may destroy this
    action();
  }
  void Write() { EXPECT_EQ(write(fds_[1], "x", 1), 1); }
  void Read() {
    char byte;
    EXPECT_EQ(read(fds_[0], &byte, 1), 1);
  }
  int fd() const { return fds_[0]; }

 private:
  Loop* const loop_;
  const std::function<void()> on_ready_;
  int fds_[2];
};

TEST(Loop, RunsWhatWasPostedBeforeStop) {
  Loop loop;
  std::vector<int> order;
  loop.Post([&] { order.push_back(1); });
  loop.Post([&] {
    order.push_back(2);
    EXPECT_TRUE(loop.OnThisThread());
  });
  loop.Stop();
  EXPECT_FALSE(loop.OnThisThread());
  loop.Run();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(Loop, OrderOfATurn) {
  Loop loop;
  std::string order;
  std::optional<Pair> pair;
  pair.emplace(&loop, [&] {
    pair->Read();
    order += "socket ";
  });
  Timer timer(&loop, [&] { order += "timer "; });
  Item item([&] {
    order += "end ";
    loop.Stop();
  });
  // All of this is there when the turn begins.
  pair->Write();
  timer.ArmAt(Clock::now() - milliseconds(1));
  loop.AtTurnEnd(&item);
  loop.Post([&] { order += "inbox "; });
  loop.Run();
  EXPECT_EQ(order, "inbox socket timer end ");
}

TEST(Loop, APostFromTheLoopRunsInTheNextTurnWithoutAWakeUp) {
  Loop loop;
  std::string order;
  Item item([&] { order += "end "; });
  loop.Post([&] {
    loop.AtTurnEnd(&item);
    loop.Post([&] {
      order += "posted ";
      loop.Stop();
    });
  });
  loop.Run();
  EXPECT_EQ(order, "end posted ");
  EXPECT_EQ(loop.counts().wakeups, 0u);
}

TEST(Loop, PostsFromManyThreadsAllRunInTheirOrder) {
  constexpr int kThreads = 4;
  constexpr int kPosts = 20000;
  Loop loop;
  int last[kThreads] = {};
  int64_t ran = 0;  // plain: the thread sanitizer looks on
  bool in_order = true;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 1; i <= kPosts; ++i) {
        loop.Post([&, t, i] {
          in_order = in_order && last[t] == i - 1;
          last[t] = i;
          if (++ran == int64_t{kThreads} * kPosts) loop.Stop();
        });
      }
    });
  }
  loop.Run();
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(in_order);
  EXPECT_EQ(ran, int64_t{kThreads} * kPosts);
  EXPECT_LE(loop.counts().wakeups, static_cast<uint64_t>(kThreads * kPosts));
}

TEST(Loop, ASleepingLoopIsWokenByEachPost) {
  Loop loop;
  std::thread thread([&] { loop.Run(); });
  for (int i = 0; i < 1000; ++i) {
    std::atomic<bool> done{false};
    loop.Post([&] { done = true; });
    while (!done) std::this_thread::yield();
  }
  loop.Stop();
  thread.join();
  EXPECT_GE(loop.counts().turns, 1000u);
}

TEST(Loop, StopFromAnotherThreadWakesIt) {
  Loop loop;
  std::thread thread([&] { loop.Run(); });
  loop.Stop();
  thread.join();
}

TEST(TurnEnd, RunsOnceATurnAndMayAskForItselfAgain) {
  Loop loop;
  int runs = 0;
  std::optional<Item> item;
  item.emplace([&] {
    if (++runs == 3) {
      loop.Stop();
    } else {
      loop.AtTurnEnd(&*item);
      loop.AtTurnEnd(&*item);
    }
  });
  loop.AtTurnEnd(&*item);
  loop.AtTurnEnd(&*item);
  loop.Run();
  EXPECT_EQ(runs, 3);
  EXPECT_GE(loop.counts().turns, 3u);
}

TEST(TurnEnd, ItemsMayBeDestroyedWhileTheyWait) {
  Loop loop;
  std::string ran;
  auto second = std::make_unique<Item>([&] { ran += "second "; });
  auto third = std::make_unique<Item>([&] { ran += "third "; });
  Item fourth([&] { ran += "fourth "; });
  Item first([&] {
    ran += "first ";
    third.reset();
    second.reset();
  });
  for (TurnEnd* item : std::vector<TurnEnd*>{&first, second.get(), third.get(), &fourth}) {
    loop.AtTurnEnd(item);
  }
  loop.Stop();
  loop.Run();
  EXPECT_EQ(ran, "first fourth ");
}

TEST(Watch, AHandlerMayForgetItselfAndOthersOfTheSameTurn) {
  Loop loop;
  int ready = 0;
  std::optional<Pair> a;
  std::optional<Pair> b;
  const auto on_ready = [&] {
    ++ready;
    loop.Forget(a->fd());
    loop.Forget(b->fd());
    loop.Stop();
  };
  a.emplace(&loop, on_ready);
  b.emplace(&loop, on_ready);
  a->Write();
  b->Write();
  loop.Run();
  EXPECT_EQ(ready, 1);
}

TEST(Watch, AnEventOfAnEarlierOwnerOfTheNumberIsDropped) {
  Loop loop;
  int ready = 0;
  std::optional<Pair> a;
  std::optional<Pair> b;
  std::optional<Pair> fresh;
  const auto on_ready = [&] {
    ++ready;
    const int numbers[] = {a->fd(), b->fd()};
    a.reset();
    b.reset();
    fresh.emplace(&loop, [] { FAIL() << "nothing was written to it"; });
    EXPECT_TRUE(fresh->fd() == numbers[0] || fresh->fd() == numbers[1]);
    loop.Stop();
  };
  a.emplace(&loop, on_ready);
  b.emplace(&loop, on_ready);
  a->Write();
  b->Write();
  loop.Run();
  EXPECT_EQ(ready, 1);
}

TEST(Watch, AForgottenSocketCostsNothing) {
  Loop loop;
  std::optional<Pair> pair;
  pair.emplace(&loop, [] { FAIL() << "is forgotten"; });
  pair->Write();
  loop.Forget(pair->fd());
  RunFor(&loop, milliseconds(20));
  EXPECT_LE(loop.counts().turns, 4u);
}

TEST(Watch, AForgottenSocketIsWatchedAgain) {
  Loop loop;
  int ready = 0;
  Pair pair(&loop, [&] {
    ++ready;
    pair.Read();
    loop.Stop();
  });
  // Before anything has happened on it, and after.
  loop.Forget(pair.fd());
  loop.Watch(pair.fd(), EPOLLIN, &pair);
  pair.Write();
  loop.Run();
  EXPECT_EQ(ready, 1);

  loop.Forget(pair.fd());
  pair.Write();
  RunFor(&loop, milliseconds(20));
  EXPECT_EQ(ready, 1) << "it is forgotten";

  loop.Watch(pair.fd(), EPOLLIN, &pair);
  loop.Run();
  EXPECT_EQ(ready, 2);
}

TEST(Watch, OtherEventsAreWaitedFor) {
  Loop loop;
  int ready = 0;
  Pair pair(&loop, [&] {
    ++ready;
    loop.Stop();
  });
  loop.Forget(pair.fd());
  loop.Watch(pair.fd(), EPOLLOUT, &pair);
  loop.Run();
  EXPECT_GE(ready, 1);
}

}  // namespace
}  // namespace sparkgate::event_loop
