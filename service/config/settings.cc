#include "service/config/settings.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <numeric>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"

namespace sparkgate::config {
namespace {

using std::chrono::milliseconds;

absl::Status Wrong(std::string_view text, const char* what, const char* right) {
  // A value may be a secret that was put into the wrong place: not more than a taste of it.
  const bool cut = text.size() > 40;
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", std::string(text.substr(0, 40)), cut ? "..." : "", "\" is ", what, "; give ", right));
}

template <typename Number>
std::optional<Number> ParseNumber(std::string_view text) {
  Number number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || error != std::errc() || stop != end) return std::nullopt;
  return number;
}

// How each type is read. The text is the whole value.

absl::Status Read(std::string_view text, std::string* value) {
  *value = text;
  return absl::OkStatus();
}

absl::Status Read(std::string_view text, bool* value) {
  if (text != "true" && text != "false") return Wrong(text, "not a switch", "true or false");
  *value = text == "true";
  return absl::OkStatus();
}

absl::Status Read(std::string_view text, int* value) {
  const std::optional<int> number = ParseNumber<int>(text);
  if (!number) return Wrong(text, "not a count", "a whole number");
  *value = *number;
  return absl::OkStatus();
}

absl::Status Read(std::string_view text, size_t* value) {
  std::string_view digits = text;
  uint64_t unit = 1;
  for (const auto& [suffix, factor] : {std::pair{"KiB", 1 << 10}, std::pair{"MiB", 1 << 20}}) {
    if (digits.size() <= 3 || digits.substr(digits.size() - 3) != suffix) continue;
    digits.remove_suffix(3);
    unit = factor;
  }
  while (unit > 1 && !digits.empty() && digits.back() == ' ') digits.remove_suffix(1);
  const std::optional<uint64_t> number = ParseNumber<uint64_t>(digits);
  if (!number || *number > (uint64_t{1} << 50) / unit) {
    return Wrong(text, "not a size", "a number of bytes, or one with KiB or MiB, such as 256KiB");
  }
  *value = *number * unit;
  return absl::OkStatus();
}

absl::Status Read(std::string_view text, milliseconds* value) {
  absl::Duration parsed;
  if (!absl::ParseDuration({text.data(), text.size()}, &parsed) ||
      parsed == absl::InfiniteDuration() || parsed == -absl::InfiniteDuration()) {
    return Wrong(text, "not a duration", "a number with a unit, such as 5s, 250ms or 10m");
  }
  if (parsed > absl::ZeroDuration() && parsed < absl::Milliseconds(1)) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(text), " is out of range; give 1ms or more"));
  }
  *value = milliseconds(absl::ToInt64Milliseconds(parsed));
  return absl::OkStatus();
}

absl::Status Read(std::string_view text, std::vector<std::string>* value) {
  value->clear();
  const std::vector<std::string> parts =
      absl::StrSplit(absl::string_view(text.data(), text.size()), ',', absl::SkipWhitespace());
  for (const std::string& part : parts) value->emplace_back(absl::StripAsciiWhitespace(part));
  return absl::OkStatus();
}

absl::Status Read(std::string_view text, HostPort* value) {
  const absl::StatusOr<HostPort> parsed = ParseHostPort(text);
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", std::string(text), "\" ", parsed.status().message()));
  }
  *value = *parsed;
  return absl::OkStatus();
}

absl::Status Read(std::string_view text, telemetry::Level* value) {
  const std::optional<telemetry::Level> level = telemetry::ParseLevel(text);
  if (!level) return Wrong(text, "no level", "debug, info, warning or error");
  *value = *level;
  return absl::OkStatus();
}

// The same in the other direction.

std::string Text(const std::string& value) { return value; }
std::string Text(bool value) { return value ? "true" : "false"; }
std::string Text(int value) { return absl::StrCat(value); }
std::string Text(size_t value) {
  if (value > 0 && value % (1 << 20) == 0) return absl::StrCat(value >> 20, "MiB");
  if (value > 0 && value % (1 << 10) == 0) return absl::StrCat(value >> 10, "KiB");
  return absl::StrCat(value);
}
std::string Text(milliseconds value) { return absl::FormatDuration(absl::FromChrono(value)); }
std::string Text(const std::vector<std::string>& value) { return absl::StrJoin(value, ","); }
std::string Text(const HostPort& value) { return FormatHostPort(value); }
std::string Text(telemetry::Level value) { return std::string(telemetry::LevelName(value)); }

