#include "service/config/load.h"

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "service/config/process_limits.h"
#include "service/config/report.h"
#include "service/config/settings.h"
#include "service/config/sources.h"
#include "service/config/validate.h"

namespace sparkgate::config {
namespace {

constexpr char kKeyVariable[] = "FIREWORKS_API_KEY";

struct Layers {
  GivenSettings file;
  GivenSettings flags;
  GivenSettings all;
};

struct Key {
  Secret secret;
  std::string origin;  // for --check_config
};

std::string TextIn(const GivenSettings& layer, const std::string& name) {
  const auto found = layer.find(name);
  return found == layer.end() ? "" : found->second.text;
}

absl::StatusOr<Layers> MakeLayers(GivenSettings flags) {
  Layers layers;
  if (const std::string path = TextIn(flags, "config"); !path.empty()) {
    absl::StatusOr<GivenSettings> file = ReadConfigFile(path);
    if (!file.ok()) return file.status();
    layers.file = *std::move(file);
  }
  layers.all = flags;
  layers.all.insert(layers.file.begin(), layers.file.end());  // only what no flag gives
  layers.flags = std::move(flags);
  return layers;
}

absl::StatusOr<Key> MakeKey(absl::StatusOr<Secret> secret, const std::string& source) {
  if (!secret.ok()) return secret.status();
  return Key{*std::move(secret), absl::StrCat("redacted, from ", source)};
}

// Flags first, then `no_api_key` of the file: a variable that happens to be set must not send a key
// to an upstream that is configured to get none. Then environment, then file.
absl::StatusOr<Key> ChooseKey(const Layers& layers, Config* config) {
  const std::string flag = TextIn(layers.flags, "api_key_file");
  const std::string file = TextIn(layers.file, "api_key_file");
  const auto denies = [](const GivenSettings& layer) {
    return TextIn(layer, "no_api_key") == "true";
  };
  if ((!flag.empty() && denies(layers.flags)) || (!file.empty() && denies(layers.file))) {
    return absl::InvalidArgumentError(
        "no_api_key and api_key_file are both given; give the one that is meant");
  }
  if (!flag.empty()) return MakeKey(ReadKeyFile(flag, &config->warnings), flag);
  if (config->no_api_key) return Key{Secret(), "none is sent (no_api_key)"};
  const char* variable = std::getenv(kKeyVariable);
  if (variable != nullptr && *variable != '\0') {
    return MakeKey(CheckKey(variable, kKeyVariable), kKeyVariable);
  }
  if (!file.empty()) return MakeKey(ReadKeyFile(file, &config->warnings), file);
  return absl::InvalidArgumentError(absl::StrCat(
      "there is no API key for the upstream; set ", kKeyVariable,
      " in the environment or --api_key_file=FILE, or --no_api_key if the upstream wants none"));
}

absl::Status ReadProxyAuth(Config* config) {
  const std::string& path = config->upstream_proxy_auth_file;
  // Without a proxy it is an error that Validate has found.
  if (path.empty() || config->upstream_proxy.empty()) return absl::OkStatus();
  absl::StatusOr<ProxyAuth> auth = ReadProxyAuthFile(path, &config->warnings);
  if (!auth.ok()) return auth.status();
  config->proxy_auth = *std::move(auth);
  return absl::OkStatus();
}

// A fixed header is not for callers to set: its name leaves the allow list. That is worth a warning
// if the list is not the default.
void TakeFromAllowList(const GivenSettings& given, Config* config) {
  std::vector<std::string>* allowed = &config->header_allow_list;
  for (const auto& [name, value] : config->upstream_headers) {
    const auto found = std::find(allowed->begin(), allowed->end(), name);
    if (found == allowed->end()) continue;
    allowed->erase(found);
    const auto list = given.find("header_allow_list");
    if (list == given.end()) continue;
    config->warnings.push_back(absl::StrCat(list->second.origin, ": \"", name,
                                            "\" is in --upstream_header_file too, and that value "
                                            "is sent; what callers send is not"));
  }
}

// With a key, the header that takes it must not be in the file.
absl::Status ReadHeaders(const GivenSettings& given, bool has_key, Config* config) {
  if (config->upstream_header_file.empty()) return absl::OkStatus();
  absl::StatusOr<FixedHeaders> headers = ReadHeaderFile(
      config->upstream_header_file, has_key ? config->upstream_auth_header : "", &config->warnings);
  if (!headers.ok()) return headers.status();
  config->upstream_headers = *std::move(headers);
  TakeFromAllowList(given, config);
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

absl::StatusOr<Start> Load(GivenSettings flags) {
  absl::StatusOr<Layers> layers = MakeLayers(std::move(flags));
  if (!layers.ok()) return layers.status();
  Config config;
  std::vector<std::string> problems = Validate(layers->all, &config);
  const auto note = [&problems](const absl::Status& status) {
    if (!status.ok()) problems.emplace_back(status.message());
  };
  absl::StatusOr<Key> key = ChooseKey(*layers, &config);
  note(key.status());
  note(ReadProxyAuth(&config));
  note(ReadHeaders(layers->all, !key.ok() || !key->secret.empty(), &config));
  if (!problems.empty()) return absl::InvalidArgumentError(absl::StrJoin(problems, "\n"));

  if (absl::Status status = FitProcess(&config); !status.ok()) return status;
  config.api_key = std::move(key->secret);
  if (config.check_config) {
    return Start{std::nullopt, EffectiveText(layers->all, config, key->origin)};
  }
  return Start{std::move(config), ""};
}

}  // namespace

absl::StatusOr<Start> LoadConfig(int argc, const char* const* argv) {
  absl::StatusOr<CommandLine> line = ParseCommandLine(argc, argv);
  if (!line.ok()) return line.status();
  if (line->request == CommandLine::Request::kHelp) return Start{std::nullopt, HelpText()};
  if (line->request == CommandLine::Request::kVersion) return Start{std::nullopt, VersionText()};
  return Load(std::move(line->settings));
}

}  // namespace sparkgate::config
