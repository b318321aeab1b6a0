#include "service/config/validate.h"

#include <set>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/url.h"
#include "service/config/certificates.h"
#include "service/config/fixed_headers.h"

namespace sparkgate::config {
namespace {

class Validator {
 public:
  Validator(const GivenSettings& given, Config* config) : given_(given), config_(*config) {}

  std::vector<std::string> Run() {
    for (const Setting& setting : SettingsTable()) {
      const absl::Status status = Set(setting, TextFor(setting, given_), &config_);
      if (!status.ok()) Complain(setting.name, std::string(status.message()));
    }
    Tls();
    Upstream();
    AllowList();
    return std::move(problems_);
  }

 private:
  void Tls() {
    const std::string& cert = config_.tls_cert_file;
    const std::string& key = config_.tls_key_file;
    if (cert.empty() != key.empty()) {
      Complain(key.empty() ? "tls_cert_file" : "tls_key_file",
               absl::StrCat("is given without ", key.empty() ? "tls_key_file" : "tls_cert_file",
                            "; give both, or neither for plain text"));
    }
    if (cert.empty()) return;
    const absl::StatusOr<CertificateChain> chain = ReadCertificateChain(cert);
    CheckPem("tls_cert_file", cert, chain.status());
    if (!chain.ok()) return;
    const std::string problem = ValidityProblem(*chain, absl::Now());
    if (!problem.empty()) {
      Warn("tls_cert_file",
           absl::StrCat(cert, ": the certificate ", problem, "; callers refuse it"));
    }
    if (!key.empty()) CheckPem("tls_key_file", key, ReadPrivateKey(key, *chain).status());
  }

  void Upstream() {
    std::string& url = config_.upstream_url;
    while (!url.empty() && url.back() == '/') url.pop_back();
    if (IsPlainRemote(url)) {
      Warn("upstream_url",
           "plain http to another machine: the key and all prompts can be read on the way");
    }
    if (!config_.ca_file.empty()) {
      CheckPem("ca_file", config_.ca_file, CheckCertificates(config_.ca_file));
    }
    if (config_.upstream_proxy_auth_file.empty()) return;
    if (config_.upstream_proxy.empty()) {
      Complain("upstream_proxy_auth_file",
               "is given without upstream_proxy; give both, or neither for no proxy");
    } else if (IsPlainRemote(config_.upstream_proxy)) {
      Warn(
          "upstream_proxy",
          "plain http to a proxy on another machine: its user and password can be read on the way");
    }
  }

  void AllowList() {
    absl::AsciiStrToLower(&config_.upstream_auth_header);
    std::set<std::string> seen;
    std::vector<std::string> allowed;
    for (const std::string& name : config_.header_allow_list) {
      std::string problem = CallerHeaderProblem(name);
      if (problem.empty() && name == config_.upstream_auth_header && !config_.no_api_key) {
        problem = "takes the API key (--upstream_auth_header): a caller could replace it";
      }
      if (!problem.empty()) {
        Complain("header_allow_list", absl::StrCat("\"", name.substr(0, 64), "\" ", problem));
      } else if (seen.insert(name).second) {
        allowed.push_back(name);
      }
    }
    config_.header_allow_list = std::move(allowed);
  }

  void CheckPem(const char* name, const std::string& path, const absl::Status& status) {
    if (status.ok()) return;
    Complain(name, absl::StrCat(path, ": ", status.message(), "; give a readable PEM file"));
  }

  std::string Where(const std::string& name) const {
    const auto found = given_.find(name);
    return found == given_.end() ? name : found->second.origin;
  }

  void Warn(const std::string& name, const std::string& what) {
    config_.warnings.push_back(absl::StrCat(Where(name), ": ", what));
  }

  void Complain(const std::string& name, const std::string& what) {
    problems_.push_back(absl::StrCat(Where(name), ": ", what));
  }

  const GivenSettings& given_;
  Config& config_;
  std::vector<std::string> problems_;
};

}  // namespace

std::vector<std::string> Validate(const GivenSettings& given, Config* config) {
  return Validator(given, config).Run();
}

}  // namespace sparkgate::config
