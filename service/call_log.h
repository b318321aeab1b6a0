#ifndef SPARKGATE_SERVICE_CALL_LOG_H_
#define SPARKGATE_SERVICE_CALL_LOG_H_

#include <chrono>

#include "service/rpc/call_context.h"
#include "service/telemetry/log.h"

namespace sparkgate {

// Logs a call that is over: one line with the message "call". What does not apply is left out.
// Errors of Sparkgate's own are errors, other failures are warnings; a caller that left is no
// failure. Prompts, answers, metadata and keys are not in a CallReport, so none can be in the log.
void LogCall(const rpc::CallReport& report, std::chrono::steady_clock::time_point now,
             telemetry::Logger* logger);

}  // namespace sparkgate

#endif  // SPARKGATE_SERVICE_CALL_LOG_H_
