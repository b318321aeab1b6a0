#include "service/call/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

namespace sparkgate::call {
namespace {

TEST(WorkerPool, RunsWhatIsPostedFromManyThreads) {
  std::atomic<int> ran{0};
  {
    WorkerPool pool(2);
    std::vector<std::thread> posters;
    for (int i = 0; i < 4; ++i) {
      posters.emplace_back([&] {
        for (int j = 0; j < 100; ++j) pool.Post(j, 1, [&ran] { ran.fetch_add(1); });
      });
    }
    for (std::thread& poster : posters) poster.join();
  }
  EXPECT_EQ(ran.load(), 400) << "the destructor runs what is left";
}

TEST(WorkerPool, JobsOfTwoThreadsRunSideBySide) {
  std::promise<void> first;
  std::promise<void> second;
  WorkerPool pool(2);  // joined before the promises go
  pool.Post(1, 1, [&] {
    first.set_value();
    second.get_future().wait();
  });
  pool.Post(1, 1, [&] {
    first.get_future().wait();
    second.set_value();
  });
}

// Holds the thread that runs it until the test lets it go.
class Held {
 public:
  std::function<void()> Job() {
    return [this] {
      begun_.set_value();
      go_.get_future().wait();
    };
  }
  void AwaitBegun() { begun_.get_future().wait(); }
  void LetGo() { go_.set_value(); }

 private:
  std::promise<void> begun_;
  std::promise<void> go_;
};

TEST(WorkerPool, OwnersTakeTurns) {
  Held held;
  std::string order;
  {
    WorkerPool pool(1);
    pool.Post(0, 1, held.Job());
    held.AwaitBegun();
    for (int i = 0; i < 4; ++i) pool.Post(1, 1, [&] { order += 'a'; });
    for (int i = 0; i < 2; ++i) pool.Post(2, 1, [&] { order += 'b'; });
    pool.Post(3, 1, [&] { order += 'c'; });
    held.LetGo();
  }
  EXPECT_EQ(order, "abcabaa");
}

TEST(WorkerPool, LargeJobsLeaveAThreadFree) {
  constexpr size_t kLarge = 2 << 20;
  Held large;
  std::atomic<int> ran{0};
  WorkerPool pool(2);
  pool.Post(1, kLarge, large.Job());
  large.AwaitBegun();
  pool.Post(1, kLarge, [&] { ran.fetch_add(100); });
  std::promise<void> small;
  pool.Post(2, 1, [&] {
    ran.fetch_add(1);
    small.set_value();
  });
  small.get_future().wait();
  EXPECT_EQ(ran.load(), 1) << "the second large job waits for the first, the small one for none";
  large.LetGo();
  pool.Join();
  EXPECT_EQ(ran.load(), 101);
}

TEST(WorkerPool, LargeJobsOfOneOwnerWaitForEachOtherAlone) {
  constexpr size_t kLarge = 2 << 20;
  Held large;
  std::string order;
  WorkerPool pool(3);
  pool.Post(1, kLarge, large.Job());
  large.AwaitBegun();
  pool.Post(1, kLarge, [&] { order += '1'; });
  std::promise<void> other;
  pool.Post(2, kLarge, [&] {
    order += '2';
    other.set_value();
  });
  other.get_future().wait();
  large.LetGo();
  pool.Join();
  EXPECT_EQ(order, "21");
}

TEST(WorkerPool, TheThreadForLargeJobsAlternates) {
  constexpr size_t kLarge = 2 << 20;
  Held held;
  std::string order;
  {
    WorkerPool pool(1);
    pool.Post(0, 1, held.Job());
    held.AwaitBegun();
    for (int i = 0; i < 3; ++i) pool.Post(1, kLarge, [&] { order += 'L'; });
    for (int i = 0; i < 3; ++i) pool.Post(1, 1, [&] { order += 's'; });
    held.LetGo();
  }
  EXPECT_EQ(order, "LsLsLs");
}

TEST(WorkerPool, TidiesUpAfterJobs) {
  for (const size_t bytes : {size_t{1}, size_t{2} << 20}) {
    std::atomic<int> ran{0};
    std::promise<int> tidied;
    WorkerPool pool(2, [&] { tidied.set_value(ran.load()); });  // throws if it is run twice
    pool.Post(1, bytes, [&] { ran.fetch_add(1); });
    EXPECT_EQ(tidied.get_future().get(), 1);
  }
}

// The thread that tidies up is the one for large jobs.
TEST(WorkerPool, TidyingUpHoldsNoSmallJob) {
  Held tidying;
  WorkerPool pool(2, tidying.Job());
  pool.Post(1, 1, [] {});
  tidying.AwaitBegun();
  std::promise<void> small;
  pool.Post(1, 1, [&] { small.set_value(); });
  small.get_future().wait();
  tidying.LetGo();
}

}  // namespace
}  // namespace sparkgate::call
