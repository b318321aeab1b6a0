#ifndef SPARKGATE_TESTS_SUPPORT_SCRIPTS_H_
#define SPARKGATE_TESTS_SUPPORT_SCRIPTS_H_

#include <string>

#include "tests/support/scripted_upstream.h"

namespace sparkgate::support {

// Scripts of the scripted upstream that several tests use.

// Answers every call with "Hello", and a request for the models with an empty list, for as long as
// the connection stays.
void AnswerHello(Connection& connection);

// Answers with an error that has `words` in its message, its code and a header. The call's name
// says how: an HTTP status, "an event" in a stream, or "no HTTP": the words alone.
ScriptedUpstream::Script RefuseWith(const std::string& words);

}  // namespace sparkgate::support

#endif  // SPARKGATE_TESTS_SUPPORT_SCRIPTS_H_
