#include "service/config/sources.h"

#include <algorithm>
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

constexpr size_t kMostFileBytes = 1 << 20;
constexpr size_t kMostNameBytes = 64;  // of a wrong name, in messages

absl::Status Wrong(const std::string& what) { return absl::InvalidArgumentError(what); }

// OK if the text is of the setting's kind, whether or not the value is allowed: another source may
// replace it.
absl::Status CheckKind(const Setting& setting, const std::string& text) {
  Config ignored;
  const absl::Status status = Set(setting, text, &ignored);
  return absl::IsInvalidArgument(status) ? status : absl::OkStatus();
}

// A switch takes more words on the command line than in a file. "" if it is none of them.
std::string SwitchText(const std::string& value) {
  const std::string lower = absl::AsciiStrToLower(value);
  for (const char* yes : {"true", "t", "yes", "y", "1"}) {
    if (lower == yes) return "true";
  }
  for (const char* no : {"false", "f", "no", "n", "0"}) {
    if (lower == no) return "false";
  }
  return "";
}

class ArgumentReader {
 public:
  ArgumentReader(int argc, const char* const* argv)
      : arguments_(argv + std::min(argc, 1), argv + argc) {}

  absl::StatusOr<CommandLine> Read() {
    while (next_ < arguments_.size()) {
      const std::string text = arguments_[next_++];
      if (text == "--") {
        if (next_ == arguments_.size()) break;
        return Wrong("arguments after -- have no meaning; give flags");
      }
      if (text == "-h" || text == "-help" || text == "--help") return Only(Request::kHelp);
      if (text == "-version" || text == "--version") return Only(Request::kVersion);
      if (text.size() < 2 || text[0] != '-') {
        return Wrong(absl::StrCat("argument ", next_, ": is no flag; give --name=value"));
      }
      const absl::Status status = ReadFlag(text.substr(text[1] == '-' ? 2 : 1));
      if (!status.ok()) return status;
    }
    std::vector<std::string> problems;
    for (const Setting& setting : SettingsTable()) {
      const auto given = line_.settings.find(setting.name);
      if (given == line_.settings.end()) continue;
      const absl::Status status = CheckKind(setting, given->second.text);
      if (status.ok()) continue;
      problems.push_back(absl::StrCat("--", setting.name, ": ", status.message()));
    }
    if (!problems.empty()) return Wrong(absl::StrJoin(problems, "\n"));
    return std::move(line_);
  }

 private:
  using Request = CommandLine::Request;

  static CommandLine Only(Request request) { return {request, {}}; }

  // `text` is an argument without its dashes.
  absl::Status ReadFlag(const std::string& text) {
    const size_t equals = text.find('=');
    const bool has_value = equals != std::string::npos;
    const std::string name = text.substr(0, equals);
    if (const Setting* setting = FindSetting(name)) {
      if (setting->Is<Switch>())
        return ReadSwitch(name, has_value ? text.substr(equals + 1) : "true");
      if (has_value) return Take(name, text.substr(equals + 1));
      if (next_ < arguments_.size()) return Take(name, arguments_[next_++]);
      return Wrong(absl::StrCat("--", name, ": has no value; give --", name, "=VALUE"));
    }
    if (!has_value && name.compare(0, 2, "no") == 0) {
      const Setting* setting = FindSetting(name.substr(2));
      if (setting != nullptr && setting->Is<Switch>()) return Take(setting->name, "false");
    }
    return Unknown(name.substr(0, kMostNameBytes));
  }

  absl::Status ReadSwitch(const std::string& name, const std::string& value) {
    const std::string text = SwitchText(value);
    if (!text.empty()) return Take(name, text);
    return Wrong(absl::StrCat("--", name, ": \"", value.substr(0, 64),
                              "\" is not a switch; give true or false"));
  }

  absl::Status Take(const std::string& name, const std::string& text) {
    line_.settings[name] = {text, "--" + name};
    return absl::OkStatus();
  }

  static absl::Status Unknown(const std::string& name) {
    std::vector<std::string> names = SettingNames();
    names.insert(names.end(), {"config", "check_config", "version", "help"});
    return Wrong(absl::StrCat("--", name, ": there is no such flag", DidYouMean(name, names, "--"),
                              " (--help lists all)"));
  }

  const std::vector<std::string> arguments_;
  size_t next_ = 0;
  CommandLine line_;
};

class FileReader {
 public:
  explicit FileReader(const std::string& path) : path_(path) {}

  absl::StatusOr<GivenSettings> Read(const std::string& text) {
    try {
      ReadDocuments(YAML::LoadAll(text));
    } catch (const YAML::Exception& error) {
      Complain(error.mark, absl::StrCat("is neither YAML nor JSON here: ", error.msg));
    }
    if (!problems_.empty()) return Wrong(absl::StrJoin(problems_, "\n"));
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
    const Setting* setting = FindSetting(name);
    if (setting == nullptr || !setting->in_file) {
      return Complain(key.Mark(), absl::StrCat("unknown key \"", name.substr(0, kMostNameBytes),
                                               "\"", DidYouMean(name, SettingNames(), "")));
    }
    const auto [given, is_new] = settings_.try_emplace(name);
    if (!is_new) return Complain(key.Mark(), absl::StrCat(name, " stands there twice"));
    given->second.origin = absl::StrCat(Place(key.Mark()), name);
    const absl::Status status = ReadValue(*setting, value, &given->second.text);
    if (!status.ok()) {
      Complain(value.IsNull() ? key.Mark() : value.Mark(),
               absl::StrCat(name, ": ", status.message()));
    }
  }

  static absl::Status ReadValue(const Setting& setting, const YAML::Node& value,
                                std::string* text) {
    if (value.IsNull()) return Wrong("has no value");
    if (setting.Is<List>()) return ReadList(value, text);
    if (!value.IsScalar()) return Wrong("is a list or a mapping; give one value");
    const bool quoted = value.Tag() == "!";
    if (quoted && (setting.Is<Switch>() || setting.Is<Count>())) {
      return Wrong("is text in quotes; leave them out");
    }
    *text = value.Scalar();
    return CheckKind(setting, *text);
  }

  static absl::Status ReadList(const YAML::Node& value, std::string* text) {
    if (!value.IsSequence()) return Wrong("is no list; give [name, name]");
    std::vector<std::string> names;
    for (const YAML::Node& element : value) {
      if (!element.IsScalar()) return Wrong("has an element that is no text");
      names.push_back(element.Scalar());
      if (names.back().empty() || names.back().find_first_of(", \t\r\n") != std::string::npos) {
        return Wrong("has an element that is no name; give [name, name]");
      }
    }
    *text = absl::StrJoin(names, ",");
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
  GivenSettings settings_;
  std::vector<std::string> problems_;
};

}  // namespace

absl::StatusOr<CommandLine> ParseCommandLine(int argc, const char* const* argv) {
  return ArgumentReader(argc, argv).Read();
}

absl::StatusOr<GivenSettings> ParseConfigText(const std::string& text, const std::string& path) {
  return FileReader(path).Read(text);
}

absl::StatusOr<GivenSettings> ReadConfigFile(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadRegularFile(path, kMostFileBytes);
  if (text.ok()) return ParseConfigText(*text, path);
  return Wrong(absl::StrCat("--config=", path,
                            absl::IsOutOfRange(text.status())
                                ? ": is over 1 MiB"
                                : ": cannot be read; give a file of settings in YAML or JSON"));
}

}  // namespace sparkgate::config
