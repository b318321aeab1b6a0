#ifndef SPARKGATE_SERVICE_CONFIG_VALIDATE_H_
#define SPARKGATE_SERVICE_CONFIG_VALIDATE_H_

#include "absl/status/statusor.h"
#include "service/config/config.h"
#include "service/config/settings.h"

namespace sparkgate::config {

// Checks every setting and makes the Config of them, all but the key, loops and limits, which
// depend on the process (load.cc). An error has one line for each thing that is wrong: where it was
// said, what is wrong and what would be right.
absl::StatusOr<Config> Validate(const Settings& settings);

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_VALIDATE_H_
