#ifndef SPARKGATE_SERVICE_TRANSLATE_RESPONSE_DECODER_H_
#define SPARKGATE_SERVICE_TRANSLATE_RESPONSE_DECODER_H_

#include <string_view>

#include "service/translate/call_status.h"
#include "sparkgate/v1/model.pb.h"
#include "sparkgate/v1/response.pb.h"

namespace sparkgate::translate {

// Reads the whole body of a 200 answer to Chat. `headers` fill the performance metrics, the body
// wins. OK needs a JSON object with at least one choice; an error object ends with its own status
// (made safe for a call that has run), anything else with UPSTREAM_PROTOCOL_ERROR. `anomalies`
// gets how much of it was not as documented and was read all the same. Pure; any thread.
CallStatus DecodeChat(std::string_view body, const HeaderList& headers, v1::ChatResponse* response,
                      int* anomalies = nullptr);

// `body` without the end mark of a stream (`[DONE]`, also as an event) behind it, which some
// servers send behind whole answers too.
std::string_view WithoutEndMark(std::string_view body);

// Whether `body` is one whole JSON object: what a body without length must be to count as complete.
bool IsWholeJsonObject(std::string_view body);

// Reads the whole body of a 200 answer to a request for the models. OK needs a JSON object with a
// list, which may be empty, of objects with an id; an error object ends with its own status,
// anything else with UPSTREAM_PROTOCOL_ERROR. Pure; any thread.
CallStatus DecodeModels(std::string_view body, const HeaderList& headers,
                        v1::ListModelsResponse* response);

// How asking for the models failed, in words that fit it: a list has no prompt, names no model and
// is never billed. Code, reason and all other details are those of any call.
CallStatus WordedForModels(CallStatus status);

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_RESPONSE_DECODER_H_
