#include "simulator/duration.h"

#include <absl/time/time.h>

namespace sparkgate::simulator {

bool ParseDuration(std::string_view text, std::chrono::microseconds* out) {
  absl::Duration duration;
  if (!absl::ParseDuration(absl::string_view(text.data(), text.size()), &duration)) return false;
  if (duration < absl::ZeroDuration() || duration > absl::Hours(24)) return false;
  *out = absl::ToChronoMicroseconds(duration);
  return true;
}

}  // namespace sparkgate::simulator
