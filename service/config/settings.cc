#include "service/config/settings.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <numeric>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "base/text.h"

namespace sparkgate::config {
namespace {

// A value may be a secret that was put into the wrong place: messages show its beginning only.
absl::Status NotA(std::string_view text, const char* kind, const char* right) {
  return absl::InvalidArgumentError(absl::StrCat("\"", std::string(text.substr(0, 40)),
                                                 text.size() > 40 ? "..." : "", "\" is not ", kind,
                                                 "; give ", right));
}

absl::Status NotAllowed(const std::string& what) { return absl::OutOfRangeError(what); }

std::optional<uint64_t> ParseSize(std::string_view text) {
  uint64_t unit = 1;
  for (const auto& [suffix, factor] : {std::pair{"KiB", 1 << 10}, std::pair{"MiB", 1 << 20}}) {
    if (text.size() <= 3 || !EndsWith(text, suffix)) continue;
    text.remove_suffix(3);
    unit = factor;
  }
  while (unit > 1 && !text.empty() && text.back() == ' ') text.remove_suffix(1);
  uint64_t number = 0;
  if (!ParseNumber(text, &number) || number > (uint64_t{1} << 50) / unit) return std::nullopt;
  return number * unit;
}

std::string SizeText(uint64_t size) {
  if (size > 0 && size % (1 << 20) == 0) return absl::StrCat(size >> 20, "MiB");
  if (size > 0 && size % (1 << 10) == 0) return absl::StrCat(size >> 10, "KiB");
  return absl::StrCat(size);
}

std::string BoundText(absl::Duration bound) {
  return bound == absl::ZeroDuration() ? "0s" : absl::FormatDuration(bound);
}

// One overload for each kind of value.
struct Setter {
  std::string_view text;
  Config* config;

  absl::Status operator()(const Switch& value) const {
    if (text != "true" && text != "false") return NotA(text, "a switch", "true or false");
    config->*value.member = text == "true";
    return absl::OkStatus();
  }

  absl::Status operator()(const Count& value) const {
    int number = 0;
    if (!ParseNumber(text, &number)) return NotA(text, "a count", "a whole number");
    config->*value.member = number;
    if (number >= value.least && number <= value.most) return absl::OkStatus();
    return NotAllowed(absl::StrCat(number, " is out of range; give ", value.least,
                                   value.least == 0 ? " (automatic)" : "", " to ", value.most));
  }

  absl::Status operator()(const Size& value) const {
    const std::optional<uint64_t> size = ParseSize(text);
    if (!size.has_value()) {
      return NotA(text, "a size", "a number of bytes, or one with KiB or MiB, such as 256KiB");
    }
    config->*value.member = *size;
    if (*size >= value.least && *size <= value.most) return absl::OkStatus();
    return NotAllowed(absl::StrCat(SizeText(*size), " is out of range; give ",
                                   SizeText(value.least), " to ", SizeText(value.most)));
  }

  absl::Status operator()(const Time& value) const {
    absl::Duration time;
    if (!absl::ParseDuration(absl::string_view(text.data(), text.size()), &time) ||
        time == absl::InfiniteDuration() || time == -absl::InfiniteDuration()) {
      return NotA(text, "a duration", "a number with a unit, such as 5s, 250ms or 10m");
    }
    config->*value.member = absl::ToChronoMilliseconds(time);
    const absl::Duration least = absl::FromChrono(value.least);
    const absl::Duration most = absl::FromChrono(value.most);
    if (time >= least && time <= most) return absl::OkStatus();
    return NotAllowed(absl::StrCat(absl::FormatDuration(time), " is out of range; give ",
                                   BoundText(least), " to ", BoundText(most)));
  }

  absl::Status operator()(const Text& value) const {
    std::string& member = config->*value.member;
    member = std::string(text);
    const std::string problem = value.problem == nullptr ? "" : value.problem(member);
    return problem.empty() ? absl::OkStatus() : NotAllowed(problem);
  }

  absl::Status operator()(const List& value) const {
    std::vector<std::string>& member = config->*value.member;
    member =
        absl::StrSplit(absl::string_view(text.data(), text.size()), ',', absl::SkipWhitespace());
    for (std::string& name : member) absl::StripAsciiWhitespace(&name);
    return absl::OkStatus();
  }

  absl::Status operator()(const Address& value) const {
    absl::StatusOr<HostPort> address = ParseHostPort(text);
    if (!address.ok()) {
      return NotAllowed(absl::StrCat("\"", std::string(text), "\" ", address.status().message()));
    }
    config->*value.member = *std::move(address);
    return absl::OkStatus();
  }

  absl::Status operator()(const LogLevel& value) const {
    const std::optional<telemetry::Level> level = telemetry::ParseLevel(text);
    if (!level.has_value()) {
      return NotAllowed(absl::StrCat("\"", std::string(text),
                                     "\" is no level; give debug, info, warning or error"));
    }
    config->*value.member = *level;
    return absl::OkStatus();
  }
};

struct Formatter {
  const Config& config;

  std::string operator()(const Switch& value) const {
    return config.*value.member ? "true" : "false";
  }
  std::string operator()(const Count& value) const { return absl::StrCat(config.*value.member); }
  std::string operator()(const Size& value) const { return SizeText(config.*value.member); }
  std::string operator()(const Time& value) const {
    return absl::FormatDuration(absl::FromChrono(config.*value.member));
  }
  std::string operator()(const Text& value) const { return config.*value.member; }
  std::string operator()(const List& value) const {
    return absl::StrJoin(config.*value.member, ",");
  }
  std::string operator()(const Address& value) const {
    return FormatHostPort(config.*value.member);
  }
  std::string operator()(const LogLevel& value) const {
    return std::string(telemetry::LevelName(config.*value.member));
  }
};

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

const Setting* FindSetting(std::string_view name) {
  for (const Setting& setting : SettingsTable()) {
    if (setting.name == name) return &setting;
  }
  return nullptr;
}

const std::string& TextFor(const Setting& setting, const GivenSettings& given) {
  const auto found = given.find(setting.name);
  return found == given.end() ? setting.default_text : found->second.text;
}

std::vector<std::string> SettingNames() {
  std::vector<std::string> names;
  for (const Setting& setting : SettingsTable()) {
    if (setting.in_file) names.push_back(setting.name);
  }
  return names;
}

absl::Status Set(const Setting& setting, std::string_view text, Config* config) {
  return std::visit(Setter{text, config}, setting.value);
}

std::string TextOf(const Setting& setting, const Config& config) {
  return std::visit(Formatter{config}, setting.value);
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
