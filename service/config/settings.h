#ifndef SPARKGATE_SERVICE_CONFIG_SETTINGS_H_
#define SPARKGATE_SERVICE_CONFIG_SETTINGS_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "config/config.pb.h"

namespace sparkgate::config {

// What one source (defaults, file, command line) says, and where it says it.
struct Settings {
  v1::Config values;
  std::map<std::string, std::string> origins;  // name -> "--loops", "gate.yaml:7: loops", "default"
};

// The names of all settings, in the schema's order.
std::vector<std::string> SettingNames();

// Sets one from its text. An error says what is wrong with the text and what would be right; it
// does not say the name. The name must be one of SettingNames().
absl::Status SetFromText(const std::string& name, std::string_view text, v1::Config* values);

// The text of one, as SetFromText takes it.
std::string TextOf(const v1::Config& values, const std::string& name);

// Lets `top` win wherever it says something.
void Overlay(const Settings& top, Settings* base);

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_SETTINGS_H_
