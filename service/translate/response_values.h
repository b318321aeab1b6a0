#ifndef SPARKGATE_SERVICE_TRANSLATE_RESPONSE_VALUES_H_
#define SPARKGATE_SERVICE_TRANSLATE_RESPONSE_VALUES_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/json_reader.h"
#include "service/translate/call_status.h"
#include "sparkgate/v1/response.pb.h"

namespace sparkgate::translate {

// Numbers that a server writes in another form than the field has: 12.0, 1.2e1 or "12" for 12.
// The integer that `value` means without loss; false if it means none.
bool LenientInteger(const JsonValue& value, int64_t* integer);

// The same of a time in seconds, of which a fraction is dropped: 1740634121.35 is 1740634121.
bool WholeSeconds(const JsonValue& value, int64_t* seconds);

// The finite number that `value` means; false if it means none.
bool LenientDouble(const JsonValue& value, double* number);

// The texts of an answer's `content` that is a list of typed parts.
struct PartTexts {
  std::string content;    // of text parts, joined
  std::string reasoning;  // of thinking parts, joined
  bool found = false;     // there was a part of either kind
};

// `parts` must be a kArray. What is neither text nor thinking is passed over.
PartTexts TextsOfParts(const JsonValue& parts);

// The upstream's older shape of log probabilities: parallel arrays instead of one object per token.
// It has `tokens` and no `content`.
bool IsLegacyLogprobs(const JsonValue& value);

// What folding the arrays takes: a message of the API for each token.
size_t LegacyLogprobsBytes(const JsonValue& value);

// Folds the arrays into one entry per token. False if they do not fit together (unequal length,
// unexpected types): then the whole object is kept as extra_json.
bool FoldLegacyLogprobs(const JsonValue& value, v1::Logprobs* logprobs);

// Fills `metrics` from response headers named `fireworks-…`. What has no field, or does not read as
// the field's type, goes to `other` without the prefix.
void AddHeaderMetrics(const HeaderList& headers, v1::PerfMetrics* metrics);

// The same from the body's `perf_metrics` object; overwrites what is there. Returns how many known
// values did not read as their field's type.
int AddBodyMetrics(const JsonValue& object, v1::PerfMetrics* metrics);

// Puts `metrics` on top of `target`: what `metrics` has wins.
void MergeMetrics(const v1::PerfMetrics& metrics, v1::PerfMetrics* target);

// Nothing in it.
bool IsEmpty(const v1::PerfMetrics& metrics);

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_RESPONSE_VALUES_H_
