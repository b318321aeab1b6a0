#ifndef SPARKGATE_SERVICE_SERVER_OPTIONS_H_
#define SPARKGATE_SERVICE_SERVER_OPTIONS_H_

#include "absl/status/statusor.h"
#include "service/config/config.h"
#include "service/config/key_pair_files.h"
#include "service/rpc/server.h"

namespace sparkgate {

// What the configuration means for the server: the one place where the two meet. Reads the TLS
// files, if there are any; an error names the flag. They are read again while the server runs, and
// `tls_log` is called then too, by the thread that accepts.
absl::StatusOr<rpc::ServerOptions> MakeServerOptions(const config::Config& config,
                                                     config::KeyPairFiles::Log tls_log);

}  // namespace sparkgate

#endif  // SPARKGATE_SERVICE_SERVER_OPTIONS_H_
