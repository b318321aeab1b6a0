#include "service/config/report.h"

#include <string_view>
#include <vector>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/reflection.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/descriptor.h"
#include "service/config/url.h"
#include "service/config/version.h"

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

void AppendFlag(const std::string& name, std::string* out) {
  const absl::CommandLineFlag* flag = absl::FindCommandLineFlag(name);
  absl::StrAppend(out, "\n  --", name, "=", flag->DefaultValue(), "\n");
  AppendWrapped(flag->Help(), out);
}

std::string Quoted(const std::string& text) {
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
}

// One value as the file has it.
std::string FileText(const v1::Config& values, const std::string& name) {
  if (name == "upstream_proxy") return Quoted(PrintableUrl(values.upstream_proxy()));
  if (name == "header_allow_list") return absl::StrCat("[", TextOf(values, name), "]");
  const auto* field = v1::Config::descriptor()->FindFieldByName(name);
  const bool text = field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_STRING;
  return text ? Quoted(TextOf(values, name)) : TextOf(values, name);
}

// The files with secrets beside the key's: names, no values.
void AppendSecretFiles(const v1::Config& values, const Config& config, std::string* out) {
  if (!config.proxy_auth.user.empty()) {
    absl::StrAppend(out, "# proxy's user and password: redacted, from ",
                    values.upstream_proxy_auth_file(), "\n");
  }
  if (config.upstream_headers.empty()) return;
  std::vector<std::string> names;
  for (const auto& [name, value] : config.upstream_headers) names.push_back(name);
  absl::StrAppend(out, "# headers of every upstream request: ", absl::StrJoin(names, ", "),
                  "; values redacted, from ", values.upstream_header_file(), "\n");
}

std::string OriginOf(const Settings& settings, const std::string& name) {
  const auto found = settings.origins.find(name);
  return found == settings.origins.end() ? "default" : found->second;
}

}  // namespace

std::string HelpText() {
  std::string text = absl::StrCat("sparkgate ", kVersion, kIntroduction);
  AppendFlag("config", &text);
  AppendFlag("check_config", &text);
  for (const std::string& name : SettingNames()) AppendFlag(name, &text);
  absl::StrAppend(&text, "\n  --version\n");
  AppendWrapped("Print the versions of this program and of its libraries, and exit.", &text);
  return text;
}

std::string EffectiveText(const Settings& settings, const Config& config,
                          const std::string& key_origin) {
  std::string text = absl::StrCat("# sparkgate ", kVersion, ": the configuration is valid\n",
                                  "# API key: ", key_origin, "\n");
  AppendSecretFiles(settings.values, config, &text);
  absl::StrAppend(&text, "# in effect: loops ", config.loops, ", max_calls ", config.max_calls,
                  ", max_connections ", config.max_connections, "\n");
  for (const std::string& warning : config.warnings)
    absl::StrAppend(&text, "# warning: ", warning, "\n");
  for (const std::string& name : SettingNames()) {
    absl::StrAppend(&text, name, ": ", FileText(settings.values, name), "  # ",
                    OriginOf(settings, name), "\n");
  }
  return text;
}

}  // namespace sparkgate::config
