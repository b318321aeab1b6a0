#ifndef SPARKGATE_SERVICE_RPC_STATUS_BUILDER_H_
#define SPARKGATE_SERVICE_RPC_STATUS_BUILDER_H_

#include <grpcpp/support/status.h>

#include <string>

#include "service/call/response_writer.h"

namespace sparkgate::rpc {

// The gRPC status of a call with its google.rpc details: always an ErrorInfo (but for OK and
// CANCELLED), RetryInfo, BadRequest and QuotaFailure where they say something. Under 4 KiB in all;
// the list of violations is cut where it must be. `request_id`: the call's, as in its metadata.
grpc::Status BuildStatus(const call::CallEnd& end, const std::string& request_id);

// Value of the trailer `grpc-retry-pushback-ms`; "" if there is none.
std::string PushbackTrailer(const CallStatus& status);

}  // namespace sparkgate::rpc

#endif  // SPARKGATE_SERVICE_RPC_STATUS_BUILDER_H_
