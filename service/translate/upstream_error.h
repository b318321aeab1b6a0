#ifndef SPARKGATE_SERVICE_TRANSLATE_UPSTREAM_ERROR_H_
#define SPARKGATE_SERVICE_TRANSLATE_UPSTREAM_ERROR_H_

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/header_list.h"
#include "base/json_reader.h"
#include "service/translate/call_status.h"

namespace sparkgate::translate {

// The status of an answer other than 200, from the table in status_rows.h. `body` may have any of
// the known shapes, or none; at most 512 bytes of its message reach the status, redacted.
// `callers_key`: the refused key was the caller's (401 is then UNAUTHENTICATED).
CallStatus HttpErrorStatus(int http_status, const HeaderList& headers, std::string_view body,
                           bool callers_key = false);

// The statuses of answers that began with 200 and failed. The request may always have run, so they
// are never UNAVAILABLE.

// From an error object in `root`; OK if there is none. The code is that of the error's own status
// or code, else INTERNAL.
CallStatus ErrorOfAnswer(const JsonValue& root, const HeaderList& headers);
// The same for JSON text; OK as well if it is not JSON.
CallStatus ErrorAfterOk(std::string_view json);

// An event of type `error`, whatever its data is.
CallStatus ErrorEvent(std::string_view data, const HeaderList& headers);

// A choice ended with finish_reason "error".
CallStatus ErrorFinish(const HeaderList& headers);

// UPSTREAM_PROTOCOL_ERROR. `what`: the rest of "The upstream's answer is not a chat completion: …"
// (or a list of models).
CallStatus MalformedAnswer(std::string_view what, const HeaderList& headers,
                           Endpoint endpoint = Endpoint::kCompletion);

// Parses an answer or a chunk into `document`. Not OK if it is malformed, is not an object or has
// an error object.
CallStatus ParseAnswer(std::string_view json, const HeaderList& headers, Endpoint endpoint,
                       JsonDocument* document);

// Where a redirect points to, as far as it may be shown (scheme, host and path); "" if it does not
// say.
std::string RedirectTarget(const HeaderList& headers);

// The upstream's own name for a call: x-request-id, x-fireworks-request-id, cf-ray, in this order;
// empty if it gave none.
std::string UpstreamRequestId(const HeaderList& headers);

// The headers that callers are shown, as gRPC metadata: the upstream's request id as
// `x-upstream-request-id`, then rate limits and Retry-After as they came, in their order, 2 KiB at
// most.
HeaderList PassedHeaders(const HeaderList& headers);

// How long the upstream asks to wait: retry-after-ms, else Retry-After in seconds or as an HTTP
// date (against the answer's own `date` if there is one, else the clock). At most an hour, never
// negative.
std::optional<std::chrono::milliseconds> RetryAfter(const HeaderList& headers);

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_UPSTREAM_ERROR_H_
