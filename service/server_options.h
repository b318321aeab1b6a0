#ifndef SPARKGATE_SERVICE_SERVER_OPTIONS_H_
#define SPARKGATE_SERVICE_SERVER_OPTIONS_H_

#include "service/config/config.h"
#include "service/rpc/server.h"
#include "service/telemetry/log.h"

namespace sparkgate {

// What the configuration means for the server: the one place where the two meet. The server's
// notices, and what becomes of its certificate, go to `logger`, which must outlive it.
rpc::ServerOptions MakeServerOptions(const config::Config& config, telemetry::Logger* logger);

}  // namespace sparkgate

#endif  // SPARKGATE_SERVICE_SERVER_OPTIONS_H_
