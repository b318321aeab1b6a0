#ifndef SPARKGATE_SERVICE_TELEMETRY_LIBRARY_LOGS_H_
#define SPARKGATE_SERVICE_TELEMETRY_LIBRARY_LOGS_H_

#include "service/telemetry/log.h"

namespace sparkgate::telemetry {

// Sends what gRPC and protobuf have to say to `logger`, a few lines a second for each place that
// says it: by themselves they write to stderr from whatever thread, a line for every bad message.
//
// Called from main before either library is used, and with nullptr, which gives both their own ways
// back, before the logger is destroyed: it waits for lines that are being made.
void RouteLibraryLogs(Logger* logger);

}  // namespace sparkgate::telemetry

#endif  // SPARKGATE_SERVICE_TELEMETRY_LIBRARY_LOGS_H_
