#ifndef SPARKGATE_SERVICE_TRANSLATE_RESPONSE_VALUES_H_
#define SPARKGATE_SERVICE_TRANSLATE_RESPONSE_VALUES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json_reader.h"
#include "service/translate/call_status.h"
#include "sparkgate/v1/response.pb.h"

// Values in answers that do not map to a field one to one. Pure functions.
namespace sparkgate::translate {

// Numbers. Servers write 12.0, 1.2e1 or "12" for 12.

// The integer that `value` stands for without loss; false if there is none.
bool LenientInteger(const JsonValue& value, int64_t* integer);

// The same for a time in seconds, whose fraction is dropped: 1740634121.35 is 1740634121.
bool WholeSeconds(const JsonValue& value, int64_t* seconds);

// The finite number that `value` stands for; false if there is none.
bool LenientDouble(const JsonValue& value, double* number);

// Content as a list of typed parts.

struct PartTexts {
  std::string content;    // the text parts, joined
  std::string reasoning;  // the thinking parts, joined
  bool found = false;     // there was a part of either kind
};

// `parts` must be a kArray. Parts that are neither text nor thinking are skipped.
PartTexts TextsOfParts(const JsonValue& parts);

// Log probabilities in the older shape: parallel arrays instead of one object per token.

// Whether `value` has `tokens` and no `content`.
bool IsLegacyLogprobs(const JsonValue& value);

// The memory that FoldLegacyLogprobs takes, in bytes: one message per token.
size_t LegacyLogprobsBytes(const JsonValue& value);

// Folds the arrays into one entry per token. False if they do not match (unequal lengths,
// unexpected types); the whole object is then kept as extra_json.
bool FoldLegacyLogprobs(const JsonValue& value, v1::Logprobs* logprobs);

// Performance metrics: numbers or numeric strings, in the headers or in the body. What has no
// field, or is not of the field's type, goes to `other`.

// Adds the headers named `fireworks-…`, without that prefix.
void AddHeaderMetrics(const HeaderList& headers, v1::PerfMetrics* metrics);

// Adds the body's `perf_metrics` object; overwrites what is there. Returns how many known values
// were not of their field's type.
int AddBodyMetrics(const JsonValue& object, v1::PerfMetrics* metrics);

// Says which of `choices`, a kArray, is not an object, or has a `member` that is neither an object
// nor null. "" if none: everything else in a choice may be odd.
std::string MalformedChoice(const JsonValue& choices, std::string_view member);

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_RESPONSE_VALUES_H_
