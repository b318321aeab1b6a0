#include "service/config/report.h"

#include <string_view>
#include <vector>

#include "absl/base/config.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "curl/curlver.h"
#include "google/protobuf/stubs/common.h"
#include "grpcpp/version_info.h"
#include "nlohmann/detail/abi_macros.hpp"
#include "openssl/opensslv.h"

namespace sparkgate::config {
namespace {

constexpr char kIntroduction[] =
    ": a gRPC service in front of the Fireworks chat-completions API\n"
    "\n"
    "Usage: sparkgate [--flag=value]...\n"
    "\n"
    "The upstream's API key is read from FIREWORKS_API_KEY of the environment or from "
    "--api_key_file.\n"
    "A flag wins over the environment, that over the --config file, that over the default shown.\n"
    "Durations have a unit (250ms, 5s, 10m), sizes may have one (256KiB, 1MiB); --noswitch turns a "
    "switch off.\n";

void AppendWrapped(std::string_view text, std::string* out) {
  constexpr size_t kWidth = 100;
  std::string line = "     ";
  const std::vector<std::string> words =
      absl::StrSplit(absl::string_view(text.data(), text.size()), ' ');
  for (const std::string& word : words) {
    if (line.size() + 1 + word.size() > kWidth) {
      absl::StrAppend(out, line, "\n");
      line = "     ";
    }
    absl::StrAppend(&line, " ", word);
  }
  absl::StrAppend(out, line, "\n");
}

std::string Quoted(const std::string& text) {
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
}

// A value as it is written in a file.
std::string FileText(const Setting& setting, const Config& config) {
  const std::string text = TextOf(setting, config);
  if (setting.Is<List>()) return absl::StrCat("[", text, "]");
  const bool plain =
      setting.Is<Switch>() || setting.Is<Count>() || setting.Is<Size>() || setting.Is<Time>();
  return plain ? text : Quoted(text);
}

// Of the files with secrets, except the key's: names, but no values.
void AppendSecretFiles(const Config& config, std::string* out) {
  if (!config.proxy_auth.user.empty()) {
    absl::StrAppend(out, "# proxy's user and password: redacted, from ",
                    config.upstream_proxy_auth_file, "\n");
  }
  if (config.upstream_headers.empty()) return;
  std::vector<std::string> names;
  for (const auto& [name, value] : config.upstream_headers) names.push_back(name);
  absl::StrAppend(out, "# headers of every upstream request: ", absl::StrJoin(names, ", "),
                  "; values redacted, from ", config.upstream_header_file, "\n");
}

}  // namespace

std::string VersionText() {
  return absl::StrCat("sparkgate ", kVersion, "\nbuilt with gRPC ", GRPC_CPP_VERSION_STRING,
                      ", protobuf ",
                      google::protobuf::internal::VersionString(GOOGLE_PROTOBUF_VERSION),
                      ", libcurl ", LIBCURL_VERSION, ", ", OPENSSL_VERSION_TEXT, ", nlohmann/json ",
                      NLOHMANN_JSON_VERSION_MAJOR, ".", NLOHMANN_JSON_VERSION_MINOR, ".",
                      NLOHMANN_JSON_VERSION_PATCH, ", Abseil ", ABSL_LTS_RELEASE_VERSION, "\n");
}

std::string HelpText() {
  std::string text = absl::StrCat("sparkgate ", kVersion, kIntroduction);
  for (const Setting& setting : SettingsTable()) {
    absl::StrAppend(&text, "\n  --", setting.name, "=", setting.default_text, "\n");
    AppendWrapped(setting.help, &text);
  }
  absl::StrAppend(&text, "\n  --version\n");
  AppendWrapped("Print the versions of this program and of its libraries, and exit.", &text);
  return text;
}

std::string EffectiveText(const GivenSettings& given, const Config& config,
                          const std::string& key_origin) {
  std::string text = absl::StrCat("# sparkgate ", kVersion, ": the configuration is valid\n",
                                  "# API key: ", key_origin, "\n");
  AppendSecretFiles(config, &text);
  absl::StrAppend(&text, "# in effect: loops ", config.loops, ", max_calls ", config.max_calls,
                  ", max_connections ", config.max_connections, "\n");
  for (const std::string& warning : config.warnings) {
    absl::StrAppend(&text, "# warning: ", warning, "\n");
  }
  Config as_given;  // `config` has numbers instead of "automatic"
  for (const Setting& setting : SettingsTable()) {
    if (!setting.in_file) continue;
    Set(setting, TextFor(setting, given), &as_given).IgnoreError();  // validated
    const auto found = given.find(setting.name);
    absl::StrAppend(&text, setting.name, ": ", FileText(setting, as_given), "  # ",
                    found == given.end() ? "default" : found->second.origin, "\n");
  }
  return text;
}

}  // namespace sparkgate::config
