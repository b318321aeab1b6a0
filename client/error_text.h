#ifndef SPARKGATE_CLIENT_ERROR_TEXT_H_
#define SPARKGATE_CLIENT_ERROR_TEXT_H_

#include <string>

#include "client/call_error.h"

namespace sparkgate::client {

// What a program ends with; documented in README.md and in --help.
enum ExitCode {
  kExitOk = 0,
  kExitUsage = 1,     // a flag, the body file or the question: nothing was sent
  kExitRequest = 2,   // refused, and will be refused again: the request, the key or the account
  kExitTryLater = 3,  // nothing ran; the same request may be sent again
  kExitFailed = 4,    // the upstream or a server on the way failed, or time ran out
  kExitCancelled = 130,
};

ExitCode ExitCodeFor(const CallError& error);

// Whether a call of this kind can be billed at all.
enum class Billing { kPossible, kNever };

// The error as sentences for a person, lines separated by '\n' without one at the end: what
// happened, what the server said, the fields at fault, whether trying again helps and when, whether
// the answer may have been billed, and the request id.
std::string Explain(const CallError& error, Billing billing = Billing::kPossible);

}  // namespace sparkgate::client

#endif  // SPARKGATE_CLIENT_ERROR_TEXT_H_
