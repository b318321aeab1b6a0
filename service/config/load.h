#ifndef SPARKGATE_SERVICE_CONFIG_LOAD_H_
#define SPARKGATE_SERVICE_CONFIG_LOAD_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "service/config/config.h"

namespace sparkgate::config {

// What to do at start.
struct Start {
  std::optional<Config> config;  // run with this; or, if there is none,
  std::string output;  // --help, --version, --check_config: print this to stdout and exit 0
};

// Reads command line, environment (FIREWORKS_API_KEY alone) and configuration file. Flags win over
// the environment, that over the file, that over the defaults.
//
// An error means exit 1. Its message has one line for each thing that is wrong: the flag, or the
// file and the line, and what would be right. No secret is in it.
//
// Called once, from main, before any thread is started. Raises the soft limit of descriptors.
absl::StatusOr<Start> LoadConfig(int argc, const char* const* argv);

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_LOAD_H_
