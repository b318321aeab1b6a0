#include "service/config/arguments.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/reflection.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "service/config/nearest.h"
#include "service/config/settings.h"

namespace sparkgate::config {
namespace {

struct Argument {
  std::string name;
  std::string value;
  bool has_value = false;
};

// `--name`, `-name`, `--name=value`.
Argument Split(std::string_view text) {
  text.remove_prefix(text.substr(0, 2) == "--" ? 2 : 1);
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos) return {std::string(text), "", false};
  return {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)), true};
}

const absl::CommandLineFlag* Find(const Argument& argument) {
  if (const auto* flag = absl::FindCommandLineFlag(argument.name)) return flag;
  // A switch can be given as --noswitch.
  if (argument.has_value || argument.name.compare(0, 2, "no") != 0) return nullptr;
  const auto* flag = absl::FindCommandLineFlag(argument.name.substr(2));
  return flag != nullptr && flag->IsOfType<bool>() ? flag : nullptr;
}

absl::Status Unknown(const std::string& name) {
  std::vector<std::string> names = SettingNames();
  names.insert(names.end(), {"config", "check_config", "version", "help"});
  return absl::InvalidArgumentError(absl::StrCat(
      "--", name, ": there is no such flag", DidYouMean(name, names, "--"), " (--help lists all)"));
}

bool IsSwitchValue(const std::string& value) {
  const std::string lower = absl::AsciiStrToLower(value);
  for (std::string_view right : {"true", "t", "yes", "y", "1", "false", "f", "no", "n", "0"}) {
    if (lower == right) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<Endpoint> CheckArguments(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view text = argv[i];
    if (text == "--") break;
    if (text == "-h" || text == "-help" || text == "--help") return Endpoint::kHelp;
    if (text == "-version" || text == "--version") return Endpoint::kVersion;
    if (text.size() < 2 || text[0] != '-') {
      return absl::InvalidArgumentError(
          absl::StrCat("argument ", i, ": is no flag; give --name=value"));
    }
    const Argument argument = Split(text);
    const absl::CommandLineFlag* flag = Find(argument);
    if (flag == nullptr) return Unknown(argument.name.substr(0, 64));
    if (flag->IsOfType<bool>()) {
      if (argument.has_value && !IsSwitchValue(argument.value)) {
        return absl::InvalidArgumentError(absl::StrCat("--", argument.name, ": \"",
                                                       argument.value.substr(0, 64),
                                                       "\" is not a switch; give true or false"));
      }
    } else if (!argument.has_value && ++i >= argc) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", argument.name, ": has no value; give --", argument.name, "=VALUE"));
    }
  }
  return Endpoint::kRun;
}

}  // namespace sparkgate::config
