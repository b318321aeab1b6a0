#ifndef SPARKGATE_SERVICE_CONFIG_API_KEY_H_
#define SPARKGATE_SERVICE_CONFIG_API_KEY_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "service/config/secret.h"

namespace sparkgate::config {

// Reads a key from a file and takes the newline at its end away. A file that every user of the
// machine may read is a warning. Errors name the file, never its contents.
absl::StatusOr<Secret> ReadKeyFile(const std::string& path, std::vector<std::string>* warnings);

// Checks that a key can stand in a header. `source` names where it came from, for the message.
absl::StatusOr<Secret> CheckKey(std::string key, const std::string& source);

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_API_KEY_H_
