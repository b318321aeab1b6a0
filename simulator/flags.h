// The command line.
#ifndef SPARKGATE_SIMULATOR_FLAGS_H_
#define SPARKGATE_SIMULATOR_FLAGS_H_

#include <string>

#include "simulator/options.h"

namespace sparkgate::simulator {

// Reads the flags; --help prints flags and models and ends the process. False: *error names the
// flag and what would be right. Writes --tls_ca_out if a certificate is made.
bool ReadFlags(int argc, char** argv, Options* options, std::string* error);

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_FLAGS_H_
