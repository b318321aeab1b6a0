// Durations as text: "20ms", "1.5s", "0".
#ifndef SPARKGATE_SIMULATOR_DURATION_H_
#define SPARKGATE_SIMULATOR_DURATION_H_

#include <chrono>
#include <string_view>

namespace sparkgate::simulator {

// Units as Go and Abseil write them (us, ms, s, m, h). False, and *out unchanged: not a duration,
// negative or longer than a day.
bool ParseDuration(std::string_view text, std::chrono::microseconds* out);

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_DURATION_H_
