#ifndef SPARKGATE_SERVICE_TRANSLATE_LOGPROBS_H_
#define SPARKGATE_SERVICE_TRANSLATE_LOGPROBS_H_

#include <cstddef>

#include "base/json_reader.h"
#include "sparkgate/v1/response.pb.h"

// The upstream's older shape of log probabilities: parallel arrays instead of one object per token.
namespace sparkgate::translate {

// It has `tokens` and no `content`.
bool IsLegacyLogprobs(const JsonValue& value);

// What folding the arrays takes: a message of the API for each token.
size_t LegacyLogprobsBytes(const JsonValue& value);

// Folds the arrays into one entry per token. False if they do not fit together (unequal length,
// unexpected types): then the whole object is kept as extra_json.
bool FoldLegacyLogprobs(const JsonValue& value, v1::Logprobs* logprobs);

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_LOGPROBS_H_
