#include "service/upstream/resolver.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/gate.h"

namespace sparkgate::upstream {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Addresses = std::vector<std::string>;

Resolver::Lookup Always(Addresses addresses) {
  return [addresses](const std::string&) { return addresses; };
}

TEST(Resolver, AnAddressNeedsNone) {
  const auto never = [](const std::string&) -> Addresses {
    ADD_FAILURE() << "looked up";
    return {};
  };
  for (const char* host : {"127.0.0.1", "::1", "2001:db8::7"}) {
    const Resolver resolver(host, 80, seconds(30), seconds(2), never);
    EXPECT_TRUE(resolver.is_address());
    EXPECT_TRUE(resolver.Has("10.0.0.1"));
  }
}

TEST(Resolver, AllAddressesAndEachFirstInTurn) {
  const Resolver resolver("h.example", 443, seconds(30), seconds(2),
                          Always({"10.0.0.1", "10.0.0.2", "10.0.0.3"}));
  EXPECT_EQ(resolver.Addresses(), (Addresses{"10.0.0.1", "10.0.0.2", "10.0.0.3"}));
  EXPECT_EQ(resolver.Addresses(), (Addresses{"10.0.0.2", "10.0.0.3", "10.0.0.1"}));
  EXPECT_EQ(resolver.Addresses(), (Addresses{"10.0.0.3", "10.0.0.1", "10.0.0.2"}));
  EXPECT_EQ(resolver.Addresses(), (Addresses{"10.0.0.1", "10.0.0.2", "10.0.0.3"}));
  EXPECT_EQ(resolver.Entry("10.0.0.2"), "+h.example:443:10.0.0.2");
  EXPECT_EQ(resolver.Entry("2001:db8::1"), "+h.example:443:[2001:db8::1]");
}

TEST(Resolver, ThePreferredFamilyStaysFirst) {
  const Resolver resolver("h", 443, seconds(30), seconds(2),
                          Always({"2001:db8::1", "10.0.0.1", "2001:db8::2"}));
  EXPECT_EQ(resolver.Addresses(), (Addresses{"2001:db8::1", "2001:db8::2", "10.0.0.1"}));
  EXPECT_EQ(resolver.Addresses(), (Addresses{"2001:db8::2", "2001:db8::1", "10.0.0.1"}));
}

TEST(Resolver, OneThatDidNotAnswerComesLast) {
  const Resolver resolver("h", 443, seconds(30), seconds(2),
                          Always({"10.0.0.1", "10.0.0.2", "10.0.0.3"}));
  resolver.NoteSilent("10.0.0.1");
  for (int i = 0; i < 6; ++i) EXPECT_EQ(resolver.Addresses().back(), "10.0.0.1");
  resolver.NoteSilent("10.0.0.2");
  for (int i = 0; i < 6; ++i) EXPECT_EQ(resolver.Addresses().front(), "10.0.0.3");
}

TEST(Resolver, KnowsWhatTheNameHas) {
  const Resolver resolver("h", 80, seconds(30), seconds(2), Always({"10.0.0.1"}));
  EXPECT_TRUE(resolver.Has("10.0.0.1"));
  EXPECT_FALSE(resolver.Has("10.0.0.2"));
}

TEST(Resolver, NoAddressIsNoEntry) {
  const Resolver resolver("h", 80, seconds(30), seconds(2), Always({}));
  EXPECT_TRUE(resolver.Addresses().empty());
  EXPECT_TRUE(resolver.Has("10.0.0.1")) << "nobody knows better";
}

TEST(Resolver, LooksAgainAndKeepsWhatItKnows) {
  std::mutex mutex;
  int lookups = 0;
  support::Gate fifth;
  Resolver resolver("h", 80, milliseconds(1), seconds(2), [&](const std::string&) {
    std::lock_guard<std::mutex> lock(mutex);
    if (++lookups == 5) fifth.Open();
    if (lookups == 1) return Addresses{"10.0.0.1"};
    if (lookups == 2) return Addresses{"10.0.0.2"};
    return Addresses{};  // fails from now on
  });
  ASSERT_TRUE(fifth.Await());
  EXPECT_EQ(resolver.Addresses(), Addresses{"10.0.0.2"});
  resolver.Stop();
}

TEST(Resolver, ALookUpThatHangsHoldsNeitherStartNorStop) {
  auto release = std::make_shared<support::Gate>();  // the look-up outlives the test's own frame
  auto looking = std::make_shared<support::Gate>();
  auto ended = std::make_shared<support::Gate>();
  const auto start = std::chrono::steady_clock::now();
  {
    Resolver resolver("h", 80, seconds(30), milliseconds(10), [=](const std::string&) {
      looking->Open();
      release->Await();
      ended->Open();
      return Addresses{"10.0.0.1"};
    });
    EXPECT_TRUE(resolver.Addresses().empty());
    EXPECT_TRUE(looking->Await());
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(5));
  release->Open();
  EXPECT_TRUE(ended->Await());
}

TEST(Resolver, ManyThreadsAsk) {
  const Resolver resolver("h", 80, milliseconds(1), seconds(2), Always({"10.0.0.1", "10.0.0.2"}));
  std::vector<std::thread> threads;
  std::atomic<int> missing{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) missing += resolver.Addresses().empty() ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(missing, 0);
}

TEST(Resolver, TheSystemKnowsLocalhost) {
  const Addresses found = Resolver::SystemLookup("localhost");
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(std::set<std::string>(found.begin(), found.end()).size(), found.size());
  EXPECT_TRUE(found.front() == "127.0.0.1" || found.front() == "::1") << found.front();
}

TEST(Resolver, ANameThatCannotBeHasNoAddress) {
  EXPECT_TRUE(Resolver::SystemLookup("sparkgate.invalid").empty());
}

}  // namespace
}  // namespace sparkgate::upstream
