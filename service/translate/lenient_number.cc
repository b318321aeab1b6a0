#include "service/translate/lenient_number.h"

#include <charconv>
#include <cmath>
#include <string_view>

namespace sparkgate::translate {
namespace {

// Beyond it a double no longer holds every integer.
constexpr double kMostExact = 9007199254740992.0;  // 2^53

template <typename Number>
bool Read(std::string_view text, Number* number) {
  const char* const end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, *number);
  return result.ec == std::errc() && result.ptr == end;
}

// What a number or a text spells.
bool Spelling(const JsonValue& value, std::string_view* text) {
  if (value.is(JsonKind::kNumber)) {
    *text = value.raw();
  } else if (value.is(JsonKind::kString)) {
    *text = value.AsText();
  } else {
    return false;
  }
  return !text->empty();
}

}  // namespace

bool LenientDouble(const JsonValue& value, double* number) {
  std::string_view text;
  return Spelling(value, &text) && Read(text, number) && std::isfinite(*number);
}

bool LenientInteger(const JsonValue& value, int64_t* integer) {
  std::string_view text;
  if (!Spelling(value, &text)) return false;
  if (Read(text, integer)) return true;
  double number;
  if (!LenientDouble(value, &number) || std::fabs(number) > kMostExact) return false;
  *integer = static_cast<int64_t>(number);
  return static_cast<double>(*integer) == number;
}

bool WholeSeconds(const JsonValue& value, int64_t* seconds) {
  if (LenientInteger(value, seconds)) return true;
  double number;
  if (!LenientDouble(value, &number) || std::fabs(number) > kMostExact) return false;
  *seconds = static_cast<int64_t>(std::floor(number));
  return true;
}

}  // namespace sparkgate::translate
