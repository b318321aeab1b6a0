#ifndef SPARKGATE_TESTS_SUPPORT_CALL_DETAILS_H_
#define SPARKGATE_TESTS_SUPPORT_CALL_DETAILS_H_

#include <string>

#include "tests/support/caller.h"

namespace sparkgate::support {

// Reads a status's google.rpc details, serialised, into the result.
void ReadDetails(const std::string& details, CallResult* result);

}  // namespace sparkgate::support

#endif  // SPARKGATE_TESTS_SUPPORT_CALL_DETAILS_H_
