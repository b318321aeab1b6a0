#ifndef SPARKGATE_CLIENT_CHAT_SCHEMA_FILE_H_
#define SPARKGATE_CLIENT_CHAT_SCHEMA_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "sparkgate/v1/request.pb.h"

namespace sparkgate::client {

// A response format that holds the answer to a JSON Schema, whose text goes upstream as it is
// written. The format's name is the schema's `title`, or else the file's without folder and
// extension, with '_' for what a name cannot have. INVALID_ARGUMENT: `json` is no JSON object, or
// one that wraps a schema.
absl::StatusOr<v1::ResponseFormat> SchemaFormat(const std::string& json, const std::string& file);

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_CHAT_SCHEMA_FILE_H_
