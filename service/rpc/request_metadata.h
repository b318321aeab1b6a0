#ifndef SPARKGATE_SERVICE_RPC_REQUEST_METADATA_H_
#define SPARKGATE_SERVICE_RPC_REQUEST_METADATA_H_

#include <grpcpp/server_context.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/translate/call_status.h"

namespace sparkgate::rpc {

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

// Printable ASCII: what metadata may hold as text.
bool IsPrintable(std::string_view text);

// The connection that a call came on, by its peer as gRPC names it: a number for those who are to
// be fair between connections.
uint64_t ConnectionOf(const std::string& peer);

}  // namespace sparkgate::rpc

#endif  // SPARKGATE_SERVICE_RPC_REQUEST_METADATA_H_
