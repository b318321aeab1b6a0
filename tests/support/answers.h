#ifndef SPARKGATE_TESTS_SUPPORT_ANSWERS_H_
#define SPARKGATE_TESTS_SUPPORT_ANSWERS_H_

#include <string>
#include <string_view>
#include <vector>

namespace sparkgate::support {

// What an upstream says, as JSON: the data of stream events, and whole answers. `text` must need no
// escapes.

std::string RoleChunk(int index = 0);
std::string ContentChunk(std::string_view text, int index = 0);
std::string FinishChunk(std::string_view reason = "stop", int index = 0);
std::string UsageChunk();  // no choices

// Whole and right: role, one event per piece, finish with usage, [DONE].
std::string StreamAnswer(const std::vector<std::string>& pieces);
// The body of Chat's answer, and the whole response.
std::string ChatAnswerBody(std::string_view text, std::string_view finish_reason = "stop");
std::string ChatAnswer(std::string_view text);

// A request as callers write it: the canary is in its prompt. `user` names the call (CallNameOf);
// `more`: further members, each with a comma before it.
std::string ChatRequestBody(std::string_view user, std::string_view more = "");

// The `user` of a request that the upstream received, "" if it has none.
std::string CallNameOf(std::string_view body);
bool IsStream(std::string_view body);

// The right answer to a request that says so: for StreamChat as events, for Chat as JSON.
std::string AnswerTo(std::string_view request_body, std::string_view text);

}  // namespace sparkgate::support

#endif  // SPARKGATE_TESTS_SUPPORT_ANSWERS_H_
