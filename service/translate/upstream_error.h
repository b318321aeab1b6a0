#ifndef SPARKGATE_SERVICE_TRANSLATE_UPSTREAM_ERROR_H_
#define SPARKGATE_SERVICE_TRANSLATE_UPSTREAM_ERROR_H_

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/header_list.h"
#include "base/json_reader.h"
#include "base/text.h"  // SafeText: part of this interface
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

// How an answer that began with 200 fails. It may always have run.
// UPSTREAM_PROTOCOL_ERROR. `what`: the rest of "The upstream's answer is not a chat completion: …"
// (or a list of models).
CallStatus MalformedAnswer(std::string_view what, const HeaderList& headers,
                           Endpoint endpoint = Endpoint::kCompletion);

// What Parse found, for MalformedAnswer.
std::string_view DescribeParse(JsonDocument::Result result);

// The error object of an answer; an OK status if it has none.
CallStatus ErrorOfAnswer(const JsonValue& root, const HeaderList& headers);

// An event of type `error`, whatever its data is.
CallStatus ErrorEvent(std::string_view data, const HeaderList& headers);

// A choice ended with finish_reason "error".
CallStatus ErrorFinish(const HeaderList& headers);

// How long the upstream asks to wait: retry-after-ms, else Retry-After in seconds or as an HTTP
// date (against the answer's own `date` if there is one, else the clock). At most an hour, never
// negative.
std::optional<std::chrono::milliseconds> RetryAfter(const HeaderList& headers);

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_UPSTREAM_ERROR_H_
