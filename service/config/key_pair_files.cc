#include "service/config/key_pair_files.h"

#include <cerrno>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace sparkgate::config {
namespace {

using telemetry::Level;

std::string Described(const CertificateChain& chain) {
  return absl::StrCat(chain.name, ", valid until ", TimeText(chain.not_after));
}

absl::Status InFile(const char* flag, const std::string& path, const absl::Status& status) {
  return absl::InvalidArgumentError(
      absl::StrCat("--", flag, ": ", path, ": ", std::string(status.message())));
}

}  // namespace

bool KeyPairFiles::Stamp::operator==(const Stamp& other) const {
  const auto all = [](const Stamp& stamp) {
    return std::make_tuple(stamp.error, stamp.device, stamp.inode, stamp.size,
                           stamp.modified.tv_sec, stamp.modified.tv_nsec, stamp.changed.tv_sec,
                           stamp.changed.tv_nsec);
  };
  return all(*this) == all(other);
}

KeyPairFiles::KeyPairFiles(std::string certificate_path, std::string key_path, Log log)
    : certificate_path_(std::move(certificate_path)),
      key_path_(std::move(key_path)),
      log_(std::move(log)) {}

absl::StatusOr<std::unique_ptr<KeyPairFiles>> KeyPairFiles::Open(
    const std::string& certificate_path, const std::string& key_path, Log log,
    Clock::time_point now) {
  std::unique_ptr<KeyPairFiles> files(new KeyPairFiles(certificate_path, key_path, std::move(log)));
  files->looked_ = now;
  files->stamps_ = files->StampsNow();
  absl::StatusOr<Contents> contents = files->Read();
  if (!contents.ok()) return contents.status();
  files->current_ = *std::move(contents);
  files->not_valid_ = ValidityProblem(files->current_.chain, absl::FromChrono(now));
  files->log_(Level::kInfo, "TLS certificate: " + Described(files->current_.chain));
  return files;
}

std::optional<KeyPairFiles::KeyPair> KeyPairFiles::TakeNew(Clock::time_point now) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (now < looked_ || now >= looked_ + kInterval) Look(now);
  if (std::exchange(handed_out_, true)) return std::nullopt;
  return KeyPair{current_.chain.pem, current_.key};
}

KeyPairFiles::Stamp KeyPairFiles::StampOf(const std::string& path) {
  Stamp stamp;
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) {
    stamp.error = errno;
    return stamp;
  }
  stamp.device = info.st_dev;
  stamp.inode = info.st_ino;
  stamp.size = info.st_size;
  stamp.modified = info.st_mtim;
  stamp.changed = info.st_ctim;
  return stamp;
}

KeyPairFiles::Stamps KeyPairFiles::StampsNow() const {
  return {StampOf(certificate_path_), StampOf(key_path_)};
}

absl::StatusOr<KeyPairFiles::Contents> KeyPairFiles::Read() const {
  absl::StatusOr<CertificateChain> chain = ReadCertificateChain(certificate_path_);
  if (!chain.ok()) return InFile("tls_cert_file", certificate_path_, chain.status());
  absl::StatusOr<std::string> key = ReadPrivateKey(key_path_, *chain);
  if (!key.ok()) return InFile("tls_key_file", key_path_, key.status());
  return Contents{*std::move(chain), *std::move(key)};
}

// The stamps are taken before the files are read, so that a change meanwhile shows the next time.
// One within the same tick of the file system's clock does not: what has changed is read twice.
void KeyPairFiles::Look(Clock::time_point now) {
  looked_ = now;
  const Stamps stamps = StampsNow();
  const bool same = stamps == stamps_;
  if (!same || !settled_) {
    stamps_ = stamps;
    absl::StatusOr<Contents> contents = Read();
    settled_ = same && contents.ok();
    if (contents.ok()) {
      Take(*std::move(contents));
    } else {
      Refuse(contents.status(), same);
    }
  }
  WarnIfNotValid(now);
}

void KeyPairFiles::Take(Contents contents) {
  if (contents.chain.pem == current_.chain.pem && contents.key == current_.key) {
    if (!std::exchange(refused_, "").empty()) {
      log_(Level::kInfo, "the TLS files are those in use again");
    }
    return;
  }
  refused_.clear();
  current_ = std::move(contents);
  handed_out_ = false;
  not_valid_.clear();
  log_(Level::kInfo,
       "TLS certificate replaced, new connections get it: " + Described(current_.chain));
}

// Until the files are good they are read at every look: that a file cannot be read may end without
// a change of the file.
void KeyPairFiles::Refuse(const absl::Status& reason, bool same_files) {
  std::string message(reason.message());
  if (same_files && message == refused_) return;
  log_(Level::kWarning, message + "; the TLS certificate and key read before stay in use");
  refused_ = std::move(message);
}

void KeyPairFiles::WarnIfNotValid(Clock::time_point now) {
  std::string problem = ValidityProblem(current_.chain, absl::FromChrono(now));
  if (problem == not_valid_) return;
  not_valid_ = std::move(problem);
  if (not_valid_.empty()) return;
  log_(Level::kWarning, absl::StrCat("--tls_cert_file: ", certificate_path_, ": the certificate ",
                                     not_valid_, "; callers refuse it"));
}

}  // namespace sparkgate::config
