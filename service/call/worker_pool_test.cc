#include "service/call/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace sparkgate::call {
namespace {

TEST(WorkerPool, RunsWhatIsPostedFromManyThreads) {
  std::atomic<int> ran{0};
  {
    WorkerPool pool(2);
    std::vector<std::thread> posters;
    for (int i = 0; i < 4; ++i) {
      posters.emplace_back([&] {
        for (int j = 0; j < 100; ++j) pool.Post([&ran] { ran.fetch_add(1); });
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
  pool.Post([&] {
    first.set_value();
    second.get_future().wait();
  });
  pool.Post([&] {
    first.get_future().wait();
    second.set_value();
  });
}

}  // namespace
}  // namespace sparkgate::call
