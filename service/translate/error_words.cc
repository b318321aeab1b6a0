#include "service/translate/error_words.h"

#include <algorithm>
#include <utility>

#include "base/json_reader.h"
#include "base/json_text.h"

namespace sparkgate::translate {
namespace {

constexpr size_t kEnough = 4096;  // bytes of words; callers are shown far less

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// std::string_view::find without regard to case; `lower` is in lower case.
size_t FindLower(std::string_view text, std::string_view lower, size_t from = 0) {
  const auto found =
      std::search(text.begin() + std::min(from, text.size()), text.end(), lower.begin(),
                  lower.end(), [](char a, char b) { return Lower(a) == b; });
  return found == text.end() ? std::string_view::npos : found - text.begin();
}

bool IsTagStart(std::string_view text, size_t at) {
  if (text[at] != '<' || at + 1 >= text.size()) return false;
  const char next = Lower(text[at + 1]);
  return (next >= 'a' && next <= 'z') || next == '/' || next == '!';
}

// Behind the element `name` that begins at `at`, or `at` if it is none.
size_t SkipElement(std::string_view text, size_t at, std::string_view name) {
  if (FindLower(text.substr(at, name.size() + 1), name) != 1) return at;
  const size_t end = FindLower(text, "</" + std::string(name), at);
  return end == std::string_view::npos ? text.size() : end;
}

size_t SkipTag(std::string_view text, size_t at) {
  for (const std::string_view name : {"script", "style"}) at = SkipElement(text, at, name);
  if (text.substr(at, 4) == "<!--") {
    const size_t end = text.find("-->", at);
    return end == std::string_view::npos ? text.size() : end + 3;
  }
  return std::min(text.find('>', at), text.size() - 1) + 1;
}

// The first character, which may be one of the few entities that error pages have.
std::string_view Character(std::string_view text, size_t* length) {
  static constexpr std::pair<std::string_view, std::string_view> kEntities[] = {
      {"&amp;", "&"}, {"&lt;", "<"},   {"&gt;", ">"},   {"&quot;", "\""},
      {"&#39;", "'"}, {"&apos;", "'"}, {"&nbsp;", " "}, {"&#x27;", "'"}};
  *length = 1;
  if (text[0] != '&') return text.substr(0, 1);
  for (const auto& [entity, character] : kEntities) {
    if (text.substr(0, entity.size()) != entity) continue;
    *length = entity.size();
    return character;
  }
  return text.substr(0, 1);
}

// Appends, with one space for any run of white space.
void AppendWord(std::string_view character, std::string* words) {
  if (!IsJsonSpace(character[0])) {
    words->append(character);
  } else if (!words->empty() && words->back() != ' ') {
    words->push_back(' ');
  }
}

std::string WithoutTags(std::string_view text) {
  std::string words;
  for (size_t at = 0; at < text.size() && words.size() < kEnough;) {
    if (IsTagStart(text, at)) {
      at = std::max(SkipTag(text, at), at + 1);
      AppendWord(" ", &words);
      continue;
    }
    size_t length = 1;
    AppendWord(Character(text.substr(at), &length), &words);
    at += length;
  }
  return std::string(TrimJsonSpace(words));
}

}  // namespace

bool HasMarkup(std::string_view text) {
  for (size_t at = text.find('<'); at != std::string_view::npos; at = text.find('<', at + 1)) {
    for (const std::string_view mark : {"<!doctype", "<html", "<head", "<body", "</"}) {
      if (FindLower(text.substr(at, mark.size()), mark) == 0) return true;
    }
  }
  return false;
}

std::string WordsOfMarkup(std::string_view text) {
  constexpr std::string_view kTitle = "<title>";
  const size_t title = FindLower(text, kTitle);
  if (title == std::string_view::npos) return WithoutTags(text);
  const size_t begin = title + kTitle.size();
  const std::string_view inner = text.substr(begin, text.find('<', begin) - begin);
  const std::string_view before = text.substr(0, text.find('<'));
  const std::string words = WithoutTags(std::string(before) + " " + std::string(inner));
  return words.empty() ? WithoutTags(text) : words;
}

EmbeddedJson FindEmbeddedJson(std::string_view text) {
  const size_t begin = text.find('{');
  const size_t end = text.rfind('}');
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) {
    return {text, {}};
  }
  const std::string_view object = text.substr(begin, end - begin + 1);
  JsonDocument document;
  if (document.Parse(object) != JsonDocument::Result::kOk) return {text, {}};
  return {text.substr(0, begin), object};
}

std::string MessageOfPythonText(std::string_view text) {
  constexpr std::string_view kKey = "'message': ";
  const size_t key = text.find(kKey);
  if (key == std::string_view::npos || key + kKey.size() >= text.size()) return "";
  text.remove_prefix(key + kKey.size());
  const char quote = text.front();
  if (quote != '\'' && quote != '"') return "";
  std::string message;
  for (size_t at = 1; at < text.size() && text[at] != quote; ++at) {
    if (text[at] == '\\' && at + 1 < text.size()) ++at;
    message.push_back(text[at]);
  }
  return message;
}

}  // namespace sparkgate::translate
