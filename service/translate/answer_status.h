#ifndef SPARKGATE_SERVICE_TRANSLATE_ANSWER_STATUS_H_
#define SPARKGATE_SERVICE_TRANSLATE_ANSWER_STATUS_H_

#include <string_view>

#include "base/json_reader.h"
#include "service/translate/call_status.h"

// How an answer that began with 200 fails. It may always have run.
namespace sparkgate::translate {

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

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_ANSWER_STATUS_H_
