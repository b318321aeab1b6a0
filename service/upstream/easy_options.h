#ifndef SPARKGATE_SERVICE_UPSTREAM_EASY_OPTIONS_H_
#define SPARKGATE_SERVICE_UPSTREAM_EASY_OPTIONS_H_

#include <curl/curl.h>

#include "service/upstream/client.h"

namespace sparkgate::upstream {

// libcurl's receive buffer, and so the largest piece that it hands out.
constexpr long kReceiveBytes = 4096;

// What every request of a client has in common. The rest (URL, method, headers, body, callbacks) is
// set for each.
void ApplyCommonOptions(CURL* easy, const ClientOptions& options);

}  // namespace sparkgate::upstream

#endif  // SPARKGATE_SERVICE_UPSTREAM_EASY_OPTIONS_H_
