#ifndef SPARKGATE_SERVICE_CONFIG_FILES_H_
#define SPARKGATE_SERVICE_CONFIG_FILES_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

// Files that settings name, checked before anything depends on them. The messages say what is wrong
// with the file and do not name it.
namespace sparkgate::config {

// Opens a regular file to be read, or a link to one: a pipe or a device could hold whoever reads it
// for ever. The descriptor is the caller's to close.
absl::StatusOr<int> OpenRegularFile(const std::string& path);

// All of a regular file, if it has at most so many bytes.
absl::StatusOr<std::string> ReadRegularFile(const std::string& path, size_t most_bytes);

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_FILES_H_
