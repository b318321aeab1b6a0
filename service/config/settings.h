#ifndef SPARKGATE_SERVICE_CONFIG_SETTINGS_H_
#define SPARKGATE_SERVICE_CONFIG_SETTINGS_H_

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "service/config/config.h"

// The table of settings. Command line, configuration file, --help, --check_config and the list in
// docs/configuration.md follow from it. To add a setting: a member of Config, a row in
// settings_table.cc, `make docs`.
namespace sparkgate::config {

// The kinds of values: which member of Config they go to, and what they may be.
struct Switch {
  bool Config::*member;
};
struct Count {
  int Config::*member;
  int least;  // 0 means automatic
  int most;
};
struct Size {
  size_t Config::*member;  // bytes
  size_t least;
  size_t most;
};
struct Time {
  std::chrono::milliseconds Config::*member;
  std::chrono::milliseconds least;
  std::chrono::milliseconds most;
};
struct Text {
  std::string Config::*member;
  // Says what is wrong with a text, for a message; "" if nothing is. Without it any text will do.
  std::string (*problem)(const std::string&) = nullptr;
};
struct List {
  std::vector<std::string> Config::*member;  // as text: comma-separated
};
struct Address {
  HostPort Config::*member;
};
struct LogLevel {
  telemetry::Level Config::*member;
};

struct Setting {
  std::string name;
  std::string default_text;
  std::variant<Switch, Count, Size, Time, Text, List, Address, LogLevel> value;
  std::string help;
  bool in_file = true;  // false: on the command line only

  template <typename Kind>
  bool Is() const {
    return std::holds_alternative<Kind>(value);
  }
};

// All rows, in the order of --help.
const std::vector<Setting>& SettingsTable();

// Null if there is none of that name.
const Setting* FindSetting(std::string_view name);

// The names of those that a file may hold.
std::vector<std::string> SettingNames();

// Reads a value and writes it to the member. INVALID_ARGUMENT: the text is not of the setting's
// kind; OUT_OF_RANGE: it is, but the value is not allowed, and may have been written all the same.
// The message says what would be right; it does not name the setting.
absl::Status Set(const Setting& setting, std::string_view text, Config* config);

// The value as text that Set takes.
std::string TextOf(const Setting& setting, const Config& config);

// What one source (command line or file) says about one setting.
struct Given {
  std::string text;
  std::string origin;  // for messages: "--loops", "gate.yaml:7: loops"
};
using GivenSettings = std::map<std::string, Given>;  // by name

// What is given, or the default.
const std::string& TextFor(const Setting& setting, const GivenSettings& given);

// The name that `wrong` was probably meant to be; "" if none is near.
std::string Nearest(std::string_view wrong, const std::vector<std::string>& names);

// "; did you mean NAME?" with `prefix` before the name, or "".
std::string DidYouMean(std::string_view wrong, const std::vector<std::string>& names,
                       std::string_view prefix);

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_SETTINGS_H_
