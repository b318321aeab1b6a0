#include "simulator/text.h"

#include <array>
#include <charconv>
#include <cstdio>

namespace sparkgate::simulator {
namespace {

constexpr size_t kMaxWord = 16;

constexpr std::array<std::string_view, 16> kSubjects = {
    "a lamp",   "the river", "an old fox", "the baker", "a comet",    "the clock",
    "a sailor", "the owl",   "a robot",    "the queen", "a gardener", "the wind",
    "a pilot",  "the moon",  "a printer",  "the cat"};
constexpr std::array<std::string_view, 16> kVerbs = {
    "found",   "painted", "followed", "forgot", "repaired", "carried", "counted", "invited",
    "watched", "lost",    "borrowed", "built",  "answered", "heard",   "opened",  "remembered"};
constexpr std::array<std::string_view, 16> kObjects = {
    "a small door", "seven letters",  "the last train", "a blue map",
    "an empty jar", "the quiet town", "a paper boat",   "two brothers",
    "a warm stone", "the north star", "a broken key",   "the long bridge",
    "a slow song",  "some bread",     "the first snow", "a green coat"};
constexpr std::array<std::string_view, 8> kEnds = {
    "before dawn",      "by the sea",  "without a word", "for the third time",
    "under the bridge", "in the rain", "by accident",    "with great care"};

// SplitMix64: small, stable, good enough to choose words.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  template <size_t kSize>
  std::string_view Pick(const std::array<std::string_view, kSize>& from) {
    return from[Next() % kSize];
  }

 private:
  uint64_t state_;
};

bool IsWordByte(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         (c >= 0x80 && c < 0xF0);
}

size_t CharacterLength(unsigned char first) {
  if (first < 0x80) return 1;
  if (first < 0xE0) return 2;
  return first < 0xF0 ? 3 : 4;
}

std::string Sentence(Random* random) {
  std::string text(random->Pick(kSubjects));
  text[0] = static_cast<char>(text[0] - 'a' + 'A');
  for (std::string_view part :
       {random->Pick(kVerbs), random->Pick(kObjects), random->Pick(kEnds)}) {
    text += " ";
    text += part;
  }
  return text + ".";
}

}  // namespace

std::string_view NextToken(std::string_view rest) {
  if (rest.empty()) return rest;
  const size_t start = rest[0] == ' ' ? 1 : 0;
  size_t end = start;
  while (end < rest.size() && end < kMaxWord && IsWordByte(rest[end])) {
    end += CharacterLength(rest[end]);
  }
  if (end == start) end = start == 1 ? 1 : CharacterLength(rest[0]);
  return rest.substr(0, end);
}

int CountTokens(std::string_view text) {
  int count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(NextToken(text).size());
  return count;
}

std::string_view FirstTokens(std::string_view text, int count) {
  std::string_view rest = text;
  for (; count > 0 && !rest.empty(); --count) rest.remove_prefix(NextToken(rest).size());
  return text.substr(0, text.size() - rest.size());
}

std::string StoryText(uint64_t seed, int tokens) {
  Random random(seed);
  std::string text;
  for (int have = 0; have < tokens;) {
    std::string sentence = text.empty() ? Sentence(&random) : " " + Sentence(&random);
    have += CountTokens(sentence);
    text += sentence;
  }
  text.resize(FirstTokens(text, tokens).size());
  return text;
}

uint64_t StableHash(std::string_view text) {
  uint64_t hash = 0xCBF29CE484222325ULL;
  for (unsigned char c : text) hash = (hash ^ c) * 0x100000001B3ULL;
  return hash;
}

int TokenId(std::string_view token) { return static_cast<int>(StableHash(token) % 128'000); }

double TokenLogprob(std::string_view token) {
  return -static_cast<double>(StableHash(token) % 4096) / 1024.0;
}

void AppendJsonString(std::string_view text, std::string* out) {
  out->push_back('"');
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(c);
    } else if (c == '\n') {
      *out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[16];
      std::snprintf(escape, sizeof(escape), "\\u%04x", static_cast<unsigned>(c));
      *out += escape;
    } else {
      out->push_back(c);
    }
  }
  out->push_back('"');
}

std::string WithRawControls(std::string_view json) {
  constexpr std::string_view kUnicode = "\\u00";
  std::string raw;
  for (size_t at = 0; at < json.size();) {
    int code = 0x20;
    const bool unicode = json.substr(at, kUnicode.size()) == kUnicode;
    if (unicode) std::from_chars(json.data() + at + 4, json.data() + at + 6, code, 16);
    if (code < 0x20 && code != '\n' && code != '\r') {
      raw.push_back(static_cast<char>(code));
      at += 6;
    } else if (json.substr(at, 2) == "\\t") {
      raw.push_back('\t');
      at += 2;
    } else {
      const size_t size = json[at] == '\\' ? 2 : 1;
      raw += json.substr(at, size);
      at += size;
    }
  }
  return raw;
}

void SurrogateEscapes(std::string_view character, std::string* high, std::string* low) {
  uint32_t code = static_cast<unsigned char>(character[0]) & 0x07;
  for (size_t i = 1; i < 4; ++i) {
    code = (code << 6) | (static_cast<unsigned char>(character[i]) & 0x3F);
  }
  code -= 0x10000;
  char escape[16];
  std::snprintf(escape, sizeof(escape), "\\u%04x", 0xD800u + (code >> 10));
  *high = escape;
  std::snprintf(escape, sizeof(escape), "\\u%04x", 0xDC00u + (code & 0x3FF));
  *low = escape;
}

}  // namespace sparkgate::simulator
