#ifndef SPARKGATE_SERVICE_CONFIG_REPORT_H_
#define SPARKGATE_SERVICE_CONFIG_REPORT_H_

#include <string>

#include "service/config/config.h"
#include "service/config/settings.h"

namespace sparkgate::config {

// The one place where the version stands.
inline constexpr char kVersion[] = "0.1.0";

// For --version: ours, and those of the libraries that the program was built with. Ends in a
// newline.
std::string VersionText();

// For --help: every flag with its default, in the schema's order.
std::string HelpText();

// For --check_config: what holds and where it was said. It is a configuration file again. Holds no
// secret: of the key it says where it came from, of a proxy's URL name and password are left out.
std::string EffectiveText(const Settings& settings, const Config& config,
                          const std::string& key_origin);

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_REPORT_H_
