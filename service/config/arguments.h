#ifndef SPARKGATE_SERVICE_CONFIG_ARGUMENTS_H_
#define SPARKGATE_SERVICE_CONFIG_ARGUMENTS_H_

#include "absl/status/statusor.h"

namespace sparkgate::config {

enum class Endpoint { kRun, kHelp, kVersion };

// Looks through the arguments before Abseil parses them. Abseil ends the process on the first
// mistake and says little; this says what was meant. Nothing is set.
absl::StatusOr<Endpoint> CheckArguments(int argc, char** argv);

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_ARGUMENTS_H_
