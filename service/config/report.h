#ifndef SPARKGATE_SERVICE_CONFIG_REPORT_H_
#define SPARKGATE_SERVICE_CONFIG_REPORT_H_

#include <string>

#include "service/config/config.h"
#include "service/config/settings.h"

namespace sparkgate::config {

// The version of this program, and nowhere else.
inline constexpr char kVersion[] = "0.1.0";

// For --version: ours, and those of the libraries that the program was built with. Ends in a
// newline.
std::string VersionText();

// For --help: every flag with its default, in the table's order.
std::string HelpText();

// For --check_config: the value of every setting and where it was given, as a configuration file.
// Holds no secret: of the key and the secret files it says where they came from.
std::string EffectiveText(const GivenSettings& given, const Config& config,
                          const std::string& key_origin);

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_REPORT_H_
