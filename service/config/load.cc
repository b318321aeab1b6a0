#include "service/config/load.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "base/url.h"
#include "service/config/certificates.h"
#include "service/config/fixed_headers.h"
#include "service/config/process_limits.h"
#include "service/config/report.h"
#include "service/config/secrets.h"
#include "service/config/settings.h"
#include "service/config/sources.h"

namespace sparkgate::config {
namespace {

constexpr char kKeyVariable[] = "FIREWORKS_API_KEY";

struct Layers {
  Settings file;
  Settings flags;
  Settings all;
};

struct Key {
  Secret secret;
  std::string origin;  // for people
};

// Checks every setting and makes the Config of them, all but the secrets, loops and limits, which
// depend on the process. An error has one line for each thing that is wrong: where it was said,
// what is wrong and what would be right.
class Validator {
 public:
  explicit Validator(const Settings& settings)
      : origins_(settings.origins), config_(settings.values) {}

  absl::StatusOr<Config> Run() {
    for (const Setting& setting : AllSettings()) {
      const std::string problem = RangeProblem(setting, config_);
      if (!problem.empty()) Complain(setting.name, problem);
    }
    CheckTls();
    CheckUpstream();
    CheckProxy();
    CheckAuthHeader();
    CheckAllowList();
    if (!problems_.empty()) return absl::InvalidArgumentError(absl::StrJoin(problems_, "\n"));
    return std::move(config_);
  }

 private:
  void CheckTls() {
    if (config_.tls_cert_file.empty() != config_.tls_key_file.empty()) {
      const bool no_key = config_.tls_key_file.empty();
      Complain(no_key ? "tls_cert_file" : "tls_key_file",
               absl::StrCat("is given without ", no_key ? "tls_key_file" : "tls_cert_file",
                            "; give both, or neither for plain text"));
    }
    if (config_.tls_cert_file.empty()) return;
    const absl::StatusOr<CertificateChain> chain = ReadCertificateChain(config_.tls_cert_file);
    if (!IsGoodFile("tls_cert_file", config_.tls_cert_file, chain.status())) return;
    const std::string problem = ValidityProblem(*chain, absl::Now());
    if (!problem.empty()) {
      Warn("tls_cert_file", absl::StrCat(config_.tls_cert_file, ": the certificate ", problem,
                                         "; callers refuse it"));
    }
    if (config_.tls_key_file.empty()) return;
    IsGoodFile("tls_key_file", config_.tls_key_file,
               ReadPrivateKey(config_.tls_key_file, *chain).status());
  }

  void CheckUpstream() {
    std::string& url = config_.upstream_url;
    CheckUrl("upstream_url", url, ParseUpstreamUrl(url).status());
    while (!url.empty() && url.back() == '/') url.pop_back();
    if (IsPlainRemote(url)) {
      Warn("upstream_url",
           "plain http to another machine: the key and all prompts can be read on the way");
    }
    if (!config_.ca_file.empty()) {
      IsGoodFile("ca_file", config_.ca_file, CheckCertificates(config_.ca_file));
    }
    const std::string& field = config_.reasoning_field;
    if (field != "reasoning_content" && field != "reasoning") {
      Complain("reasoning_field",
               absl::StrCat("\"", field.substr(0, 40),
                            "\" is unknown; give reasoning_content or reasoning"));
    }
  }

  // The file with user and password is read with the other secrets (load.cc).
  void CheckProxy() {
    const std::string& proxy = config_.upstream_proxy;
    if (!proxy.empty()) CheckUrl("upstream_proxy", proxy, ParseProxyUrl(proxy).status());
    if (config_.upstream_proxy_auth_file.empty()) return;
    if (proxy.empty()) {
      return Complain("upstream_proxy_auth_file",
                      "is given without upstream_proxy; give both, or neither for no proxy");
    }
    if (IsPlainRemote(proxy)) {
      Warn(
          "upstream_proxy",
          "plain http to a proxy on another machine: its user and password can be read on the way");
    }
  }

