#ifndef SPARKGATE_SERVICE_CONFIG_FILES_H_
#define SPARKGATE_SERVICE_CONFIG_FILES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Files that settings name, checked before anything depends on them. The messages say what is wrong
// with the file and do not name it.
namespace sparkgate::config {

// Opens a regular file to be read, or a link to one: a pipe or a device could hold whoever reads it
// for ever. The descriptor is the caller's to close.
absl::StatusOr<int> OpenRegularFile(const std::string& path);

// The PEM file holds at least one certificate, and nothing that begins as one and is none.
absl::Status CheckCertificates(const std::string& path);

// The PEM file holds a private key, readable without a passphrase, and it is that of the first
// certificate in `certificate_path`, for which CheckCertificates was OK.
absl::Status CheckPrivateKey(const std::string& path, const std::string& certificate_path);

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_FILES_H_
