#ifndef SPARKGATE_SERVICE_RPC_DEADLINE_H_
#define SPARKGATE_SERVICE_RPC_DEADLINE_H_

#include <grpc/support/time.h>

#include <chrono>
#include <optional>

namespace sparkgate::rpc {

// A call's deadline by the steady clock. `deadline` is gRPC's own, by whichever of its clocks
// (ServerContext::raw_deadline): its conversion to std::chrono overflows 292 years from 1970, so
// that the longest deadlines, which mean "none", came out as passed. What lies more than a year
// ahead is no deadline here either.
std::optional<std::chrono::steady_clock::time_point> FromWireDeadline(
    gpr_timespec deadline, std::chrono::system_clock::time_point system_now,
    std::chrono::steady_clock::time_point steady_now);

}  // namespace sparkgate::rpc

#endif  // SPARKGATE_SERVICE_RPC_DEADLINE_H_
