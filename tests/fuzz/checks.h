#ifndef SPARKGATE_TESTS_FUZZ_CHECKS_H_
#define SPARKGATE_TESTS_FUZZ_CHECKS_H_

#include "google/protobuf/message.h"
#include "service/translate/call_status.h"

namespace sparkgate::fuzz {

// Every string is valid UTF-8 (gRPC's receivers refuse anything else), every extra_json is a JSON
// object.
void CheckStrings(const google::protobuf::Message& message);

// A status may be told to a caller: valid UTF-8, within its bounds, and no code that invites the
// caller to send again what may have run.
void CheckStatus(const CallStatus& status);

}  // namespace sparkgate::fuzz

#endif  // SPARKGATE_TESTS_FUZZ_CHECKS_H_
