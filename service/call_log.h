#ifndef SPARKGATE_SERVICE_CALL_LOG_H_
#define SPARKGATE_SERVICE_CALL_LOG_H_

#include "service/rpc/call_context.h"
#include "service/telemetry/log_call.h"

namespace sparkgate {

// The log's line for a call that is over.
telemetry::CallRecord MakeCallRecord(const rpc::CallReport& report);

}  // namespace sparkgate

#endif  // SPARKGATE_SERVICE_CALL_LOG_H_
