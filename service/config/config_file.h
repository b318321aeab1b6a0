#ifndef SPARKGATE_SERVICE_CONFIG_CONFIG_FILE_H_
#define SPARKGATE_SERVICE_CONFIG_CONFIG_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "service/config/settings.h"

namespace sparkgate::config {

// Reads a configuration file, YAML or JSON (which is YAML as well). Unknown keys, keys that stand
// twice and values of another type are errors; all of them are told, one a line, each with the
// file's name and its own line.
absl::StatusOr<Settings> ReadConfigFile(const std::string& path);

// The same for a text; `path` is for the messages.
absl::StatusOr<Settings> ParseConfigText(const std::string& text, const std::string& path);

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_CONFIG_FILE_H_
