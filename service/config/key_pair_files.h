#ifndef SPARKGATE_SERVICE_CONFIG_KEY_PAIR_FILES_H_
#define SPARKGATE_SERVICE_CONFIG_KEY_PAIR_FILES_H_

#include <sys/stat.h>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "service/config/certificates.h"
#include "service/telemetry/log.h"

namespace sparkgate::config {

// The server's certificate and key, read again when their files have changed. It has no thread:
// whoever is about to use the pair asks, and at most once in kInterval the files are looked at
// (stat). They are read only if one is another than before, and handed out only if they pass what
// --check_config checks; until then the old pair stays. So the order in which the two are replaced,
// and whether by rename, in place or by a link, does not matter.
//
// The log gets a line for each pair that is taken, one for each change that cannot be, and one when
// the pair in use expires. Thread-safe; `log` is called by the threads that ask, one at a time.
class KeyPairFiles {
 public:
  // May be set back; the files are looked at then.
  using Clock = std::chrono::system_clock;
  using Log = std::function<void(telemetry::Level, const std::string&)>;

  static constexpr std::chrono::milliseconds kInterval{1000};

  struct KeyPair {
    std::string certificates;  // PEM, the server's own first
    std::string key;           // PEM
  };

  // Reads both; the error names the flag. That a certificate is not valid now is no error, and has
  // been told by whoever validated the configuration.
  static absl::StatusOr<std::unique_ptr<KeyPairFiles>> Open(const std::string& certificate_path,
                                                            const std::string& key_path, Log log,
                                                            Clock::time_point now);

  // The pair, if it is not the one that was handed out last: always at the first call.
  std::optional<KeyPair> TakeNew(Clock::time_point now);

 private:
  // What tells one state of a file from another without reading it. The path is resolved anew each
  // time, since what a link leads to may have been replaced.
  struct Stamp {
    bool operator==(const Stamp& other) const;

    int error = 0;  // of stat
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    timespec modified = {};
    timespec changed = {};  // also by chmod, and where `modified` was set by hand
  };
  struct Stamps {
    bool operator==(const Stamps& other) const {
      return certificate == other.certificate && key == other.key;
    }
    Stamp certificate;
    Stamp key;
  };
  struct Contents {
    CertificateChain chain;
    std::string key;
  };

  KeyPairFiles(std::string certificate_path, std::string key_path, Log log);
  static Stamp StampOf(const std::string& path);
  Stamps StampsNow() const;
  absl::StatusOr<Contents> Read() const;
  void Look(Clock::time_point now);
  void Take(Contents contents);
  void Refuse(const absl::Status& reason, bool same_files);
  void WarnIfNotValid(Clock::time_point now);

  const std::string certificate_path_;
  const std::string key_path_;
  const Log log_;

  std::mutex mutex_;  // guards all below
  Contents current_;
  bool handed_out_ = false;
  Clock::time_point looked_;
  Stamps stamps_;          // before the files were read last
  bool settled_ = false;   // what was read is good, and was read twice under the same stamps
  std::string refused_;    // the last refusal; "": the files are those in use
  std::string not_valid_;  // what was said last of current_'s validity
};

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_KEY_PAIR_FILES_H_
