#include "service/config/sources.h"

#include <unistd.h>

#include <fstream>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "service/config/secrets.h"
#include "yaml-cpp/yaml.h"

namespace sparkgate::config {
namespace {

absl::Status Unknown(std::string_view name) {
  std::vector<std::string> names = SettingNames();
  names.insert(names.end(), {"config", "check_config", "version", "help"});
  return absl::InvalidArgumentError(absl::StrCat("--", std::string(name), ": there is no such flag",
                                                 DidYouMean(name, names, "--"),
                                                 " (--help lists all)"));
}

// "true" or "false"; nothing if it is neither.
std::optional<std::string> SwitchValue(const std::string& text) {
  const std::string lower = absl::AsciiStrToLower(text);
  for (std::string_view yes : {"true", "t", "yes", "y", "1"}) {
    if (lower == yes) return "true";
  }
  for (std::string_view no : {"false", "f", "no", "n", "0"}) {
    if (lower == no) return "false";
  }
  return std::nullopt;
}

class CommandLineReader {
 public:
  CommandLineReader(int argc, const char* const* argv) : argc_(argc), argv_(argv) {}

  absl::StatusOr<CommandLine> Read() {
    using Action = CommandLine::Action;
    for (i_ = 1; i_ < argc_; ++i_) {
      const std::string_view text = argv_[i_];
      if (text == "--" && i_ + 1 == argc_) break;
      if (text == "--") {
        return absl::InvalidArgumentError("arguments after -- have no meaning; give flags");
      }
      if (text == "-h" || text == "-help" || text == "--help") return Only(Action::kHelp);
      if (text == "-version" || text == "--version") return Only(Action::kVersion);
      if (text.size() < 2 || text[0] != '-') {
        return absl::InvalidArgumentError(
            absl::StrCat("argument ", i_, ": is no flag; give --name=value"));
      }
      const absl::Status status = ReadFlag(text.substr(text.substr(0, 2) == "--" ? 2 : 1));
      if (!status.ok()) return status;
    }
    if (!problems_.empty()) return absl::InvalidArgumentError(absl::StrJoin(problems_, "\n"));
    return std::move(line_);
  }

 private:
  static CommandLine Only(CommandLine::Action action) {
    CommandLine line;
    line.action = action;
    return line;
  }

  static bool IsSwitch(std::string_view name) {
    if (name == "check_config") return true;
    const Setting* setting = FindSetting(name);
    return setting != nullptr && std::holds_alternative<bool Config::*>(setting->member);
  }
  static bool IsKnown(std::string_view name) {
    return name == "config" || name == "check_config" || FindSetting(name) != nullptr;
  }

  // `argument` is without its hyphens.
  absl::Status ReadFlag(std::string_view argument) {
    const size_t equals = argument.find('=');
    const bool has_value = equals != std::string_view::npos;
    const std::string name(argument.substr(0, equals));
    std::string value(has_value ? argument.substr(equals + 1) : "");
    if (!IsKnown(name)) {
      const bool negated = !has_value && name.compare(0, 2, "no") == 0 && IsSwitch(name.substr(2));
      if (!negated) return Unknown(name.substr(0, 64));
      return Set(name.substr(2), "false");
    }
    if (IsSwitch(name)) {
      const std::optional<std::string> on = has_value ? SwitchValue(value) : "true";
      if (on) return Set(name, *on);
      return absl::InvalidArgumentError(absl::StrCat("--", name, ": \"", value.substr(0, 64),
                                                     "\" is not a switch; give true or false"));
    }
    if (has_value) return Set(name, value);
    if (++i_ < argc_) return Set(name, argv_[i_]);
    return absl::InvalidArgumentError(
        absl::StrCat("--", name, ": has no value; give --", name, "=VALUE"));
  }

  absl::Status Set(const std::string& name, const std::string& value) {
    if (name == "config") {
      line_.config_file = value;
    } else if (name == "check_config") {
      line_.action =
          value == "true" ? CommandLine::Action::kCheckConfig : CommandLine::Action::kRun;
    } else {
      line_.settings.origins[name] = "--" + name;
      const absl::Status status = ReadValue(*FindSetting(name), value, &line_.settings.values);
      if (!status.ok()) problems_.push_back(absl::StrCat("--", name, ": ", status.message()));
    }
    return absl::OkStatus();
  }

  const int argc_;
  const char* const* const argv_;
  int i_ = 0;
  CommandLine line_;
  std::vector<std::string> problems_;
};

constexpr size_t kMostBytes = 1 << 20;

class FileReader {
 public:
  explicit FileReader(const std::string& path) : path_(path) {}

