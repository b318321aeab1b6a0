#include "service/config/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace sparkgate::config {
namespace {

std::string Folder() {
  const std::string folder = testing::TempDir() + "files_" + std::to_string(getpid());
  mkdir(folder.c_str(), 0700);
  return folder;
}

std::string Write(const std::string& name, const std::string& text) {
  const std::string path = Folder() + "/" + name;
  std::ofstream(path) << text;
  return path;
}

std::string Message(const absl::Status& status) { return std::string(status.message()); }

TEST(Files, OnlyRegularFilesAreOpened) {
  const std::string fifo = Folder() + "/fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(Message(OpenRegularFile(fifo).status()), "is not a regular file");
  EXPECT_EQ(Message(OpenRegularFile("/dev/null").status()), "is not a regular file");
  EXPECT_EQ(Message(OpenRegularFile(Folder()).status()), "Is a directory");
  EXPECT_EQ(Message(OpenRegularFile("/no/such").status()), "No such file or directory");
  unlink(fifo.c_str());

  const std::string link = Folder() + "/link";  // as Kubernetes mounts secrets
  ASSERT_EQ(symlink(Write("file", "x").c_str(), link.c_str()), 0);
  const auto fd = OpenRegularFile(link);
  ASSERT_TRUE(fd.ok()) << fd.status();
  close(*fd);
}

TEST(Files, AreReadUpToASize) {
  EXPECT_EQ(*ReadRegularFile(Write("three", "abc"), 3), "abc");
  EXPECT_EQ(*ReadRegularFile(Write("none", ""), 3), "");
  EXPECT_EQ(Message(ReadRegularFile(Write("four", "abcd"), 3).status()), "has more than 3 bytes");
  const std::string large(100'000, 'x');
  EXPECT_EQ(*ReadRegularFile(Write("large", large), 1 << 20), large);
  EXPECT_EQ(Message(ReadRegularFile(Folder(), 3).status()), "Is a directory");
  // Its size is 0 until it is read.
  EXPECT_NE(ReadRegularFile("/proc/self/status", 1 << 20)->find("Name:"), std::string::npos);
}

}  // namespace
}  // namespace sparkgate::config
