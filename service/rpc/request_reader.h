#ifndef SPARKGATE_SERVICE_RPC_REQUEST_READER_H_
#define SPARKGATE_SERVICE_RPC_REQUEST_READER_H_

#include <google/protobuf/message.h>
#include <grpc/support/time.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/translate/call_status.h"

namespace sparkgate::rpc {

// Reads a request and frees the buffer, so that it is not kept twice. Not OK if it is none, or has
// more than `max_elements` (translate/request_size.h), which is found before anything is built.
CallStatus ParseRequest(grpc::ByteBuffer* buffer, size_t max_elements,
                        google::protobuf::Message* message);

// The same for the services beside chat, whose requests have at most a few lines. False if it is
// none, or has more than 64 KiB.
bool ParseSmall(grpc::ByteBuffer* buffer, google::protobuf::Message* message);

// What a caller's metadata says to Sparkgate.
struct RequestMetadata {
  std::string request_id;  // the caller's, else made up; printable ASCII, up to 128 characters
  HeaderList headers;      // for the upstream: those on the allow-list, and x-request-id
  bool merge = true;       // `x-sparkgate-coalesce: off` says no
  std::optional<std::chrono::milliseconds> heartbeat;  // `sparkgate-heartbeat`; 0: none
  CallStatus status;  // not OK: a value that must not become a header, or is no duration
};

// `allowed`: names in lower case. Everything else the caller sent stays here. Never logged.
RequestMetadata ReadMetadata(const grpc::ServerContextBase& context,
                             const std::vector<std::string>& allowed);

// The connection that a call came on, by its peer as gRPC names it: a number for those who are to
// be fair between connections.
uint64_t ConnectionOf(const std::string& peer);

// A call's deadline by the steady clock. `deadline` is gRPC's own, by whichever of its clocks
// (ServerContext::raw_deadline): its conversion to std::chrono overflows 292 years from 1970, so
// that the longest deadlines, which mean "none", came out as passed. What lies more than a year
// ahead is no deadline here either.
std::optional<std::chrono::steady_clock::time_point> FromWireDeadline(
    gpr_timespec deadline, std::chrono::system_clock::time_point system_now,
    std::chrono::steady_clock::time_point steady_now);

}  // namespace sparkgate::rpc

#endif  // SPARKGATE_SERVICE_RPC_REQUEST_READER_H_
