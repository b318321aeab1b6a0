#include "service/translate/known_secrets.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "base/base64.h"

namespace sparkgate::translate {
namespace {

constexpr size_t kLeastSecret = 4;
constexpr size_t kLeastHeaderValue = 8;
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

// What stands behind the name of a scheme, as in "Bearer abc"; "" if there is none.
std::string_view CredentialsIn(std::string_view value) {
  const size_t space = value.find(' ');
  if (space == std::string_view::npos) return "";
  const absl::string_view scheme(value.data(), space);
  for (const char* known : {"bearer", "basic", "token", "apikey", "api-key", "key"}) {
    if (absl::EqualsIgnoreCase(scheme, known)) {
      return value.substr(value.find_first_not_of(' ', space));
    }
  }
  return "";
}

}  // namespace

void KnownSecrets::AddKey(std::string_view key) {
  if (key.size() >= kLeastSecret) AddAllForms(key, Telling::kEight);
}

void KnownSecrets::AddBasic(std::string_view user, std::string_view password) {
  const std::string pair = std::string(user) + ':' + std::string(password);
  std::string whole;
  AppendBase64(pair, &whole);
  Add(std::move(whole), Telling::kEight);
  AddBase64Forms(pair, Telling::kEight);
}

void KnownSecrets::AddHeaderValue(std::string_view value) {
  if (value.size() < kLeastHeaderValue) return;
  AddAllForms(value, Telling::kOverHalf);
  const std::string_view credentials = CredentialsIn(value);
  if (credentials.size() >= kLeastHeaderValue) AddAllForms(credentials, Telling::kOverHalf);
}

void KnownSecrets::AddAllForms(std::string_view secret, Telling telling) {
  Add(std::string(secret), telling);
  for (const char* digits : {"0123456789ABCDEF", "0123456789abcdef"}) {
    Add(PercentEncoded(secret, digits), telling);
  }
  AddBase64Forms(secret, telling);
}

void KnownSecrets::AddBase64Forms(std::string_view secret, Telling telling) {
  for (size_t before = 0; before < 3; ++before) {
    std::string form = WithinBase64(secret, before);
    Add(form, telling);
    std::replace(form.begin(), form.end(), '+', '-');
    std::replace(form.begin(), form.end(), '/', '_');
    Add(std::move(form), telling);
  }
}

void KnownSecrets::Add(std::string form, Telling telling) {
  if (form.size() < kLeastSecret) return;
  const size_t least = telling == Telling::kEight
                           ? std::min(form.size(), kTellingPrefix)
                           : std::min(form.size(), std::max(kTellingPrefix, form.size() / 2 + 1));
  const auto same = std::find_if(forms_.begin(), forms_.end(),
                                 [&form](const Form& known) { return known.text == form; });
  if (same != forms_.end()) {
    same->least = std::min(same->least, least);
    return;
  }
  first_.set(static_cast<unsigned char>(form[0]));
  forms_.push_back({std::move(form), least});
}

size_t KnownSecrets::LengthAtStartOf(std::string_view text) const {
  size_t longest = 0;
  for (const auto& [form, least] : forms_) {
    const size_t most = std::min(text.size(), form.size());
    const size_t common =
        std::mismatch(form.begin(), form.begin() + most, text.begin()).first - form.begin();
    if (common >= least) longest = std::max(longest, common);
  }
  return longest;
}

std::string KnownSecrets::RemovedFrom(std::string_view text) const {
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

void KnownSecrets::RemoveFrom(std::string* text) const {
  if (!forms_.empty() && !text->empty()) *text = RemovedFrom(*text);
}

}  // namespace sparkgate::translate
