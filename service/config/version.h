#ifndef SPARKGATE_SERVICE_CONFIG_VERSION_H_
#define SPARKGATE_SERVICE_CONFIG_VERSION_H_

#include <string>

namespace sparkgate::config {

// The one place where the version stands.
inline constexpr char kVersion[] = "0.1.0";

// For --version: ours, and those of the libraries that the program was built with. Ends in a
// newline.
std::string VersionText();

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_VERSION_H_