// A range in words; "" if the type has none.

template <typename Value>
std::string RangeText(const Value&, const Range&) {
  return "";
}
std::string RangeText(int, const Range& range) {
  return absl::StrCat(range.least == 0 ? "0 (automatic)" : absl::StrCat(range.least), " to ",
                      range.most);
}
std::string RangeText(size_t, const Range& range) {
  return absl::StrCat(range.least >> 10, "KiB to ", range.most >> 20, "MiB");
}
std::string RangeText(milliseconds, const Range& range) {
  const auto shortest = [](int64_t ms) {
    for (const auto& [unit, suffix] :
         {std::pair{3'600'000, "h"}, std::pair{60'000, "m"}, std::pair{1000, "s"}}) {
      if (ms % unit == 0 && (ms > 0 || unit == 1000)) return absl::StrCat(ms / unit, suffix);
    }
    return absl::StrCat(ms, "ms");
  };
  return absl::StrCat(shortest(range.least), " to ", shortest(range.most));
}

template <typename Value>
int64_t Number(const Value&) {
  return 0;
}
int64_t Number(int value) { return value; }
int64_t Number(size_t value) { return static_cast<int64_t>(value); }
int64_t Number(milliseconds value) { return value.count(); }

// Case does not count, and '-' is as good as '_': both are what people type.
char Plain(char c) { return c == '-' ? '_' : std::tolower(static_cast<unsigned char>(c)); }

// Edits (insert, delete, change) from one word to the other.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = diagonal + (Plain(a[i - 1]) == Plain(b[j - 1]) ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row.back();
}

}  // namespace

std::vector<std::string> SettingNames() {
  std::vector<std::string> names;
  for (const Setting& setting : AllSettings()) names.emplace_back(setting.name);
  return names;
}

const Setting* FindSetting(std::string_view name) {
  for (const Setting& setting : AllSettings()) {
    if (name == setting.name) return &setting;
  }
  return nullptr;
}

absl::Status ReadValue(const Setting& setting, std::string_view text, Config* values) {
  return std::visit([&](auto member) { return Read(text, &(values->*member)); }, setting.member);
}

std::string TextOf(const Setting& setting, const Config& values) {
  return std::visit([&](auto member) { return Text(values.*member); }, setting.member);
}

std::string RangeProblem(const Setting& setting, const Config& values) {
  return std::visit(
      [&](auto member) -> std::string {
        const std::string range = RangeText(values.*member, setting.range);
        const int64_t number = Number(values.*member);
        const bool inside = number >= setting.range.least && number <= setting.range.most;
        if (range.empty() || inside) return "";
        return absl::StrCat(TextOf(setting, values), " is out of range; give ", range);
      },
      setting.member);
}

Settings DefaultSettings() {
  Settings settings;
  for (const Setting& setting : AllSettings()) {
    // A test reads them all.
    if (!ReadValue(setting, setting.default_text, &settings.values).ok()) std::abort();
  }
  return settings;
}

void Overlay(const Settings& top, Settings* base) {
  for (const auto& [name, origin] : top.origins) {
    base->origins[name] = origin;
    std::visit([&](auto member) { base->values.*member = top.values.*member; },
               FindSetting(name)->member);
  }
}

std::string Nearest(std::string_view wrong, const std::vector<std::string>& names) {
  constexpr size_t kLongest = 64;
  if (wrong.size() > kLongest) return "";
  std::string nearest;
  size_t least = std::max<size_t>(2, wrong.size() / 3) + 1;
  for (const std::string& name : names) {
    const size_t distance = Distance(wrong, name);
    if (distance >= least) continue;
    least = distance;
    nearest = name;
  }
  return nearest;
}

std::string DidYouMean(std::string_view wrong, const std::vector<std::string>& names,
                       std::string_view prefix) {
  const std::string nearest = Nearest(wrong, names);
  if (nearest.empty()) return "";
  return "; did you mean " + std::string(prefix) + nearest + "?";
}

}  // namespace sparkgate::config
