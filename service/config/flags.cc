#include "service/config/flags.h"

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "absl/flags/parse.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "service/config/api_key.h"
#include "service/config/arguments.h"
#include "service/config/config_file.h"
#include "service/config/cores.h"
#include "service/config/flag_definitions.h"
#include "service/config/header_file.h"
#include "service/config/limits.h"
#include "service/config/proxy_auth.h"
#include "service/config/report.h"
#include "service/config/settings.h"
#include "service/config/validate.h"
#include "service/config/version.h"

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

absl::StatusOr<Layers> ReadLayers() {
  Layers layers;
  if (const std::string path = ConfigFileFlag(); !path.empty()) {
    absl::StatusOr<Settings> file = ReadConfigFile(path);
    if (!file.ok()) return file.status();
    layers.file = *std::move(file);
  }
  absl::StatusOr<Settings> flags = FlagSettings();
  if (!flags.ok()) return flags.status();
  layers.flags = *std::move(flags);
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

absl::Status Contradiction(const v1::Config& layer) {
  if (!layer.no_api_key() || layer.api_key_file().empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "no_api_key and api_key_file are both given; give the one that is meant");
}

// Flags first, then `no_api_key` of the file: a variable that happens to be set must not send a key
// to an upstream that is configured to get none. Then environment, then file.
absl::StatusOr<Key> ChooseKey(const Layers& layers, std::vector<std::string>* warnings) {
  for (const Settings* layer : {&layers.flags, &layers.file}) {
    if (absl::Status status = Contradiction(layer->values); !status.ok()) return status;
  }
  const std::string& flag = layers.flags.values.api_key_file();
  if (!flag.empty()) return KeyOfFile(flag, warnings);
  if (layers.all.values.no_api_key()) return Key{Secret(), "none is sent (no_api_key)"};
  const char* variable = std::getenv(kKeyVariable);
  if (variable != nullptr && *variable != '\0') return KeyOfEnvironment(variable);
  const std::string& file = layers.file.values.api_key_file();
  if (!file.empty()) return KeyOfFile(file, warnings);
  return absl::InvalidArgumentError(absl::StrCat(
      "there is no API key for the upstream; set ", kKeyVariable,
      " in the environment or --api_key_file=FILE, or --no_api_key if the upstream wants none"));
}

absl::Status ReadProxyAuth(const Layers& layers, Config* config) {
  const std::string& path = layers.all.values.upstream_proxy_auth_file();
  // Without a proxy it is an error that Validate has told.
  if (path.empty() || layers.all.values.upstream_proxy().empty()) return absl::OkStatus();
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
  const std::string& path = layers.all.values.upstream_header_file();
  if (path.empty()) return absl::OkStatus();
  const std::string key_header =
      has_key ? absl::AsciiStrToLower(layers.all.values.upstream_auth_header()) : "";
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

absl::StatusOr<Start> Load() {
  absl::StatusOr<Layers> layers = ReadLayers();
  if (!layers.ok()) return layers.status();
  std::vector<std::string> problems;
  const auto note = [&problems](const absl::Status& status) {
    if (!status.ok()) problems.emplace_back(status.message());
  };
  absl::StatusOr<Config> config = Validate(layers->all);
  note(config.status());
  if (!config.ok()) config = Config();  // for what the rest has to say
  absl::StatusOr<Key> key = ChooseKey(*layers, &config->warnings);
  note(key.status());
  note(ReadProxyAuth(*layers, &*config));
  note(ReadHeaders(*layers, !key.ok() || !key->secret.empty(), &*config));
  if (!problems.empty()) return absl::InvalidArgumentError(absl::StrJoin(problems, "\n"));

  if (absl::Status status = FitProcess(&*config); !status.ok()) return status;
  config->api_key = std::move(key->secret);
  if (CheckConfigFlag())
    return Start{std::nullopt, EffectiveText(layers->all, *config, key->origin)};
  return Start{*std::move(config), ""};
}

}  // namespace

absl::StatusOr<Start> LoadConfig(int argc, char** argv) {
  const absl::StatusOr<Endpoint> asked = CheckArguments(argc, argv);
  if (!asked.ok()) return asked.status();
  if (*asked == Endpoint::kHelp) return Start{std::nullopt, HelpText()};
  if (*asked == Endpoint::kVersion) return Start{std::nullopt, VersionText()};
  if (absl::ParseCommandLine(argc, argv).size() > 1) {
    return absl::InvalidArgumentError("arguments after -- have no meaning; give flags");
  }
  return Load();
}

}  // namespace sparkgate::config
