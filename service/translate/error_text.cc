#include "service/translate/error_text.h"

#include <algorithm>

#include "service/translate/json_text.h"
#include "service/translate/safe_text.h"

namespace sparkgate::translate {
namespace {

constexpr size_t kMaxText = 512;
constexpr size_t kMaxLooked = 4096;  // what lies behind would be cut off anyway
constexpr size_t kMinSecret = 6;     // behind its prefix

bool IsAlnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool IsSecretCharacter(char c) {
  return IsAlnum(c) || c == '_' || c == '-' || c == '.' || c == '*' || c == '~' || c == '+' ||
         c == '/' || c == '=';
}
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
  for (const std::string_view prefix : {"fw_", "sk-", "sk_", "key_", "fw-", "fpk_"}) {
    if (!StartsWithLower(text, prefix)) continue;
    const size_t run = RunLength(text.substr(prefix.size()), IsSecretCharacter);
    if (run >= kMinSecret) return prefix.size() + run;
  }
  static constexpr std::string_view kBearer = "bearer ";
  if (!StartsWithLower(text, kBearer)) return 0;
  const size_t run = RunLength(text.substr(kBearer.size()), IsSecretCharacter);
  return run == 0 ? 0 : kBearer.size() + run;
}

// Length of the file path at the start of `text`: two levels at least, or with a drive letter.
size_t PathLength(std::string_view text) {
  if (text.size() > 3 && IsAlnum(text[0]) && text.substr(1, 2) == ":\\") {
    return std::min(text.find_first_of(" \t\"'),"), text.size());
  }
  if (text[0] != '/') return 0;
  const size_t run = RunLength(text, IsPathCharacter);
  const std::string_view path = text.substr(0, run);
  return std::count(path.begin(), path.end(), '/') >= 2 && path.find("//") != 0 ? run : 0;
}

// Before the first of what must not be shown and has no end that could be found.
std::string_view CutTail(std::string_view text) {
  for (const std::string_view mark :
       {"Traceback (most recent call last)", ", value:", "input_value=", "input=", "\n  File \""}) {
    text = text.substr(0, text.find(mark));
  }
  return text;
}

}  // namespace

std::string CleanErrorText(std::string_view text) {
  text = CutTail(text.substr(0, kMaxLooked));
  std::string clean;
  bool word_begins = true;
  while (!text.empty()) {
    const size_t secret = word_begins ? SecretLength(text) : 0;
    const size_t path = word_begins && secret == 0 ? PathLength(text) : 0;
    if (secret + path != 0) {
      clean += secret != 0 ? "[redacted]" : "[path]";
      text.remove_prefix(secret + path);
      continue;
    }
    // Behind a colon or a slash begins no path: URLs stay readable. A key begins there as well.
    word_begins = !IsAlnum(text[0]) && text[0] != '_' && text[0] != '-';
    clean += text[0];
    text.remove_prefix(1);
    if (!text.empty() && text[0] == '/' && clean.back() != ' ' && clean.back() != '"' &&
        clean.back() != '\'' && clean.back() != '(') {
      word_begins = false;
    }
  }
  return std::string(TrimJsonSpace(SafeText(clean, kMaxText)));
}

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
