#include "service/config/limits.h"

#include <sys/resource.h>

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace sparkgate::config {
namespace {

constexpr int64_t kOtherDescriptors = 128;
constexpr int64_t kMostAutomaticCalls = 65536;
constexpr int64_t kMostAutomaticConnections = 16384;

absl::Status TooFew(int64_t calls, int64_t connections, int64_t descriptors) {
  const int64_t needed = calls + connections + kOtherDescriptors;
  return absl::InvalidArgumentError(absl::StrCat(
      "max_calls ", calls, " + max_connections ", connections, " + ", kOtherDescriptors,
      " for the rest need ", needed, " descriptors, the process may open ", descriptors,
      "; lower --max_calls or --max_connections, or raise the limit (ulimit -n ", needed, ")"));
}

}  // namespace

int64_t RaiseDescriptorLimit() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  const rlim_t before = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = before;
  return static_cast<int64_t>(std::min<rlim_t>(limit.rlim_cur, 1 << 30));
}

absl::StatusOr<Limits> FitLimits(int max_calls, int max_connections, int64_t descriptors) {
  const int64_t available = descriptors - kOtherDescriptors;
  int64_t calls = max_calls;
  int64_t connections = max_connections;
  if (connections == 0) {
    const int64_t most = calls == 0 ? available / 4 : available - calls;
    connections = std::clamp<int64_t>(most, 1, kMostAutomaticConnections);
  }
  if (calls == 0) calls = std::clamp<int64_t>(available - connections, 1, kMostAutomaticCalls);
  if (calls + connections > available) return TooFew(calls, connections, descriptors);
  return Limits{static_cast<int>(calls), static_cast<int>(connections)};
}

}  // namespace sparkgate::config
