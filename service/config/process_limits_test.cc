#include "service/config/process_limits.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>

#include "gtest/gtest.h"

namespace sparkgate::config {
namespace {

TEST(LimitsTest, FitsWhatIsLeftAutomatic) {
  const struct {
    int calls, connections;
    int64_t descriptors;
    int fitted_calls, fitted_connections;
  } cases[] = {
      {0, 0, 1024, 672, 224},        {0, 0, 130, 1, 1},
      {0, 0, 1048576, 65536, 16384}, {100, 0, 1024, 100, 796},
      {0, 100, 1024, 796, 100},      {500, 396, 1024, 500, 396},
      {100, 0, 1048576, 100, 16384}, {500000, 0, 1048576, 500000, 16384},
      {895, 0, 1024, 895, 1},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(testing::Message() << c.calls << " " << c.connections << " " << c.descriptors);
    const absl::StatusOr<Limits> limits = FitLimits(c.calls, c.connections, c.descriptors);
    ASSERT_TRUE(limits.ok()) << limits.status();
    EXPECT_EQ(limits->max_calls, c.fitted_calls);
    EXPECT_EQ(limits->max_connections, c.fitted_connections);
    EXPECT_LE(limits->max_calls + limits->max_connections + 128, c.descriptors);
  }
}

TEST(LimitsTest, RefusesWhatDescriptorsCannotHoldWithTheNumbers) {
  const absl::StatusOr<Limits> limits = FitLimits(500, 397, 1024);
  ASSERT_FALSE(limits.ok());
  const std::string message(limits.status().message());
  for (const char* part : {"500", "397", "128", "1025", "1024", "--max_calls", "ulimit -n 1025"}) {
    EXPECT_NE(message.find(part), std::string::npos) << message;
  }
  EXPECT_FALSE(FitLimits(0, 0, 129).ok());
  EXPECT_FALSE(FitLimits(0, 0, 0).ok());
  EXPECT_FALSE(FitLimits(896, 0, 1024).ok());
  EXPECT_FALSE(FitLimits(0, 896, 1024).ok());
}

TEST(LimitsTest, RaisesTheSoftLimit) {
  rlimit before = {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 64;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  const int64_t raised = RaiseDescriptorLimit();
  rlimit after = {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &after), 0);
  EXPECT_EQ(after.rlim_cur, before.rlim_max);
  EXPECT_EQ(static_cast<rlim_t>(raised), std::min<rlim_t>(after.rlim_cur, 1 << 30));
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST(CoresTest, TakesTheLeast) {
  EXPECT_EQ(LoopsFor(4, std::nullopt), 4);
  EXPECT_EQ(LoopsFor(64, std::nullopt), 8);
  EXPECT_EQ(LoopsFor(0, std::nullopt), 1);
  EXPECT_EQ(LoopsFor(4, 0.1), 1);
  EXPECT_EQ(LoopsFor(4, 1.0), 1);
  EXPECT_EQ(LoopsFor(4, 1.5), 2);
  EXPECT_EQ(LoopsFor(4, 4.5), 4);
  EXPECT_EQ(LoopsFor(64, 100.0), 8);
  EXPECT_EQ(LoopsFor(64, 1e18), 8);
  EXPECT_GE(AutomaticLoops(), 1);
  EXPECT_LE(AutomaticLoops(), kMostLoops);
}

class CgroupTest : public testing::Test {
 protected:
  CgroupTest() : root_(testing::TempDir() + "cgroup_XXXXXX") {
    EXPECT_NE(mkdtemp(root_.data()), nullptr);
  }

  void Write(const std::string& path, const std::string& text) {
    for (size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1)) {
      mkdir((root_ + path.substr(0, at)).c_str(), 0700);
    }
    std::ofstream(root_ + path) << text;
  }

  std::optional<double> Quota(const std::string& membership) {
    Write("/membership", membership);
    return CgroupQuota(root_ + "/membership", root_);
  }

  std::string root_;
};

TEST_F(CgroupTest, NoneWithoutFiles) {
  EXPECT_EQ(Quota("0::/a/b\n"), std::nullopt);
  EXPECT_EQ(Quota("3:cpu,cpuacct:/a\nrubbish\n1:name=systemd:/x\n"), std::nullopt);
  EXPECT_EQ(CgroupQuota("/no/such/file", root_), std::nullopt);
}

TEST_F(CgroupTest, Version2) {
  Write("/a/b/cpu.max", "250000 100000\n");
  EXPECT_EQ(Quota("0::/a/b\n"), 2.5);
  Write("/a/b/cpu.max", "max 100000\n");
  EXPECT_EQ(Quota("0::/a/b\n"), std::nullopt);
}

TEST_F(CgroupTest, TheLeastOfThoseAboveCounts) {
  Write("/a/b/cpu.max", "max 100000\n");
  Write("/a/cpu.max", "150000 100000\n");
  Write("/cpu.max", "400000 100000\n");
  EXPECT_EQ(Quota("0::/a/b\n"), 1.5);
  EXPECT_EQ(Quota("0::/not/in/this/container\n"), 4);
}

TEST_F(CgroupTest, Version1) {
  Write("/cpu,cpuacct/pod/cpu.cfs_quota_us", "50000\n");
  Write("/cpu,cpuacct/pod/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(Quota("4:memory:/pod\n3:cpu,cpuacct:/pod\n"), 0.5);
  Write("/cpu,cpuacct/pod/cpu.cfs_quota_us", "-1\n");
  EXPECT_EQ(Quota("3:cpu,cpuacct:/pod\n"), std::nullopt);
  Write("/cpu/cpu.cfs_quota_us", "300000\n");
  Write("/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(Quota("1:cpu:/\n"), 3);
  EXPECT_EQ(Quota("1:cpuset:/\n"), std::nullopt);
}

TEST_F(CgroupTest, IgnoresRubbish) {
  for (const char* text : {"", "x y\n", "100000\n", "100000 0\n", "-5 100000\n", "0 100000\n"}) {
    Write("/cpu.max", text);
    EXPECT_EQ(Quota("0::/\n"), std::nullopt) << text;
  }
}

constexpr size_t kMachine = 16ull << 30;

class MemoryTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = testing::TempDir() + testing::UnitTest::GetInstance()->current_test_info()->name();
    mkdir(root_.c_str(), 0755);
  }
  void Folder(const std::string& name) { mkdir((root_ + name).c_str(), 0755); }
  void File(const std::string& name, const std::string& text) {
    std::ofstream(root_ + name) << text << "\n";
  }
  size_t Within() const { return MemoryWithin(kMachine, root_ + "/membership", root_); }

  std::string root_;
};

TEST_F(MemoryTest, WithoutALimitItIsTheMachines) {
  EXPECT_EQ(Within(), kMachine);
  File("/membership", "0::/");
  File("/memory.max", "max");
  EXPECT_EQ(Within(), kMachine);
}

TEST_F(MemoryTest, TheLeastOfTheGroupAndThoseAboveItHolds) {
  File("/membership", "0::/pod/box");
  Folder("/pod");
  Folder("/pod/box");
  File("/pod/memory.max", "268435456");
  File("/pod/box/memory.max", "536870912");
  EXPECT_EQ(Within(), 268435456u);
}

TEST_F(MemoryTest, VersionOneSaysNoLimitByAHugeNumber) {
  File("/membership", "4:memory:/box");
  Folder("/memory");
  Folder("/memory/box");
  File("/memory/box/memory.limit_in_bytes", "9223372036854771712");
  EXPECT_EQ(Within(), kMachine);
  File("/memory/box/memory.limit_in_bytes", "1073741824");
  EXPECT_EQ(Within(), 1073741824u);
}

TEST(Memory, ThisMachineHasSome) { EXPECT_GT(AvailableMemory(), 1u << 20); }

}  // namespace
}  // namespace sparkgate::config
