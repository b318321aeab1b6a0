#ifndef SPARKGATE_SERVICE_CONFIG_CERTIFICATES_H_
#define SPARKGATE_SERVICE_CONFIG_CERTIFICATES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

// PEM files, checked before anything depends on them: by --check_config, at the start, and whenever
// the server's own have changed. The messages say what is wrong with the file and do not name it;
// what a key file holds is in none of them.
namespace sparkgate::config {

// The file holds at least one certificate, and nothing that begins as one and is none.
absl::Status CheckCertificates(const std::string& path);

// The server's own certificate, with those between it and the authority.
struct CertificateChain {
  std::string path;
  std::string pem;
  // Of the first certificate, which is the server's.
  std::string name;  // for the log: its subject, if it has one, and its serial number
  absl::Time not_before;
  absl::Time not_after;
};

// For the file CheckCertificates would be OK, it has at most 1 MiB, and OpenSSL takes its first
// certificate as a server's: it refuses short keys and weak digests, by the system's settings.
absl::StatusOr<CertificateChain> ReadCertificateChain(const std::string& path);

// The PEM text of the private key of the chain's first certificate, readable without a passphrase.
absl::StatusOr<std::string> ReadPrivateKey(const std::string& path, const CertificateChain& chain);

// "expired at 2026-01-31T12:00:00Z", "is not valid before …", or "" while it is valid.
std::string ValidityProblem(const CertificateChain& chain, absl::Time now);

// As logs have it: in UTC, to the second.
std::string TimeText(absl::Time time);

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_CERTIFICATES_H_
