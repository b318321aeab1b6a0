#include "service/config/memory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

namespace sparkgate::config {
namespace {

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
