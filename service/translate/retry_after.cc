#include "service/translate/retry_after.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace sparkgate::translate {
namespace {

using std::chrono::milliseconds;

constexpr double kMaxMilliseconds = 3600e3;

std::optional<double> ReadNumber(const std::string& text) {
  double number;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || std::isnan(number)) {
    return std::nullopt;
  }
  return number;
}

std::optional<absl::Time> ReadDate(const std::string& text) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", text, &time, &error)) return std::nullopt;
  return time;
}

milliseconds Bounded(double value) {
  return milliseconds(static_cast<int64_t>(std::clamp(std::ceil(value), 0.0, kMaxMilliseconds)));
}

}  // namespace

std::optional<milliseconds> RetryAfter(const HeaderList& headers) {
  if (const std::string* value = FindHeader(headers, "retry-after-ms")) {
    if (const auto number = ReadNumber(*value)) return Bounded(*number);
  }
  const std::string* value = FindHeader(headers, "retry-after");
  if (value == nullptr) return std::nullopt;
  if (const auto seconds = ReadNumber(*value)) return Bounded(*seconds * 1e3);
  const auto then = ReadDate(*value);
  if (!then.has_value()) return std::nullopt;
  const std::string* date = FindHeader(headers, "date");
  const absl::Time now = (date != nullptr ? ReadDate(*date) : std::nullopt).value_or(absl::Now());
  return Bounded(absl::ToDoubleMilliseconds(*then - now));
}

}  // namespace sparkgate::translate
