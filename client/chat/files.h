#ifndef SPARKGATE_CLIENT_CHAT_FILES_H_
#define SPARKGATE_CLIENT_CHAT_FILES_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace sparkgate::client {

// The whole of a file, or of standard input, up to `most` bytes. INVALID_ARGUMENT is a sentence
// without the flag's name: "FILE cannot be read", "FILE has more than N MiB". A directory cannot be
// read.
constexpr size_t kAnySize = static_cast<size_t>(-1);
absl::StatusOr<std::string> ReadFile(const std::string& name, size_t most = kAnySize);
absl::StatusOr<std::string> ReadStandardInput();

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_CHAT_FILES_H_
