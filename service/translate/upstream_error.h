#ifndef SPARKGATE_SERVICE_TRANSLATE_UPSTREAM_ERROR_H_
#define SPARKGATE_SERVICE_TRANSLATE_UPSTREAM_ERROR_H_

#include <string>
#include <string_view>

#include "base/safe_text.h"  // SafeText: part of this interface
#include "service/translate/call_status.h"

namespace sparkgate::translate {

// Status of an answer other than 200: the table of DESIGN. `body` may be any of the shapes that are
// known, or rubbish; at most 512 bytes of its message reach the status, with paths and keys cut
// out. `callers_key`: the refused key was brought by the caller (401 is then UNAUTHENTICATED).
CallStatus HttpErrorStatus(int http_status, const HeaderList& headers, std::string_view body,
                           bool callers_key = false);

// Status of an error that came after a 200, as an event, an object or a finish reason: by its own
// status or code, else INTERNAL; never UNAVAILABLE, and it may always have run.
// nullopt-like: an OK status means that `json` holds no error object.
CallStatus ErrorAfterOk(std::string_view json);

// Where a redirect points to, as far as it may be shown (scheme, host and path); "" if it does not
// say.
std::string RedirectTarget(const HeaderList& headers);

// The upstream's own name for a call: x-request-id, x-fireworks-request-id, cf-ray, in this order;
// empty if it gave none.
std::string UpstreamRequestId(const HeaderList& headers);

// What callers are shown of the headers, as gRPC metadata: the upstream's request id as
// `x-upstream-request-id`, then rate limits and Retry-After as they came, in their order, 2 KiB at
// most.
HeaderList PassedHeaders(const HeaderList& headers);

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_UPSTREAM_ERROR_H_
