// The JSON pieces that chunks and whole bodies have in common, as text. Pure.
#ifndef SPARKGATE_SIMULATOR_ANSWER_PARTS_H_
#define SPARKGATE_SIMULATOR_ANSWER_PARTS_H_

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "simulator/answer.h"

namespace sparkgate::simulator {

// Typed parts, as some servers write `content` in a list.
std::string TextPartJson(std::string_view text);
std::string ThinkingPartJson(std::string_view text);

// {"prompt_tokens":…}; `completion_tokens` as far as the answer has come.
std::string UsageJson(const Answer& answer, int completion_tokens);

struct Timing {
  std::chrono::microseconds to_first_token{0};
  std::chrono::microseconds processing{0};
};

// Name without "fireworks-", value as a number's text or a word. Seconds have six decimals.
// Dedicated deployments ("…/deployments/…", "model#deployment") report more.
struct Metric {
  std::string name;
  std::string value;
  bool is_count;  // In the body counts are numbers and everything else is a string: both occur.
};
std::vector<Metric> PerfMetrics(const Answer& answer, const Timing& timing);
std::string PerfMetricsJson(const std::vector<Metric>& metrics);

// [12,815,…]
std::string TokenIdsJson(std::string_view text);

// The value of `logprobs` for the tokens of `text`, which begins at `offset` of the choice's
// text, in the shape that the call asked for. Empty if it asked for none.
std::string LogprobsJson(const CallRequest& call, std::string_view text, size_t offset);

std::string RawOutputJson(const Answer& answer, const ChoiceAnswer& choice);

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_ANSWER_PARTS_H_
