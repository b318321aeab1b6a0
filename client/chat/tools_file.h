#ifndef SPARKGATE_CLIENT_CHAT_TOOLS_FILE_H_
#define SPARKGATE_CLIENT_CHAT_TOOLS_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "sparkgate/v1/request.pb.h"

namespace sparkgate::client {

// Puts the tools of a file into `request`, instead of those that it has. `json` is an array as it
// stands under `tools` in an HTTP body, or an object with that array as its only member. Schemas
// and members without a field go as they are written. INVALID_ARGUMENT says which tool is wrong.
absl::Status SetTools(const std::string& json, v1::ChatRequest* request);

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_CHAT_TOOLS_FILE_H_
