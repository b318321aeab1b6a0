#ifndef SPARKGATE_CLIENT_METADATA_CHECK_H_
#define SPARKGATE_CLIENT_METADATA_CHECK_H_

#include "absl/status/status.h"
#include "client/call_error.h"

namespace sparkgate::client {

// Whether gRPC can send this metadata: names of a-z, 0-9, '-', '_' and '.', not beginning with
// "grpc-"; values of printable ASCII unless the name ends in "-bin". INVALID_ARGUMENT names the
// first that it cannot send, never its value, which may be a secret.
absl::Status CheckMetadata(const Metadata& metadata);

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_METADATA_CHECK_H_
