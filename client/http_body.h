#ifndef SPARKGATE_CLIENT_HTTP_BODY_H_
#define SPARKGATE_CLIENT_HTTP_BODY_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "sparkgate/v1/request.pb.h"

namespace sparkgate::client {

// A request body of the upstream's HTTP API, as a gRPC request.
struct HttpBody {
  v1::ChatRequest request;
  bool stream = false;  // the body's own `stream`: which of the two RPCs it asks for
};

// Reads an HTTP body so that Sparkgate sends the same body again. What has a field goes into it;
// everything else (unknown members, null for them, a value in a form that no field has, a number
// that no field can hold, an empty list) goes as it is written into the nearest `extra_body_json`.
// A null for a known member means absent. `stream` and `stream_options` are Sparkgate's to set and
// dropped.
//
// INVALID_ARGUMENT: not JSON, not an object, a duplicate member, a `stream` that is no boolean.
absl::StatusOr<HttpBody> ParseHttpBody(std::string_view json);

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_HTTP_BODY_H_
