#include "service/rpc/deadline.h"

namespace sparkgate::rpc {

using std::chrono::nanoseconds;
using std::chrono::seconds;

std::optional<std::chrono::steady_clock::time_point> FromWireDeadline(
    gpr_timespec deadline, std::chrono::system_clock::time_point system_now,
    std::chrono::steady_clock::time_point steady_now) {
  deadline = gpr_convert_clock_type(deadline, GPR_CLOCK_REALTIME);  // saturates
  constexpr int64_t kFar = 366 * 24 * 3600;                         // seconds
  const auto now = std::chrono::duration_cast<nanoseconds>(system_now.time_since_epoch());
  const int64_t now_seconds = std::chrono::duration_cast<seconds>(now).count();
  // gRPC's infinite past and future are the extremes of int64_t: compared before subtracted.
  if (deadline.tv_sec > now_seconds + kFar) return std::nullopt;
  if (deadline.tv_sec < now_seconds - kFar) return steady_now;
  return steady_now + (seconds(deadline.tv_sec) + nanoseconds(deadline.tv_nsec) - now);
}

}  // namespace sparkgate::rpc
