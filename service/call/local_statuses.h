#ifndef SPARKGATE_SERVICE_CALL_LOCAL_STATUSES_H_
#define SPARKGATE_SERVICE_CALL_LOCAL_STATUSES_H_

#include <chrono>
#include <string>
#include <string_view>

#include "service/translate/call_status.h"
#include "service/upstream/transfer.h"

// The statuses that Sparkgate itself decides on, each with two sentences: what happened, and what
// to do. Those that a setting decides name its flag. (Those that the upstream's answers decide
// stand in translate/upstream_error.)
namespace sparkgate::call {

// A transfer that ended before its answer was complete. `how` is not kComplete.
CallStatus TransferFailed(upstream::TransferEnd::How how,
                          Endpoint endpoint = Endpoint::kCompletion);

// A proxy refused to connect to the upstream, or to forward the request. `has_auth`: it was told a
// user and a password.
CallStatus ProxyRefused(int http_status, bool has_auth);

// The answer ended, cleanly or not, without its end mark.
CallStatus Truncated(std::string_view what);

// The upstream answered what is not what it was asked for.
CallStatus ProtocolError(std::string_view what, Endpoint endpoint = Endpoint::kCompletion);

// The upstream let one of our timers run out.
enum class Awaited { kFirstContent, kNextContent, kAnyByte };
CallStatus Stalled(Awaited awaited, std::chrono::milliseconds limit);

CallStatus CallerDeadline(bool may_have_run);
CallStatus MaxCallTime(std::chrono::milliseconds limit, bool may_have_run);
CallStatus SlowReader(std::chrono::milliseconds limit);
CallStatus DrainCut();
CallStatus Cancelled(bool may_have_run);
CallStatus TooLargeEvent(size_t limit);
CallStatus TooLargeAnswer(size_t limit);

// Decided before the upstream hears of the call.
CallStatus Draining();
// What the caller sent cannot be served, now or later.
CallStatus InvalidRequest(std::string message);
// A request whose memory would be many times its bytes.
CallStatus TooManyElements(size_t limit);
// The request was not complete in time.
CallStatus RequestTimeout(std::chrono::milliseconds limit);
CallStatus Overloaded(int max_calls);
CallStatus TooManyUnfinishedRequests(int limit);
CallStatus TooManyConnections(int max_connections);

}  // namespace sparkgate::call

#endif  // SPARKGATE_SERVICE_CALL_LOCAL_STATUSES_H_
