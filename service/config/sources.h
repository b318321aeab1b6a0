#ifndef SPARKGATE_SERVICE_CONFIG_SOURCES_H_
#define SPARKGATE_SERVICE_CONFIG_SOURCES_H_

#include <string>

#include "absl/status/statusor.h"
#include "service/config/settings.h"

namespace sparkgate::config {

// What the command line asks for.
struct CommandLine {
  enum class Action { kRun, kCheckConfig, kHelp, kVersion } action = Action::kRun;
  std::string config_file;  // "": none
  Settings settings;
};

// The flags that are no settings, with their help.
inline constexpr struct {
  const char* name;
  const char* default_text;
  const char* help;
} kOtherFlags[] = {
    {"config", "",
     "File with settings, YAML or JSON; its keys are the names of these flags. Flags win over it."},
    {"check_config", "false",
     "Check everything, print what holds and where it was said, without secrets, and exit."},
};

// Takes `--name=value`, `--name value`, and for switches `--name` and `--noname`; one hyphen will
// do. What is said last wins. A flag that is unknown or has no value ends the reading; else an
// error has one line for each bad value, which names the flag and says what would be right.
absl::StatusOr<CommandLine> ReadCommandLine(int argc, const char* const* argv);

// Reads a configuration file, YAML or JSON (which is YAML as well). Unknown keys, keys that stand
// twice and values of another type are errors; all of them are told, one a line, each with the
// file's name and its own line.
absl::StatusOr<Settings> ReadConfigFile(const std::string& path);

// The same for a text; `path` is for the messages.
absl::StatusOr<Settings> ParseConfigText(const std::string& text, const std::string& path);

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_SOURCES_H_
