#include "service/translate/testing/golden.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace sparkgate::translate {

std::string ReadSourceFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << "cannot read " << path;
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

GoldenFolder::GoldenFolder(std::string folder) {
  const char* update = std::getenv("GOLDEN_UPDATE");
  update_ = update != nullptr;
  root_ = (update_ ? std::string(update) : "tests/data/golden") + "/" + folder + "/";
}

void GoldenFolder::Check(const std::string& name, const std::string& content) {
  EXPECT_TRUE(used_.insert(name).second) << "checked twice: " << name;
  if (update_) {
    std::ofstream(root_ + name, std::ios::binary) << content;
    return;
  }
  EXPECT_EQ(ReadSourceFile(root_ + name), content) << name;
}

void GoldenFolder::CheckAllUsed() const {
  for (const auto& entry : std::filesystem::directory_iterator(root_)) {
    const std::string name = entry.path().filename();
    EXPECT_EQ(used_.count(name), 1u) << "no test makes " << name;
  }
}

}  // namespace sparkgate::translate
