#include "base/safe_text.h"

#include <algorithm>

#include "base/utf8.h"

namespace sparkgate {

std::string SafeText(std::string_view text, size_t limit) {
  std::string safe;
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    std::string_view character = length == 0 ? kReplacement : text.substr(0, length);
    const auto first = static_cast<unsigned char>(character[0]);
    // C0 with DEL, and C1, which terminals obey as well.
    const bool control = first < 0x20 || first == 0x7F ||
                         (first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0);
    if (control) character = " ";
    if (safe.size() + character.size() > limit) break;
    safe += character;
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return safe;
}

}  // namespace sparkgate
