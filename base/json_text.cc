#include "base/json_text.h"

#include <algorithm>
#include <charconv>

namespace sparkgate {
namespace {

// The unit of the escape `\uXXXX` at `at`.
std::optional<uint16_t> UnitAt(std::string_view json, size_t at) {
  if (json.substr(at, 2) != "\\u" || json.size() - at < kUnicodeEscapeLength) return std::nullopt;
  const char* digits = json.data() + at + 2;
  uint16_t unit = 0;
  const auto [end, error] = std::from_chars(digits, digits + 4, unit, 16);
  if (error != std::errc() || end != digits + 4) return std::nullopt;
  return unit;
}

bool Overflows(std::string_view number) {
  double value;
  return std::from_chars(number.data(), number.data() + number.size(), value).ec ==
         std::errc::result_out_of_range;
}

// The position after the string whose opening quote is at `at`.
size_t SkipString(std::string_view json, size_t at) {
  for (++at; at < json.size() && json[at] != '"'; ++at) {
    if (json[at] == '\\') ++at;
  }
  return at + 1;
}

// Appends the string whose opening quote is at `at` with its control characters escaped, as far as
// `max_bytes` allows; returns where it ends.
size_t AppendString(std::string_view json, size_t at, size_t max_bytes, std::string* out) {
  const size_t end = std::min(SkipString(json, at), json.size());
  for (; at < end && out->size() <= max_bytes; ++at) {
    if (IsControl(json[at])) {
      AppendUnicodeEscape(json[at], out);
    } else {
      out->push_back(json[at]);
    }
  }
  return end;
}

// The length of a NaN or an infinity at the start of `json`; 0 if there is none.
size_t NonNumberLength(std::string_view json) {
  const size_t sign = !json.empty() && (json[0] == '-' || json[0] == '+') ? 1 : 0;
  for (const std::string_view word : {"NaN", "nan", "Infinity", "infinity", "Inf", "inf"}) {
    if (json.substr(sign, word.size()) == word) return sign + word.size();
  }
  return 0;
}

}  // namespace

void AppendUnicodeEscape(char character, std::string* out) {
  constexpr char kDigits[] = "0123456789abcdef";
  out->append("\\u00");
  out->push_back(kDigits[(character >> 4) & 0xF]);
  out->push_back(kDigits[character & 0xF]);
}

std::optional<std::string> EscapeControlsAndNonNumbers(std::string_view json, size_t max_bytes) {
  std::string repaired;
  repaired.reserve(std::min(json.size() + json.size() / 8, max_bytes));
  for (size_t at = 0; at < json.size() && repaired.size() <= max_bytes;) {
    if (json[at] == '"') {
      at = AppendString(json, at, max_bytes, &repaired);
    } else if (const size_t length = NonNumberLength(json.substr(at)); length > 0) {
      repaired.append("null");
      at += length;
    } else {
      repaired.push_back(json[at++]);
    }
  }
  if (repaired.size() > max_bytes || repaired == json) return std::nullopt;
  return repaired;
}

std::vector<LoneSurrogate> ReplaceLoneSurrogates(std::string* json) {
  std::vector<LoneSurrogate> found;
  // Backslashes stand only in strings, so there is no need to know where strings begin.
  for (size_t at = json->find('\\'); at < json->size(); at = json->find('\\', at)) {
    const auto unit = UnitAt(*json, at);
    if (!unit.has_value()) {
      at += 2;
      continue;
    }
    const auto next = UnitAt(*json, at + kUnicodeEscapeLength);
    if (IsHighSurrogate(*unit) && next.has_value() && IsLowSurrogate(*next)) {
      at += 2 * kUnicodeEscapeLength;
      continue;
    }
    if (IsHighSurrogate(*unit) || IsLowSurrogate(*unit)) {
      found.push_back({static_cast<uint32_t>(at), *unit});
      json->replace(at, kUnicodeEscapeLength, "\\ufffd");
    }
    at += kUnicodeEscapeLength;
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

}  // namespace sparkgate