  void CheckAuthHeader() {
    std::string& name = config_.upstream_auth_header;
    name = absl::AsciiStrToLower(name);
    if (name == "authorization") return;
    const std::string problem = CallerHeaderProblem(name);
    if (!problem.empty()) Complain("upstream_auth_header", problem);
  }

  void CheckAllowList() {
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

  bool IsGoodFile(const char* name, const std::string& path, const absl::Status& status) {
    if (!status.ok()) {
      Complain(name, absl::StrCat(path, ": ", std::string(status.message()),
                                  "; give a readable PEM file"));
    }
    return status.ok();
  }

  void CheckUrl(const char* name, const std::string& url, const absl::Status& status) {
    if (status.ok()) return;
    Complain(name, absl::StrCat("\"", PrintableUrl(url), "\" ", status.message()));
  }

  std::string Where(const std::string& name) const {
    const auto found = origins_.find(name);
    return found == origins_.end() ? name : found->second;
  }

  void Complain(const char* name, const std::string& what) {
    problems_.push_back(absl::StrCat(Where(name), ": ", what));
  }
  void Warn(const char* name, const std::string& what) {
    config_.warnings.push_back(absl::StrCat(Where(name), ": ", what));
  }

  const std::map<std::string, std::string>& origins_;
  Config config_;
  std::vector<std::string> problems_;
};

absl::StatusOr<Layers> ReadLayers(CommandLine line) {
  Layers layers;
  if (!line.config_file.empty()) {
    absl::StatusOr<Settings> file = ReadConfigFile(line.config_file);
    if (!file.ok()) return file.status();
    layers.file = *std::move(file);
  }
  layers.flags = std::move(line.settings);
  layers.all = DefaultSettings();
  Overlay(layers.file, &layers.all);
  Overlay(layers.flags, &layers.all);
  return layers;
}

absl::StatusOr<Key> KeyOfFile(const std::string& path, std::vector<std::string>* warnings) {
  absl::StatusOr<Secret> secret = ReadKeyFile(path, warnings);
  if (!secret.ok()) return secret.status();
  return Key{*std::move(secret), absl::StrCat("redacted, from ", path)};
}

absl::StatusOr<Key> KeyOfEnvironment(const char* value) {
  absl::StatusOr<Secret> secret = CheckKey(value, kKeyVariable);
  if (!secret.ok()) return secret.status();
  return Key{*std::move(secret), absl::StrCat("redacted, from ", kKeyVariable)};
}

absl::Status Contradiction(const Config& layer) {
  if (!layer.no_api_key || layer.api_key_file.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "no_api_key and api_key_file are both given; give the one that is meant");
}

// Flags first, then `no_api_key` of the file: a variable that happens to be set must not send a key
// to an upstream that is configured to get none. Then environment, then file.
absl::StatusOr<Key> ChooseKey(const Layers& layers, std::vector<std::string>* warnings) {
  for (const Settings* layer : {&layers.flags, &layers.file}) {
    if (absl::Status status = Contradiction(layer->values); !status.ok()) return status;
  }
  const std::string& flag = layers.flags.values.api_key_file;
  if (!flag.empty()) return KeyOfFile(flag, warnings);
  if (layers.all.values.no_api_key) return Key{Secret(), "none is sent (no_api_key)"};
  const char* variable = std::getenv(kKeyVariable);
  if (variable != nullptr && *variable != '\0') return KeyOfEnvironment(variable);
  const std::string& file = layers.file.values.api_key_file;
  if (!file.empty()) return KeyOfFile(file, warnings);
  return absl::InvalidArgumentError(absl::StrCat(
      "there is no API key for the upstream; set ", kKeyVariable,
      " in the environment or --api_key_file=FILE, or --no_api_key if the upstream wants none"));
}

absl::Status ReadProxyAuth(const Layers& layers, Config* config) {
  const std::string& path = layers.all.values.upstream_proxy_auth_file;
  // Without a proxy it is an error that Validate has told.
  if (path.empty() || layers.all.values.upstream_proxy.empty()) return absl::OkStatus();
  absl::StatusOr<ProxyAuth> auth = ReadProxyAuthFile(path, &config->warnings);
  if (!auth.ok()) return auth.status();
  config->proxy_auth = *std::move(auth);
  return absl::OkStatus();
}

// A fixed header is not the callers': its name leaves the allow-list. That is worth a warning if
// somebody wrote the list.
void TakeFromAllowList(const Layers& layers, Config* config) {
  std::vector<std::string>* allowed = &config->header_allow_list;
  for (const auto& [name, value] : config->upstream_headers) {
    const auto found = std::find(allowed->begin(), allowed->end(), name);
    if (found == allowed->end()) continue;
    allowed->erase(found);
    const auto origin = layers.all.origins.find("header_allow_list");
    if (origin == layers.all.origins.end()) continue;
    config->warnings.push_back(absl::StrCat(origin->second, ": \"", name,
                                            "\" is in --upstream_header_file too, and that value "
                                            "is sent; what callers send is not"));
  }
}

// `has_key`: the name that takes the key is not to be had.
absl::Status ReadHeaders(const Layers& layers, bool has_key, Config* config) {
  const std::string& path = layers.all.values.upstream_header_file;
  if (path.empty()) return absl::OkStatus();
  const std::string key_header =
      has_key ? absl::AsciiStrToLower(layers.all.values.upstream_auth_header) : "";
  absl::StatusOr<FixedHeaders> headers = ReadHeaderFile(path, key_header, &config->warnings);
  if (!headers.ok()) return headers.status();
  config->upstream_headers = *std::move(headers);
  TakeFromAllowList(layers, config);
  return absl::OkStatus();
}

// What depends on the process.
absl::Status FitProcess(Config* config) {
  if (config->loops == 0) config->loops = AutomaticLoops();
  absl::StatusOr<Limits> limits =
      FitLimits(config->max_calls, config->max_connections, RaiseDescriptorLimit());
  if (!limits.ok()) return limits.status();
  config->max_calls = limits->max_calls;
  config->max_connections = limits->max_connections;
  return absl::OkStatus();
}

absl::StatusOr<Start> Load(CommandLine line) {
  const bool check = line.action == CommandLine::Action::kCheckConfig;
  absl::StatusOr<Layers> layers = ReadLayers(std::move(line));
  if (!layers.ok()) return layers.status();
  std::vector<std::string> problems;
  const auto note = [&problems](const absl::Status& status) {
    if (!status.ok()) problems.emplace_back(status.message());
  };
  absl::StatusOr<Config> config = Validator(layers->all).Run();
  note(config.status());
  if (!config.ok()) config = Config();  // for what the rest has to say
  absl::StatusOr<Key> key = ChooseKey(*layers, &config->warnings);
  note(key.status());
  note(ReadProxyAuth(*layers, &*config));
  note(ReadHeaders(*layers, !key.ok() || !key->secret.empty(), &*config));
  if (!problems.empty()) return absl::InvalidArgumentError(absl::StrJoin(problems, "\n"));

  if (absl::Status status = FitProcess(&*config); !status.ok()) return status;
  config->api_key = std::move(key->secret);
  if (check) return Start{std::nullopt, EffectiveText(layers->all, *config, key->origin)};
  return Start{*std::move(config), ""};
}

}  // namespace

absl::StatusOr<Start> LoadConfig(int argc, char** argv) {
  absl::StatusOr<CommandLine> line = ReadCommandLine(argc, argv);
  if (!line.ok()) return line.status();
  if (line->action == CommandLine::Action::kHelp) return Start{std::nullopt, HelpText()};
  if (line->action == CommandLine::Action::kVersion) return Start{std::nullopt, VersionText()};
  return Load(*std::move(line));
}

}  // namespace sparkgate::config
