#include "base/text.h"

#include <algorithm>

namespace sparkgate {
namespace {

struct Lead {
  size_t length;            // of the whole character; 0: no lead byte
  unsigned char low, high;  // bounds of the second byte, against overlong forms and surrogates
};

Lead LeadOf(unsigned char byte) {
  if (byte < 0x80) return {1, 0, 0};
  if (byte < 0xC2) return {0, 0, 0};
  if (byte < 0xE0) return {2, 0x80, 0xBF};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};
  if (byte == 0xED) return {3, 0x80, 0x9F};
  if (byte < 0xF0) return {3, 0x80, 0xBF};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte < 0xF4) return {4, 0x80, 0xBF};
  if (byte == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

// Bytes from the start of `text` that could still have become a character, at least one: what one
// U+FFFD stands for.
size_t BrokenLength(std::string_view text) {
  const Lead lead = LeadOf(static_cast<unsigned char>(text[0]));
  size_t length = 1;
  while (length < lead.length && length < text.size()) {
    const auto byte = static_cast<unsigned char>(text[length]);
    const unsigned char low = length == 1 ? lead.low : 0x80;
    const unsigned char high = length == 1 ? lead.high : 0xBF;
    if (byte < low || byte > high) break;
    ++length;
  }
  return length;
}

}  // namespace

size_t CharacterLength(std::string_view text) {
  if (text.empty()) return 0;
  const size_t length = LeadOf(static_cast<unsigned char>(text[0])).length;
  return length != 0 && BrokenLength(text) == length ? length : 0;
}

bool IsValidUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string RepairUtf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    size_t length = CharacterLength(text);
    if (length != 0) {
      out.append(text.substr(0, length));
    } else {
      out.append(kReplacement);
      length = BrokenLength(text);
    }
    text.remove_prefix(length);
  }
  return out;
}

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

void AppendCodePoint(uint32_t code_point, std::string* out) {
  const auto push = [out](uint32_t byte) { out->push_back(static_cast<char>(byte)); };
  const auto tail = [&](int shift) { push(0x80 | ((code_point >> shift) & 0x3F)); };
  if (code_point < 0x80) {
    push(code_point);
  } else if (code_point < 0x800) {
    push(0xC0 | (code_point >> 6));
    tail(0);
  } else if (code_point < 0x10000) {
    push(0xE0 | (code_point >> 12));
    tail(6), tail(0);
  } else {
    push(0xF0 | (code_point >> 18));
    tail(12), tail(6), tail(0);
  }
}

bool IsPrintableAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

bool IsVisibleAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

void AppendBase64(std::string_view bytes, std::string* out) {
  static constexpr char kAlphabet[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  out->reserve(out->size() + (bytes.size() + 2) / 3 * 4);
  for (size_t at = 0; at < bytes.size(); at += 3) {
    const std::string_view group = bytes.substr(at, 3);
    uint32_t bits = 0;
    for (size_t i = 0; i < 3; ++i) {
      bits = bits << 8 | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0);
    }
    for (size_t i = 0; i < 4; ++i) {
      out->push_back(i <= group.size() ? kAlphabet[bits >> (18 - 6 * i) & 63] : '=');
    }
  }
}

}  // namespace sparkgate
