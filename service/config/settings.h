#ifndef SPARKGATE_SERVICE_CONFIG_SETTINGS_H_
#define SPARKGATE_SERVICE_CONFIG_SETTINGS_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "service/config/config.h"

namespace sparkgate::config {

// Where a setting's value goes. The type says how its text is read: text as it is, a switch
// (true, false), a count, a size (bytes, KiB, MiB), a duration (250ms, 5s, 10m), a list
// (comma-separated), an address (HOST:PORT), a log level.
using Member = std::variant<std::string Config::*, bool Config::*, int Config::*, size_t Config::*,
                            std::chrono::milliseconds Config::*, std::vector<std::string> Config::*,
                            HostPort Config::*, telemetry::Level Config::*>;

// Of counts, sizes in bytes, and durations in milliseconds.
struct Range {
  int64_t least;
  int64_t most;
};

// One setting: a flag of the program, a key of its file, a line of --help and of the
// documentation. It is declared here (settings.cc) and as a member of Config, and nowhere else;
// what depends on another setting is checked in validate.cc.
struct Setting {
  const char* name;
  Member member;
  const char* default_text;
  Range range;
  const char* help;
};

// All of them, in the order of --help.
const std::vector<Setting>& AllSettings();
std::vector<std::string> SettingNames();
const Setting* FindSetting(std::string_view name);  // null: there is none

// Reads a value. An error says what is wrong with the text and what would be right; it does not
// name the setting. Whether the value is in range is another question.
absl::Status ReadValue(const Setting& setting, std::string_view text, Config* values);

// What is wrong with a value that is out of range; "": nothing.
std::string RangeProblem(const Setting& setting, const Config& values);

// The value as ReadValue takes it.
std::string TextOf(const Setting& setting, const Config& values);

// What one source says (defaults, file, command line), and where it says it.
struct Settings {
  Config values;                               // those that have an origin
  std::map<std::string, std::string> origins;  // name: "--loops", "gate.yaml:7: loops"
};

// All defaults, as said by nobody.
Settings DefaultSettings();

// Lets `top` win wherever it says something.
void Overlay(const Settings& top, Settings* base);

// "; did you mean PREFIXname?" if one of the names is like `wrong`, else "".
std::string DidYouMean(std::string_view wrong, const std::vector<std::string>& names,
                       std::string_view prefix);
std::string Nearest(std::string_view wrong, const std::vector<std::string>& names);

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_SETTINGS_H_
