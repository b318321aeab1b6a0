#include "service/config/certificate_files.h"

#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/config/files.h"

namespace sparkgate::config {
namespace {

absl::Status Named(const std::string& path, const absl::Status& status) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", status.message()));
}

}  // namespace

CertificateFiles::CertificateFiles(std::string certificate_path, std::string key_path,
                                   std::function<void(const std::string& problem)> on_problem)
    : certificate_path_(std::move(certificate_path)),
      key_path_(std::move(key_path)),
      on_problem_(std::move(on_problem)) {}

std::optional<CertificateFiles::Pair> CertificateFiles::TakeIfChanged(Clock::time_point now) {
  if (looked_ && now - *looked_ < kInterval) return std::nullopt;
  looked_ = now;
  const Versions versions{VersionOf(certificate_path_), VersionOf(key_path_)};
  if (read_ && Same(*read_, versions) && !read_again_) return std::nullopt;
  const bool same_versions = read_ && Same(*read_, versions);
  read_ = versions;
  read_again_ = IsRecent(versions);
  absl::StatusOr<Pair> pair = Read();
  if (!pair.ok()) {
    std::string problem(pair.status().message());
    if (!same_versions || problem != problem_) on_problem_(problem);
    problem_ = std::move(problem);
    return std::nullopt;
  }
  problem_.clear();
  if (pair->certificates == in_use_) return std::nullopt;
  in_use_ = pair->certificates;
  return *std::move(pair);
}

CertificateFiles::Version CertificateFiles::VersionOf(const std::string& path) {
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) return {};
  return {info.st_dev, info.st_ino, info.st_size, info.st_mtim, info.st_ctim};
}

bool CertificateFiles::Same(const Version& a, const Version& b) {
  const auto parts = [](const Version& v) {
    return std::make_tuple(v.device, v.inode, v.size, v.modified.tv_sec, v.modified.tv_nsec,
                           v.changed.tv_sec, v.changed.tv_nsec);
  };
  return parts(a) == parts(b);
}

bool CertificateFiles::Same(const Versions& a, const Versions& b) {
  return Same(a.certificate, b.certificate) && Same(a.key, b.key);
}

bool CertificateFiles::IsRecent(const Versions& versions) {
  const absl::Time recently = absl::Now() - absl::Seconds(2);
  return absl::TimeFromTimespec(versions.certificate.modified) > recently ||
         absl::TimeFromTimespec(versions.key.modified) > recently;
}

absl::StatusOr<CertificateFiles::Pair> CertificateFiles::Read() const {
  Pair pair;
  auto certificates = ReadRegularFile(certificate_path_, kMostPemBytes);
  if (!certificates.ok()) return Named(certificate_path_, certificates.status());
  const absl::Status parsed = CheckCertificates(*certificates);
  if (!parsed.ok()) return Named(certificate_path_, parsed);
  auto key = ReadRegularFile(key_path_, kMostPemBytes);
  if (!key.ok()) return Named(key_path_, key.status());
  const absl::Status fits = CheckPrivateKey(*key, *certificates);
  if (!fits.ok()) return Named(key_path_, fits);
  pair.expiry = ExpiryOf(*certificates);
  pair.certificates = *std::move(certificates);
  pair.key = *std::move(key);
  return pair;
}

}  // namespace sparkgate::config
