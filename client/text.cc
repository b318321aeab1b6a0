#include "client/text.h"

#include <cstddef>

#include "base/text.h"

namespace sparkgate::client {

std::string ForTerminal(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    const bool c1 = c == 0xC2 && at + 1 < text.size() &&
                    static_cast<unsigned char>(text[at + 1]) >= 0x80 &&
                    static_cast<unsigned char>(text[at + 1]) <= 0x9F;
    if (c1 || c == 0x7F || (c < 0x20 && c != '\n' && c != '\t')) {
      out += kReplacement;
      if (c1) ++at;
    } else {
      out.push_back(text[at]);
    }
  }
  return out;
}

}  // namespace sparkgate::client
