#ifndef SPARKGATE_TESTS_SUPPORT_TUNNEL_PROXY_H_
#define SPARKGATE_TESTS_SUPPORT_TUNNEL_PROXY_H_

#include "tests/support/scripted_upstream.h"

namespace sparkgate::support {

// The script of a proxy that takes CONNECT to any name and carries the bytes to 127.0.0.1:`port`
// and back, until one side ends. Its CONNECT requests are among the server's requests().
ScriptedUpstream::Script TunnelTo(int port);

}  // namespace sparkgate::support

#endif  // SPARKGATE_TESTS_SUPPORT_TUNNEL_PROXY_H_
