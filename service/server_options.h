#ifndef SPARKGATE_SERVICE_SERVER_OPTIONS_H_
#define SPARKGATE_SERVICE_SERVER_OPTIONS_H_

#include "absl/status/statusor.h"
#include "service/config/config.h"
#include "service/rpc/server.h"

namespace sparkgate {

// What the configuration means for the server: the one place where the two meet. Reads the TLS
// files, if there are any; an error names the flag.
absl::StatusOr<rpc::ServerOptions> MakeServerOptions(const config::Config& config);

}  // namespace sparkgate

#endif  // SPARKGATE_SERVICE_SERVER_OPTIONS_H_
