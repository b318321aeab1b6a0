#ifndef SPARKGATE_SERVICE_CONFIG_CERTIFICATE_FILES_H_
#define SPARKGATE_SERVICE_CONFIG_CERTIFICATE_FILES_H_

#include <sys/stat.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace sparkgate::config {

// A server's certificate and private key, from files that are replaced while it runs: by renaming,
// by another link (as Kubernetes does) or by writing into them, one after the other.
//
// What does not fit together yet, or cannot be read, is left until the files change again, and the
// pair that is in use stays in use. One thread at a time.
class CertificateFiles {
 public:
  using Clock = std::chrono::steady_clock;

  // Files are looked at no more often than this.
  static constexpr std::chrono::seconds kInterval{1};

  struct Pair {
    std::string certificates;  // PEM, the server's own first
    std::string key;           // PEM; a secret
    absl::Time expiry;         // of the server's own
  };

  // `on_problem` hears why files that have changed are not used, once for each change.
  CertificateFiles(std::string certificate_path, std::string key_path,
                   std::function<void(const std::string& problem)> on_problem);

  // The pair, the first time and whenever it is another; else nothing. Costs nothing within
  // kInterval of the last look, and two calls of stat if nothing has changed.
  std::optional<Pair> TakeIfChanged(Clock::time_point now);

 private:
  // What changes when a file is replaced or written. Of a missing file: zeros.
  struct Version {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    timespec modified{};
    timespec changed{};
  };
  struct Versions {
    Version certificate;
    Version key;
  };

  static Version VersionOf(const std::string& path);
  static bool Same(const Version& a, const Version& b);
  static bool Same(const Versions& a, const Versions& b);
  static bool IsRecent(const Versions& versions);
  absl::StatusOr<Pair> Read() const;

  const std::string certificate_path_;
  const std::string key_path_;
  const std::function<void(const std::string&)> on_problem_;
  std::optional<Clock::time_point> looked_;
  std::optional<Versions> read_;  // those that were read last
  // They were written so shortly before that a later write may not show in their times.
  bool read_again_ = false;
  std::string problem_;  // told last
  std::string in_use_;   // the certificates of the pair
};

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_CERTIFICATE_FILES_H_