  absl::StatusOr<Settings> Read(const std::string& text) {
    try {
      ReadDocuments(YAML::LoadAll(text));
    } catch (const YAML::Exception& error) {
      Complain(error.mark, absl::StrCat("is neither YAML nor JSON here: ", error.msg));
    }
    if (!problems_.empty()) return absl::InvalidArgumentError(absl::StrJoin(problems_, "\n"));
    return std::move(settings_);
  }

 private:
  void ReadDocuments(const std::vector<YAML::Node>& documents) {
    if (documents.empty()) return;
    if (documents.size() > 1) Complain(documents[1].Mark(), "begins a second document; give one");
    const YAML::Node& root = documents[0];
    if (root.IsNull()) return;
    if (!root.IsMap()) return Complain(root.Mark(), "is no mapping; give lines such as loops: 2");
    for (const auto& entry : root) ReadEntry(entry.first, entry.second);
  }

  void ReadEntry(const YAML::Node& key, const YAML::Node& value) {
    if (!key.IsScalar()) return Complain(key.Mark(), "has a key that is no word");
    const std::string& name = key.Scalar();
    const Setting* const setting = FindSetting(name);
    if (setting == nullptr) {
      return Complain(key.Mark(), absl::StrCat("unknown key \"", name.substr(0, 64), "\"",
                                               DidYouMean(name, SettingNames(), "")));
    }
    if (settings_.origins.count(name) > 0) {
      return Complain(key.Mark(), absl::StrCat(name, " stands there twice"));
    }
    settings_.origins[name] = absl::StrCat(Place(key.Mark()), name);
    const absl::Status status = ReadNode(*setting, value);
    if (!status.ok()) {
      Complain(value.IsNull() ? key.Mark() : value.Mark(),
               absl::StrCat(name, ": ", status.message()));
    }
  }

  absl::Status ReadNode(const Setting& setting, const YAML::Node& value) {
    if (value.IsNull()) return absl::InvalidArgumentError("has no value");
    if (const auto* list = std::get_if<std::vector<std::string> Config::*>(&setting.member)) {
      return ReadList(value, &(settings_.values.**list));
    }
    if (!value.IsScalar()) {
      return absl::InvalidArgumentError("is a list or a mapping; give one value");
    }
    const bool quoted = value.Tag() == "!";
    const bool plain = std::holds_alternative<bool Config::*>(setting.member) ||
                       std::holds_alternative<int Config::*>(setting.member);
    if (quoted && plain) return absl::InvalidArgumentError("is text in quotes; leave them out");
    return ReadValue(setting, value.Scalar(), &settings_.values);
  }

  static absl::Status ReadList(const YAML::Node& value, std::vector<std::string>* list) {
    if (!value.IsSequence()) return absl::InvalidArgumentError("is no list; give [name, name]");
    for (const YAML::Node& element : value) {
      if (!element.IsScalar()) return absl::InvalidArgumentError("has an element that is no text");
      list->push_back(element.Scalar());
    }
    return absl::OkStatus();
  }

  std::string Place(const YAML::Mark& mark) const {
    if (mark.is_null()) return absl::StrCat(path_, ": ");
    return absl::StrCat(path_, ":", mark.line + 1, ": ");
  }

  void Complain(const YAML::Mark& mark, const std::string& what) {
    problems_.push_back(Place(mark) + what);
  }

  const std::string path_;
  Settings settings_;
  std::vector<std::string> problems_;
};

}  // namespace

absl::StatusOr<CommandLine> ReadCommandLine(int argc, const char* const* argv) {
  return CommandLineReader(argc, argv).Read();
}

absl::StatusOr<Settings> ParseConfigText(const std::string& text, const std::string& path) {
  return FileReader(path).Read(text);
}

absl::StatusOr<Settings> ReadConfigFile(const std::string& path) {
  const absl::StatusOr<int> fd = OpenRegularFile(path);
  if (fd.ok()) close(*fd);
  std::ifstream file;
  if (fd.ok()) file.open(path, std::ios::binary);
  std::string text(kMostBytes + 1, '\0');
  file.read(text.data(), text.size());
  if (!file.is_open() || file.bad() || (file.fail() && !file.eof())) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--config=", path, ": cannot be read; give a file of settings in YAML or JSON"));
  }
  text.resize(file.gcount());
  if (text.size() > kMostBytes) {
    return absl::InvalidArgumentError(absl::StrCat("--config=", path, ": is over 1 MiB"));
  }
  return ParseConfigText(text, path);
}

}  // namespace sparkgate::config
