#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "service/event_loop/loop.h"

namespace sparkgate::event_loop {
namespace {

using std::chrono::milliseconds;
using Clock = Loop::Clock;

TEST(Timer, FireInOrderOfTimeAndNotEarly) {
  Loop loop;
  const auto start = Clock::now();
  std::vector<int> order;
  std::vector<std::unique_ptr<Timer>> timers;
  for (int ms : {12, 3, 9, 1, 6}) {
    timers.push_back(std::make_unique<Timer>(&loop, [&order, &loop, ms, start] {
      EXPECT_GE(Clock::now() - start, milliseconds(ms));
      order.push_back(ms);
      if (ms == 12) loop.Stop();
    }));
    timers.back()->ArmAt(start + milliseconds(ms));
  }
  loop.Run();
  EXPECT_EQ(order, (std::vector<int>{1, 3, 6, 9, 12}));
  EXPECT_LE(loop.counts().turns, 12u);  // it sleeps in between
}

TEST(Timer, CanBeMovedBothWaysAndDisarmed) {
  Loop loop;
  std::string fired;
  const auto start = Clock::now();
  Timer later(&loop, [&] {
    EXPECT_GE(Clock::now() - start, milliseconds(20));
    fired += "later ";
  });
  Timer earlier(&loop, [&] { fired += "earlier "; });
  Timer never(&loop, [&] { fired += "never "; });
  Timer end(&loop, [&] { loop.Stop(); });
  later.ArmAt(start + milliseconds(1));
  later.ArmAt(start + milliseconds(20));
  earlier.ArmAt(start + milliseconds(10000));
  earlier.ArmAt(start + milliseconds(2));
  never.ArmAt(start + milliseconds(1));
  never.Disarm();
  EXPECT_FALSE(never.armed());
  end.ArmAt(start + milliseconds(30));
  loop.Run();
  EXPECT_EQ(fired, "earlier later ");
  EXPECT_FALSE(later.armed());
}

TEST(Timer, ArmedAgainAfterDisarmFiresOnce) {
  Loop loop;
  int fired = 0;
  Timer timer(&loop, [&] { ++fired; });
  Timer end(&loop, [&] { loop.Stop(); });
  timer.ArmIn(milliseconds(1));
  timer.Disarm();
  timer.ArmIn(milliseconds(3));
  end.ArmIn(milliseconds(10));
  loop.Run();
  EXPECT_EQ(fired, 1);
}

TEST(Timer, MayDestroyItselfAndOthersWhenItFires) {
  Loop loop;
  auto victim = std::make_unique<Timer>(&loop, [] { FAIL() << "was destroyed before"; });
  std::unique_ptr<Timer> self;
  self = std::make_unique<Timer>(&loop, [&] {
    victim.reset();
    self.reset();
    loop.Stop();
  });
  const auto now = Clock::now();
  self->ArmAt(now);
  victim->ArmAt(now + std::chrono::nanoseconds(1));
  loop.Run();
  EXPECT_EQ(self, nullptr);
}

TEST(Timer, ThatArmsItselfForNowDoesNotHoldTheTurn) {
  Loop loop;
  int fired = 0;
  std::optional<Timer> timer;
  timer.emplace(&loop, [&] {
    if (++fired == 100) {
      loop.Stop();
    } else {
      timer->ArmIn(milliseconds(0));
    }
  });
  timer->ArmIn(milliseconds(0));
  loop.Run();
  EXPECT_EQ(fired, 100);
  EXPECT_GE(loop.counts().turns, 100u);
}

TEST(Timer, ManyInRandomOrderWithRemovals) {
  Loop loop;
  std::vector<std::unique_ptr<Timer>> timers;
  std::vector<Clock::time_point> fired;
  const auto start = Clock::now();
  uint32_t random = 1;
  for (int i = 0; i < 2000; ++i) {
    random = random * 1664525 + 1013904223;
    const auto when = start + std::chrono::microseconds(random % 20000);
    timers.push_back(std::make_unique<Timer>(&loop, [&fired, when] { fired.push_back(when); }));
    timers.back()->ArmAt(when);
  }
  for (size_t i = 0; i < timers.size(); i += 3) timers[i].reset();
  Timer end(&loop, [&] { loop.Stop(); });
  end.ArmAt(start + milliseconds(25));
  loop.Run();
  EXPECT_EQ(fired.size(), 2000u - 667u);
  EXPECT_TRUE(std::is_sorted(fired.begin(), fired.end()));
}

}  // namespace
}  // namespace sparkgate::event_loop
