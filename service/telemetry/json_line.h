#ifndef SPARKGATE_SERVICE_TELEMETRY_JSON_LINE_H_
#define SPARKGATE_SERVICE_TELEMETRY_JSON_LINE_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "service/telemetry/level.h"

namespace sparkgate::telemetry {

// The value of one field. Text is not copied: it must live until the line is written down, which is
// before Logger::Log returns. Made from numbers, switches and text alone, so that a type which
// holds a secret cannot become one by accident.
class Value {
 public:
  Value(std::string_view text) : value_(text) {}  // NOLINT: a value is what it is made of
  Value(const std::string& text) : value_(std::string_view(text)) {}  // NOLINT
  Value(const char* text) : value_(std::string_view(text)) {}         // NOLINT
  template <typename Number, std::enable_if_t<std::is_arithmetic_v<Number>, int> = 0>
  Value(Number number) : value_(Widest(number)) {}  // NOLINT

  void AppendTo(std::string* line) const;

 private:
  template <typename Number>
  static auto Widest(Number number) {
    if constexpr (std::is_same_v<Number, bool>) {
      return number;
    } else if constexpr (std::is_floating_point_v<Number>) {
      return static_cast<double>(number);
    } else if constexpr (std::is_signed_v<Number>) {
      return static_cast<int64_t>(number);
    } else {
      return static_cast<uint64_t>(number);
    }
  }

  std::variant<std::string_view, bool, int64_t, uint64_t, double> value_;
};

struct Field {
  std::string_view key;
  Value value;
};

// Longer text is cut, at a whole character, and ends in "...".
inline constexpr size_t kMaxTextBytes = 1024;

// Appends `text` in quotes as JSON: always valid UTF-8 (what is not becomes U+FFFD), bounded.
void AppendJsonText(std::string_view text, std::string* line);

// One line with its newline: level, time (RFC 3339, UTC, microseconds), message, fields.
std::string JsonLine(Level level, std::chrono::system_clock::time_point time,
                     std::string_view message, const std::vector<Field>& fields);

}  // namespace sparkgate::telemetry

#endif  // SPARKGATE_SERVICE_TELEMETRY_JSON_LINE_H_
