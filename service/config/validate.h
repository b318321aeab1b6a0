#ifndef SPARKGATE_SERVICE_CONFIG_VALIDATE_H_
#define SPARKGATE_SERVICE_CONFIG_VALIDATE_H_

#include <string>
#include <vector>

#include "service/config/config.h"
#include "service/config/settings.h"

namespace sparkgate::config {

// Fills `config` from what is given, and from the defaults for the rest, and checks each value and
// what depends on more than one of them; certificates are read. What is unwise is added to
// config->warnings. load.cc reads the secret files and fits the limits of the process.
//
// Returns one line for each mistake: where it was given, what is wrong and what would be right.
std::vector<std::string> Validate(const GivenSettings& given, Config* config);

}  // namespace sparkgate::config

#endif  // SPARKGATE_SERVICE_CONFIG_VALIDATE_H_
