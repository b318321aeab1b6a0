#ifndef SPARKGATE_SERVICE_TRANSLATE_MODELS_DECODER_H_
#define SPARKGATE_SERVICE_TRANSLATE_MODELS_DECODER_H_

#include <string_view>

#include "service/translate/call_status.h"
#include "sparkgate/v1/model.pb.h"

namespace sparkgate::translate {

// Reads the whole body of a 200 answer to a request for the models. OK needs a JSON object with a
// list, which may be empty, of objects with an id; an error object ends with its own status,
// anything else with UPSTREAM_PROTOCOL_ERROR. Pure; any thread.
CallStatus DecodeModels(std::string_view body, const HeaderList& headers,
                        v1::ListModelsResponse* response);

// How asking for the models failed, in words that fit it: a list has no prompt, names no model and
// is never billed. Code, reason and all other details are those of any call.
CallStatus WordedForModels(CallStatus status);

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_MODELS_DECODER_H_
