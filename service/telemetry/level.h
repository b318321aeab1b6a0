#ifndef SPARKGATE_SERVICE_TELEMETRY_LEVEL_H_
#define SPARKGATE_SERVICE_TELEMETRY_LEVEL_H_

#include <optional>
#include <string_view>

namespace sparkgate::telemetry {

// How much a log line matters. The names are those of the flag and of the lines themselves.
enum class Level { kDebug, kInfo, kWarning, kError };

inline constexpr std::string_view kLevelNames[] = {"debug", "info", "warning", "error"};

inline std::string_view LevelName(Level level) { return kLevelNames[static_cast<int>(level)]; }

inline std::optional<Level> ParseLevel(std::string_view name) {
  for (int i = 0; i < 4; ++i) {
    if (kLevelNames[i] == name) return static_cast<Level>(i);
  }
  return std::nullopt;
}

}  // namespace sparkgate::telemetry

#endif  // SPARKGATE_SERVICE_TELEMETRY_LEVEL_H_
