#include "service/translate/redaction.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "base/json_text.h"
#include "base/text.h"

namespace sparkgate::translate {
namespace {

constexpr size_t kMaxText = 512;
constexpr size_t kMaxLooked = 4096;  // the rest would be cut off anyway
constexpr size_t kMinSecret = 6;     // after its prefix
constexpr size_t kMinKey = 8;        // without one

bool IsSecretCharacter(char c) {
  return absl::ascii_isalnum(c) || c == '_' || c == '-' || c == '.' || c == '*' || c == '~' ||
         c == '+' || c == '/' || c == '=';
}
bool IsSpace(char c) { return c == ' '; }
bool IsPathCharacter(char c) {
  return absl::ascii_isalnum(c) || c == '_' || c == '-' || c == '.' || c == '/';
}

bool StartsWithLower(std::string_view text, std::string_view lower) {
  return text.size() >= lower.size() &&
         std::equal(lower.begin(), lower.end(), text.begin(),
                    [](char a, char b) { return a == absl::ascii_tolower(b); });
}

size_t RunLength(std::string_view text, bool (*belongs)(char)) {
  return std::find_if_not(text.begin(), text.end(), belongs) - text.begin();
}

// Length of the key at the start of `text`; 0 if there is none.
size_t SecretLength(std::string_view text) {
  if (!absl::ascii_isalnum(text[0])) return 0;  // saves the comparisons below
  for (const std::string_view prefix :
       {"fw_", "fw-", "fpk_", "sk-", "sk_", "pk-", "pk_", "rk_", "key_", "hf_", "gsk_", "xai-",
        "ghp_", "glpat-", "akia", "aiza", "eyj"}) {
    if (!StartsWithLower(text, prefix)) continue;
    const size_t run = RunLength(text.substr(prefix.size()), IsSecretCharacter);
    if (run >= kMinSecret) return prefix.size() + run;
  }
  for (const std::string_view name :
       {"bearer ", "authorization: basic ", "api_key=", "api-key=", "apikey=", "api_key:",
        "api-key:", "apikey:", "key=", "token=", "secret=", "password="}) {
    if (!StartsWithLower(text, name)) continue;
    const size_t space = RunLength(text.substr(name.size()), IsSpace);
    const size_t run = RunLength(text.substr(name.size() + space), IsSecretCharacter);
    if (run != 0) return name.size() + space + run;
  }
  return 0;
}

// Whether a key may look like this word.
bool MayBeKey(std::string_view word) {
  return word.size() >= kMinKey && word.find_first_of("0123456789*") != std::string_view::npos;
}

// Whether `path` belongs to the API, not to a machine's files.
bool IsEndpoint(std::string_view path) {
  static constexpr std::string_view kSegments[] = {"v1",          "v1beta",      "v2",
                                                   "api",         "openai",      "inference",
                                                   "chat",        "completions", "models",
                                                   "embeddings",  "responses",   "messages",
                                                   "generate",    "rerank",      "audio",
                                                   "images",      "files",       "batches",
                                                   "moderations", "health",      "compatible-mode"};
  while (!path.empty() && path.back() == '.') path.remove_suffix(1);  // a sentence's
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    if (std::find(std::begin(kSegments), std::end(kSegments), segment) == std::end(kSegments)) {
      return false;
    }
    path.remove_prefix(segment.size());
  }
  return true;
}

// Length of the file path at the start of `text`: with two levels at least, an extension or a drive
// letter, or relative.
size_t PathLength(std::string_view text) {
  if (text.size() > 3 && absl::ascii_isalnum(text[0]) && text.substr(1, 2) == ":\\") {
    return std::min(text.find_first_of(" \t\"'),"), text.size());
  }
  for (const std::string_view begin : {"file:/", "../", "./", "~/"}) {
    if (!StartsWithLower(text, begin)) continue;
    return begin.size() + RunLength(text.substr(begin.size()), IsPathCharacter);
  }
  if (text[0] != '/') return 0;
  const size_t run = RunLength(text, IsPathCharacter);
  const std::string_view path = text.substr(0, run);
  if (IsEndpoint(path)) return 0;
  const bool deep = std::count(path.begin(), path.end(), '/') >= 2;
  const bool named = path.find('.', 2) < path.size() - 1;
  return deep || named ? run : 0;
}

// Cuts at the first of what must not be shown and whose end cannot be found.
std::string_view CutTail(std::string_view text) {
  for (const std::string_view mark :
       {"Traceback (most recent call last)", "File \"",
        ", value:", "input_value=", "input=", "'input':", "\"input\":", "'prompt':", "\"prompt\":",
        "'content':", "\"content\":", "'messages':", "\"messages\":"}) {
    text = text.substr(0, text.find(mark));
  }
  return text;
}

// Characters after which no new word begins.
bool IsInsideWord(char c) {
  return absl::ascii_isalnum(c) || c == '_' || c == '-' || c == '.' || c == '/';
}

std::string Clean(std::string_view text, bool about_keys) {
  text = CutTail(text.substr(0, kMaxLooked));
  std::string clean;
  bool word_begins = true;
  // How much of `text` follows the last run of a key's characters: if the run was not a key, no
  // part of it is, and checking each part would be quadratic.
  size_t behind_run = text.size();
  while (!text.empty()) {
    size_t secret = word_begins || clean.back() == '/' ? SecretLength(text) : 0;
    if (secret == 0 && word_begins && about_keys && text.size() <= behind_run) {
      const size_t run = RunLength(text, IsSecretCharacter);
      if (MayBeKey(text.substr(0, run))) secret = run;
      behind_run = text.size() - run;
    }
    const bool url = !clean.empty() && clean.back() == ':' && text.substr(0, 2) == "//";
    const size_t path = word_begins && secret == 0 && !url ? PathLength(text) : 0;
    if (secret + path != 0) {
      clean += secret != 0 ? "[redacted]" : "[path]";
      text.remove_prefix(secret + path);
    } else {
      clean += text[0];
      text.remove_prefix(1);
    }
    word_begins = !IsInsideWord(clean.back());
  }
  return std::string(TrimJsonSpace(SafeText(clean, kMaxText)));
}

constexpr size_t kLeastSecret = 4;
constexpr size_t kLeastHeaderValue = 8;
constexpr size_t kTellingPrefix = 8;

std::string PercentEncoded(std::string_view text, const char* digits) {
  std::string encoded;
  for (const unsigned char c : text) {
    if (absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {  // RFC 3986 §2.3
      encoded.push_back(static_cast<char>(c));
    } else {
      encoded.append({'%', digits[c >> 4], digits[c & 15]});
    }
  }
  return encoded;
}

// The base64 characters that depend on `secret` alone if it follows `before` bytes in their group
// of three (as in "user:…" or "Bearer …") and any bytes follow it.
std::string WithinBase64(std::string_view secret, size_t before) {
  std::string encoded;
  AppendBase64(std::string(before, '\0') + std::string(secret), &encoded);
  const size_t begin = (before * 8 + 5) / 6;
  const size_t end = (before + secret.size()) * 8 / 6;
  return encoded.substr(begin, end - begin);
}

// The part after the name of a scheme, as in "Bearer abc"; "" if there is none.
std::string_view CredentialsIn(std::string_view value) {
  const size_t space = value.find(' ');
  if (space == std::string_view::npos) return "";
  const absl::string_view scheme(value.data(), space);
  for (const char* known : {"bearer", "basic", "token", "apikey", "api-key", "key"}) {
    if (absl::EqualsIgnoreCase(scheme, known)) {
      return value.substr(std::min(value.find_first_not_of(' ', space), value.size()));
    }
  }
  return "";
}

}  // namespace

std::string CleanErrorText(std::string_view text) { return Clean(text, /*about_keys=*/false); }

std::string CleanKeyErrorText(std::string_view text) { return Clean(text, /*about_keys=*/true); }

bool SaysContextLength(std::string_view text) {
  const std::string lower = absl::AsciiStrToLower({text.data(), std::min(text.size(), kMaxLooked)});
  for (const char* mark : {"prompt is too long", "maximum context length", "context length",
                           "context_length", "context size", "context_size", "context window"}) {
    if (lower.find(mark) != std::string::npos) return true;
  }
  return false;
}

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
