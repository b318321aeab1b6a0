#include "service/translate/error_text.h"

#include <algorithm>

#include "base/json_text.h"
#include "base/safe_text.h"

namespace sparkgate::translate {
namespace {

constexpr size_t kMaxText = 512;
constexpr size_t kMaxLooked = 4096;  // what lies behind would be cut off anyway
constexpr size_t kMinSecret = 6;     // behind its prefix
constexpr size_t kMinKey = 8;        // without one

bool IsAlnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool IsSecretCharacter(char c) {
  return IsAlnum(c) || c == '_' || c == '-' || c == '.' || c == '*' || c == '~' || c == '+' ||
         c == '/' || c == '=';
}
bool IsSpace(char c) { return c == ' '; }
bool IsPathCharacter(char c) { return IsAlnum(c) || c == '_' || c == '-' || c == '.' || c == '/'; }

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool StartsWithLower(std::string_view text, std::string_view lower) {
  return text.size() >= lower.size() && std::equal(lower.begin(), lower.end(), text.begin(),
                                                   [](char a, char b) { return a == Lower(b); });
}

size_t RunLength(std::string_view text, bool (*belongs)(char)) {
  return std::find_if_not(text.begin(), text.end(), belongs) - text.begin();
}

// Length of the key at the start of `text`; 0 if there is none.
size_t SecretLength(std::string_view text) {
  if (!IsAlnum(text[0])) return 0;  // most of what is no text: it would be compared with each
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

// Whether `path` is one of the API that is called, and none of a machine's files.
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

// Length of the file path at the start of `text`: two levels at least, or with an extension, or
// with a drive letter, or relative to some place that only a machine knows.
size_t PathLength(std::string_view text) {
  if (text.size() > 3 && IsAlnum(text[0]) && text.substr(1, 2) == ":\\") {
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

// Before the first of what must not be shown and has no end that could be found.
std::string_view CutTail(std::string_view text) {
  for (const std::string_view mark :
       {"Traceback (most recent call last)", "File \"",
        ", value:", "input_value=", "input=", "'input':", "\"input\":", "'prompt':", "\"prompt\":",
        "'content':", "\"content\":", "'messages':", "\"messages\":"}) {
    text = text.substr(0, text.find(mark));
  }
  return text;
}

// Behind these a word is not new: of names, numbers and paths this is the middle.
bool IsInsideWord(char c) { return IsAlnum(c) || c == '_' || c == '-' || c == '.' || c == '/'; }

std::string Clean(std::string_view text, bool about_keys) {
  text = CutTail(text.substr(0, kMaxLooked));
  std::string clean;
  bool word_begins = true;
  // How much of `text` is left behind the run of a key's characters that was looked at last: if it
  // was no key, no part of it is one, and looking at each would be quadratic.
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

}  // namespace

std::string CleanErrorText(std::string_view text) { return Clean(text, /*about_keys=*/false); }

std::string CleanKeyErrorText(std::string_view text) { return Clean(text, /*about_keys=*/true); }

bool SaysContextLength(std::string_view text) {
  std::string lower(text.substr(0, kMaxLooked));
  std::transform(lower.begin(), lower.end(), lower.begin(), Lower);
  for (const char* mark : {"prompt is too long", "maximum context length", "context length",
                           "context_length", "context size", "context_size", "context window"}) {
    if (lower.find(mark) != std::string::npos) return true;
  }
  return false;
}

}  // namespace sparkgate::translate
