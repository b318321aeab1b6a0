#ifndef SPARKGATE_SERVICE_TRANSLATE_RESPONSE_DECODER_H_
#define SPARKGATE_SERVICE_TRANSLATE_RESPONSE_DECODER_H_

#include <string_view>

#include "service/translate/call_status.h"
#include "sparkgate/v1/model.pb.h"
#include "sparkgate/v1/response.pb.h"

namespace sparkgate::translate {

// Whole bodies of answers that began with 200. Pure functions; any thread.

// The answer to Chat. `headers` fill the performance metrics; the body wins. OK needs a JSON object
// with at least one choice; an error object gives its own status (see ErrorOfAnswer), anything else
// UPSTREAM_PROTOCOL_ERROR. `anomalies` gets how much was not as documented and was accepted.
CallStatus DecodeChat(std::string_view body, const HeaderList& headers, v1::ChatResponse* response,
                      int* anomalies = nullptr);

// `body` without the end mark of a stream (`[DONE]`, also as an event), which some servers append
// to whole answers too.
std::string_view WithoutEndMark(std::string_view body);

// Whether `body` is one whole JSON object, as a body without a length must be to count as complete.
bool IsWholeJsonObject(std::string_view body);

// The answer to ListModels. OK needs a JSON object with a list, which may be empty, of objects with
// an id; errors as above.
CallStatus DecodeModels(std::string_view body, const HeaderList& headers,
                        v1::ListModelsResponse* response);

// A status of ListModels in words that fit: a list has no prompt, names no model and is never
// billed. Code, reason and all other details stay as they are for any call.
CallStatus WordedForModels(CallStatus status);

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_RESPONSE_DECODER_H_
