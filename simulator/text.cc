#include "simulator/text.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace sparkgate::simulator {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMaxDepth = 128;
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

// Brackets outside of strings; says nothing about whether the text is JSON otherwise.
bool TooDeep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxDepth) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

}  // namespace

std::string_view TakeToken(std::string_view* text) {
  const std::string_view rest = *text;
  if (rest.empty()) return rest;
  const size_t start = rest[0] == ' ' ? 1 : 0;
  size_t end = start;
  while (end < rest.size() && end < kMaxWord && IsWordByte(rest[end])) {
    end += CharacterLength(rest[end]);
  }
  if (end == start) end = start == 1 ? 1 : CharacterLength(rest[0]);
  const std::string_view token = rest.substr(0, end);
  text->remove_prefix(token.size());
  return token;
}

int CountTokens(std::string_view text) {
  int count = 0;
  for (; !text.empty(); ++count) TakeToken(&text);
  return count;
}

std::string_view FirstTokens(std::string_view text, int count) {
  std::string_view rest = text;
  for (; count > 0 && !rest.empty(); --count) TakeToken(&rest);
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

std::optional<Json> ParseJson(std::string_view text) {
  if (TooDeep(text)) return std::nullopt;
  auto value = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) return std::nullopt;
  return value;
}

const Json& Member(const Json& object, const char* key) {
  static const Json kNull;
  const auto found = object.find(key);
  return found == object.end() ? kNull : *found;
}

std::string JsonString(std::string_view text) {
  std::string json = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (c == '\n') {
      json += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[16];
      std::snprintf(escape, sizeof(escape), "\\u%04x", static_cast<unsigned>(c));
      json += escape;
    } else {
      json += c;
    }
  }
  return json += '"';
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

namespace {

std::string TypeOf(const Json& schema) {
  const Json& type = Member(schema, "type");
  const Json& first = type.is_array() && !type.empty() ? type.front() : type;
  if (first.is_string()) return first.get<std::string>();
  return schema.contains("properties") ? "object" : "string";
}

Json Sample(const Json& schema, uint64_t seed);

Json SampleObject(const Json& schema, uint64_t seed) {
  Json object = Json::object();
  const Json& properties = Member(schema, "properties");
  if (!properties.is_object()) return object;
  for (const auto& [name, property] : properties.items()) {
    object[name] = Sample(property, seed ^ StableHash(name));
  }
  return object;
}

Json SampleNumber(const Json& schema, uint64_t seed, bool integer) {
  const Json& minimum = Member(schema, "minimum");
  if (integer && minimum.is_number()) return minimum;
  if (integer) return static_cast<int64_t>(seed % 100);
  const double least = minimum.is_number() ? minimum.get<double>() : 0.0;
  return least + static_cast<double>(seed % 100) / 8.0;
}

Json SampleArray(const Json& schema, uint64_t seed) {
  if (!schema.contains("items")) return Json::array();
  return Json::array({Sample(schema["items"], seed)});
}

Json Sample(const Json& schema, uint64_t seed) {
  if (!schema.is_object()) return nullptr;
  if (schema.contains("const")) return schema["const"];
  const Json& choices = Member(schema, "enum");
  if (choices.is_array() && !choices.empty()) return choices[seed % choices.size()];
  const Json& any_of = Member(schema, "anyOf");
  if (any_of.is_array() && !any_of.empty()) return Sample(any_of.front(), seed);
  const std::string type = TypeOf(schema);
  if (type == "object") return SampleObject(schema, seed);
  if (type == "array") return SampleArray(schema, seed);
  if (type == "integer" || type == "number") return SampleNumber(schema, seed, type == "integer");
  if (type == "boolean") return seed % 2 == 0;
  if (type == "null") return nullptr;
  return StoryText(seed, 2);
}

}  // namespace

std::string SampleJson(std::string_view schema_json, uint64_t seed) {
  const auto schema = ParseJson(schema_json);
  if (schema && schema->is_object() && !schema->empty()) return Sample(*schema, seed).dump();
  Json object;
  object["subject"] = StoryText(seed, 2);
  object["count"] = seed % 100;
  return object.dump();
}

}  // namespace sparkgate::simulator
