#ifndef SPARKGATE_SERVICE_CONFIG_LIMITS_H_
#define SPARKGATE_SERVICE_CONFIG_LIMITS_H_

#include <cstdint>

#include "absl/status/statusor.h"

namespace sparkgate::config {

// Raises the soft limit of descriptors to the hard one. Returns what then holds. Changes the
// process; called once, at start.
int64_t RaiseDescriptorLimit();

struct Limits {
  int max_calls = 0;
  int max_connections = 0;
};

// The rule: max_connections + max_calls + 128 <= descriptors. A call costs one descriptor, its
// connection to the upstream; 128 are for everything else. 0 stands for automatic: a quarter of the
// descriptors for connections, the rest for calls, neither beyond what one process serves well. An
// error gives the numbers and what to change.
absl::StatusOr<Limits> FitLimits(int max_calls, int max_connections, int64_t descriptors);

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_LIMITS_H_
