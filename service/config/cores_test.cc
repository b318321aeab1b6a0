#include "service/config/cores.h"

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "gtest/gtest.h"

namespace sparkgate::config {
namespace {

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

}  // namespace
}  // namespace sparkgate::config
