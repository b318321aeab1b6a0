#ifndef SPARKGATE_SERVICE_CONFIG_FILES_H_
#define SPARKGATE_SERVICE_CONFIG_FILES_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

// Files that settings name, checked before anything depends on them. The messages say what is wrong
// with the file and do not name it.
namespace sparkgate::config {

// Opens a regular file to be read, or a link to one: a pipe or a device could hold whoever reads it
// for ever. The descriptor is the caller's to close.
absl::StatusOr<int> OpenRegularFile(const std::string& path);

// What a regular file holds, if that is at most `most_bytes`.
absl::StatusOr<std::string> ReadRegularFile(const std::string& path, size_t most_bytes);

inline constexpr size_t kMostPemBytes = 16 << 20;

// `pem` holds at least one certificate, and nothing that begins as one and is none.
absl::Status CheckCertificates(std::string_view pem);

// `key` is a private key in PEM, readable without a passphrase, and that of the first certificate
// in `certificates`, for which CheckCertificates was OK.
absl::Status CheckPrivateKey(std::string_view key, std::string_view certificates);

// When the first certificate in `certificates`, for which CheckCertificates was OK, expires.
absl::Time ExpiryOf(std::string_view certificates);

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_FILES_H_
