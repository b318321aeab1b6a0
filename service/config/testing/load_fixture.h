#ifndef SPARKGATE_SERVICE_CONFIG_TESTING_LOAD_FIXTURE_H_
#define SPARKGATE_SERVICE_CONFIG_TESTING_LOAD_FIXTURE_H_

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "service/config/load.h"

namespace sparkgate::config {

inline constexpr char kKey[] = "fw_madeUpKeyOfTheEnvironment";
inline constexpr char kFileKey[] = "fw_madeUpKeyOfAFile";

// Loads a configuration with a key in the environment; no secret may be in what is said.
class LoadTest : public testing::Test {
 protected:
  LoadTest() { setenv("FIREWORKS_API_KEY", kKey, 1); }
  ~LoadTest() override { unsetenv("FIREWORKS_API_KEY"); }

  absl::StatusOr<Start> Load(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "sparkgate");
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    absl::StatusOr<Start> start = LoadConfig(argv.size(), argv.data());
    const std::string said = start.ok() ? start->output : std::string(start.status().message());
    EXPECT_EQ(said.find("madeUp"), std::string::npos) << said;
    return start;
  }

  Config Good(std::vector<std::string> arguments) {
    absl::StatusOr<Start> start = Load(std::move(arguments));
    EXPECT_TRUE(start.ok()) << start.status();
    if (!start.ok() || !start->config.has_value()) return Config();
    EXPECT_EQ(start->output, "");
    return *start->config;
  }

  std::string Bad(std::vector<std::string> arguments) {
    absl::StatusOr<Start> start = Load(std::move(arguments));
    EXPECT_FALSE(start.ok());
    return std::string(start.status().message());
  }

  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = testing::TempDir() + std::to_string(getpid()) + "_" + name;
    std::ofstream(path) << text;
    chmod(path.c_str(), 0600);
    return path;
  }
};

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_TESTING_LOAD_FIXTURE_H_
