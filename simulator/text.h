// Made-up text, its tokens, and JSON as text. Everything here is a pure function of its arguments.
#ifndef SPARKGATE_SIMULATOR_TEXT_H_
#define SPARKGATE_SIMULATOR_TEXT_H_

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace sparkgate::simulator {

// Removes the first token of *rest and returns it, not empty unless *rest is: a word with the space
// before it, or one other character. A character of four bytes (emoji) is always a token of its
// own, so that it can be cut into a surrogate pair.
std::string_view TakeToken(std::string_view* rest);

int CountTokens(std::string_view text);

// The first `count` tokens of the text.
std::string_view FirstTokens(std::string_view text, int count);

// A story of exactly `tokens` tokens; the same for the same seed.
std::string StoryText(uint64_t seed, int tokens);

// A stable number for a token's text, below 128,000.
int TokenId(std::string_view token);

// A stable, plausible log probability for a token, at most 0.
double TokenLogprob(std::string_view token);

// FNV-1a: stable over runs and machines, unlike std::hash.
uint64_t StableHash(std::string_view text);

// Keeps the order of members. Nothing if the text is not JSON or nests deeper than 128 levels:
// nlohmann's dump() recurses. Callers include <nlohmann/json.hpp>.
std::optional<nlohmann::ordered_json> ParseJson(std::string_view text);

// The member, or null when it is absent.
const nlohmann::ordered_json& Member(const nlohmann::ordered_json& object, const char* key);

// `text` (valid UTF-8) as a JSON string with its quotes.
std::string JsonString(std::string_view text);

// `json` with control characters in place of their escapes, which JSON forbids. Line ends stay
// escaped, because they would end an event of a stream.
std::string WithRawControls(std::string_view json);

// The two halves, as \uXXXX escapes, of a character of four bytes.
void SurrogateEscapes(std::string_view character, std::string* high, std::string* low);

// A JSON text that fits the schema: arguments of tool calls, answers in JSON mode. Knows type,
// properties, items, enum, const, the first of anyOf and minimum, and ignores the rest. An empty or
// unusable schema gives a small object. The same for the same seed.
std::string SampleJson(std::string_view schema_json, uint64_t seed);

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_TEXT_H_
