// Text, tokens and their numbers. Everything here is a pure function of its arguments.
#ifndef SPARKGATE_SIMULATOR_TEXT_H_
#define SPARKGATE_SIMULATOR_TEXT_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace sparkgate::simulator {

// The first token of `rest`, not empty unless `rest` is: a word with the space before it, or one
// other character. A character of four bytes (emoji) is always a token of its own, so that it can
// be cut into a surrogate pair.
std::string_view NextToken(std::string_view rest);

int CountTokens(std::string_view text);

// The text's first `count` tokens.
std::string_view FirstTokens(std::string_view text, int count);

// A story of exactly `tokens` tokens; the same for the same seed.
std::string StoryText(uint64_t seed, int tokens);

// A stable number for a token's text, below 128,000.
int TokenId(std::string_view token);

// A stable, plausible log probability for a token, at most 0.
double TokenLogprob(std::string_view token);

// FNV-1a: stable over runs and machines, unlike std::hash.
uint64_t StableHash(std::string_view text);

// Appends `text` (valid UTF-8) as a JSON string with its quotes.
void AppendJsonString(std::string_view text, std::string* out);

// `json` with the control characters themselves in place of their escapes, which JSON forbids. Ends
// of lines stay escaped: they would end an event of a stream.
std::string WithRawControls(std::string_view json);

// The two halves, as \uXXXX escapes, of a character of four bytes.
void SurrogateEscapes(std::string_view character, std::string* high, std::string* low);

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_TEXT_H_
