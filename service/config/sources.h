#ifndef SPARKGATE_SERVICE_CONFIG_SOURCES_H_
#define SPARKGATE_SERVICE_CONFIG_SOURCES_H_

#include <string>

#include "absl/status/statusor.h"
#include "service/config/settings.h"

// Where settings come from: the command line and the configuration file. Every name that is
// returned is one of the table's, and every text is of its setting's kind; whether the value is
// allowed has not been checked. An error has one line for each mistake: where it is and what would
// be right.
namespace sparkgate::config {

struct CommandLine {
  enum class Request { kStart, kHelp, kVersion };

  Request request = Request::kStart;
  GivenSettings settings;
};

// `--name=value`, `--name value`, `--switch` and `--noswitch`, each also with one dash. The last of
// several wins. --help and --version end the reading, as does the first argument that is no flag of
// the table or has no value; of values that are not of their flag's kind the error lists all.
absl::StatusOr<CommandLine> ParseCommandLine(int argc, const char* const* argv);

// Reads a configuration file of at most 1 MiB, YAML or JSON (which is YAML as well). Unknown keys,
// keys that are given twice and values of another type are errors. A message names file and line.
absl::StatusOr<GivenSettings> ReadConfigFile(const std::string& path);

// The same for a text; `path` is for the messages.
absl::StatusOr<GivenSettings> ParseConfigText(const std::string& text, const std::string& path);

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_SOURCES_H_
