#ifndef SPARKGATE_SERVICE_TRANSLATE_PERF_METRICS_H_
#define SPARKGATE_SERVICE_TRANSLATE_PERF_METRICS_H_

#include "base/json_reader.h"
#include "service/translate/call_status.h"
#include "sparkgate/v1/response.pb.h"

namespace sparkgate::translate {

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

#endif  // SPARKGATE_SERVICE_TRANSLATE_PERF_METRICS_H_
