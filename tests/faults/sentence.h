#ifndef SPARKGATE_TESTS_FAULTS_SENTENCE_H_
#define SPARKGATE_TESTS_FAULTS_SENTENCE_H_

#include "tests/support/caller.h"

namespace sparkgate::faults {

// Fails the running test unless the status has the form that every one must have: whole under
// 4 KiB, the message under 1 KiB, in plain sentences that say what happened, what was delivered and
// what to do; an ErrorInfo with its metadata; no key, no prompt, no file path.
void ExpectForm(const support::CallResult& result);

// Only what holds for any text that was written for people.
void ExpectPlainSentences(const std::string& message);

}  // namespace sparkgate::faults

#endif  // SPARKGATE_TESTS_FAULTS_SENTENCE_H_
