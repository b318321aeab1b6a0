#include "service/translate/known_secret.h"

#include <algorithm>
#include <utility>

#include "base/base64.h"

namespace sparkgate::translate {
namespace {

constexpr size_t kLeastSecret = 4;
constexpr size_t kTellingPrefix = 8;

bool IsUnreserved(unsigned char c) {  // RFC 3986 §2.3
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

std::string PercentEncoded(std::string_view text, const char* digits) {
  std::string encoded;
  for (const unsigned char c : text) {
    if (IsUnreserved(c)) {
      encoded.push_back(static_cast<char>(c));
    } else {
      encoded.append({'%', digits[c >> 4], digits[c & 15]});
    }
  }
  return encoded;
}

// The characters of base64 that depend on `secret` alone when `before` bytes stand before it in
// their group of three ("user:" or "Bearer ", say) and any bytes behind it.
std::string WithinBase64(std::string_view secret, size_t before) {
  std::string encoded;
  AppendBase64(std::string(before, '\0') + std::string(secret), &encoded);
  const size_t begin = (before * 8 + 5) / 6;
  const size_t end = (before + secret.size()) * 8 / 6;
  return encoded.substr(begin, end - begin);
}

}  // namespace

KnownSecret::KnownSecret(std::string_view secret) {
  if (secret.size() < kLeastSecret) return;
  Add(std::string(secret));
  for (const char* digits : {"0123456789ABCDEF", "0123456789abcdef"}) {
    Add(PercentEncoded(secret, digits));
  }
  for (size_t before = 0; before < 3; ++before) {
    std::string form = WithinBase64(secret, before);
    Add(form);
    std::replace(form.begin(), form.end(), '+', '-');
    std::replace(form.begin(), form.end(), '/', '_');
    Add(std::move(form));
  }
}

void KnownSecret::Add(std::string form) {
  if (form.size() < kLeastSecret) return;
  if (std::find(forms_.begin(), forms_.end(), form) != forms_.end()) return;
  first_.set(static_cast<unsigned char>(form[0]));
  forms_.push_back(std::move(form));
}

size_t KnownSecret::LengthAtStartOf(std::string_view text) const {
  size_t longest = 0;
  for (const std::string& form : forms_) {
    const size_t most = std::min(text.size(), form.size());
    const size_t common =
        std::mismatch(form.begin(), form.begin() + most, text.begin()).first - form.begin();
    if (common >= std::min(form.size(), kTellingPrefix)) longest = std::max(longest, common);
  }
  return longest;
}

std::string KnownSecret::RemovedFrom(std::string_view text) const {
  std::string cleaned;
  cleaned.reserve(text.size());
  while (!text.empty()) {
    const bool may_begin = first_.test(static_cast<unsigned char>(text[0]));
    const size_t length = may_begin ? LengthAtStartOf(text) : 0;
    if (length == 0) {
      cleaned.push_back(text[0]);
    } else {
      cleaned += "[redacted]";
    }
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return cleaned;
}

void KnownSecret::RemoveFrom(std::string* text) const {
  if (!forms_.empty() && !text->empty()) *text = RemovedFrom(*text);
}

}  // namespace sparkgate::translate
