#include "service/translate/json_repair.h"

#include <charconv>
#include <optional>
#include <string_view>

#include "service/translate/json_text.h"

namespace sparkgate::translate {
namespace {

constexpr size_t kEscapeLength = 6;  // \uXXXX

// The unit of the escape `\uXXXX` at `at`.
std::optional<uint16_t> UnitAt(std::string_view json, size_t at) {
  if (json.substr(at, 2) != "\\u" || json.size() - at < kEscapeLength) return std::nullopt;
  const char* digits = json.data() + at + 2;
  uint16_t unit = 0;
  const auto [end, error] = std::from_chars(digits, digits + 4, unit, 16);
  if (error != std::errc() || end != digits + 4) return std::nullopt;
  return unit;
}

bool IsHigh(uint16_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool IsLow(uint16_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

bool Overflows(std::string_view number) {
  double value;
  return std::from_chars(number.data(), number.data() + number.size(), value).ec ==
         std::errc::result_out_of_range;
}

// Behind the string whose opening quote stands at `at`.
size_t SkipString(std::string_view json, size_t at) {
  for (++at; at < json.size() && json[at] != '"'; ++at) {
    if (json[at] == '\\') ++at;
  }
  return at + 1;
}

}  // namespace

std::vector<LoneSurrogate> ReplaceLoneSurrogates(std::string* json) {
  std::vector<LoneSurrogate> found;
  // Backslashes stand only in strings, so there is no need to know where strings begin.
  for (size_t at = json->find('\\'); at < json->size(); at = json->find('\\', at)) {
    const auto unit = UnitAt(*json, at);
    if (!unit.has_value()) {
      at += 2;
      continue;
    }
    const auto next = UnitAt(*json, at + kEscapeLength);
    if (IsHigh(*unit) && next.has_value() && IsLow(*next)) {
      at += 2 * kEscapeLength;
      continue;
    }
    if (IsHigh(*unit) || IsLow(*unit)) {
      found.push_back({static_cast<uint32_t>(at), *unit});
      json->replace(at, kEscapeLength, "\\ufffd");
    }
    at += kEscapeLength;
  }
  return found;
}

bool BlankOverflowingNumbers(std::string* json) {
  bool found = false;
  for (size_t at = 0; at < json->size();) {
    if ((*json)[at] == '"') {
      at = SkipString(*json, at);
      continue;
    }
    const size_t end = NumberEnd(*json, at);
    if (end == at) {
      ++at;
      continue;
    }
    if (Overflows(std::string_view(*json).substr(at, end - at))) {
      json->replace(at, end - at, end - at, ' ');
      (*json)[at] = '0';
      found = true;
    }
    at = end;
  }
  return found;
}

uint32_t JoinSurrogates(uint16_t high, uint16_t low) {
  return 0x10000 + ((high - 0xD800u) << 10) + (low - 0xDC00u);
}

}  // namespace sparkgate::translate
