#ifndef SPARKGATE_SERVICE_CALL_LOG_H_
#define SPARKGATE_SERVICE_CALL_LOG_H_

#include <chrono>

#include "service/rpc/call_context.h"
#include "service/telemetry/log.h"

namespace sparkgate {

// Writes the log's line of a call that was over at `now`, with the message "call". Prompts,
// answers, metadata and keys have no place in a report, so that none can end up in a log. What does
// not apply is left out. An error that is Sparkgate's own fault is an error, other failures are
// warnings; a caller that left is no failure. Any thread.
void LogCall(const rpc::CallReport& report, std::chrono::steady_clock::time_point now,
             telemetry::Logger* logger);

}  // namespace sparkgate

#endif  // SPARKGATE_SERVICE_CALL_LOG_H_
