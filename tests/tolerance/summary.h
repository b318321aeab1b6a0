#ifndef SPARKGATE_TESTS_TOLERANCE_SUMMARY_H_
#define SPARKGATE_TESTS_TOLERANCE_SUMMARY_H_

#include <string>

#include "tests/support/caller.h"

namespace sparkgate::tolerance {

// A call's end and all that its messages say, in one line that reads the same for both RPCs:
//
//   OK / 0 assistant 'Hi' stop / usage 1+2=3
//   ABORTED UPSTREAM_STREAM_TRUNCATED, may have run / 0 assistant 'Hi' -
//   OK / 0 assistant call0(id function name '{"a":1}') tool_calls / extra {"timings":1}
//
// Per choice: role, text, reasoning~'…', calls joined by index, finish reason (- without one).
// Members without a field follow as `extra`, `choice extra`, `message extra`, in the order they
// came.
std::string Summary(const support::CallResult& result);

// Fails the running test if a stream's messages break the contract that the .proto promises.
void ExpectContract(const support::CallResult& result);

}  // namespace sparkgate::tolerance

#endif  // SPARKGATE_TESTS_TOLERANCE_SUMMARY_H_
