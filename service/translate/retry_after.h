#ifndef SPARKGATE_SERVICE_TRANSLATE_RETRY_AFTER_H_
#define SPARKGATE_SERVICE_TRANSLATE_RETRY_AFTER_H_

#include <chrono>
#include <optional>

#include "base/header_list.h"

namespace sparkgate::translate {

// How long the upstream asks to wait: retry-after-ms, else Retry-After in seconds or as an HTTP
// date (against the answer's own `date` if there is one, else the clock). At most an hour, never
// negative.
std::optional<std::chrono::milliseconds> RetryAfter(const HeaderList& headers);

}  // namespace sparkgate::translate

#endif  // SPARKGATE_SERVICE_TRANSLATE_RETRY_AFTER_H_
