#ifndef SPARKGATE_SERVICE_CONFIG_FLAG_DEFINITIONS_H_
#define SPARKGATE_SERVICE_CONFIG_FLAG_DEFINITIONS_H_

#include <string>

#include "absl/status/statusor.h"
#include "service/config/settings.h"

namespace sparkgate::config {

// What holds where nobody says anything: the flags' defaults.
Settings DefaultSettings();

// What the command line says, after absl::ParseCommandLine. An error has one line for each bad
// value, which names the flag and says what would be right.
absl::StatusOr<Settings> FlagSettings();

// The two flags that are no settings.
std::string ConfigFileFlag();
bool CheckConfigFlag();

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_FLAG_DEFINITIONS_H_
