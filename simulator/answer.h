// The whole answer to one call, and its JSON: the pieces that chunks (chunk_source.h) and bodies
// have in common, and the body of a call without `stream`. Pure.
#ifndef SPARKGATE_SIMULATOR_ANSWER_H_
#define SPARKGATE_SIMULATOR_ANSWER_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/chat_request.h"
#include "simulator/plan.h"

namespace sparkgate::simulator {

struct ToolCallAnswer {
  std::string id;
  std::string name;
  std::string arguments;
};

struct ChoiceAnswer {
  std::string reasoning;
  std::string content;
  size_t echoed = 0;  // Bytes at the start of `content` that are the prompt.
  std::vector<ToolCallAnswer> tool_calls;
  std::string finish_reason = "stop";
  int completion_tokens = 0;
};

struct Answer {
  std::string id;
  std::string model;
  int64_t created = 0;  // Unix seconds.
  std::vector<ChoiceAnswer> choices;
  ChatRequest request;
  bool split_surrogates = false;
  Dialect dialect = Dialect::kPlain;

  int CompletionTokens() const;
};

// `body` is the request as received (for Content::kEchoRequest), `id` the answer's id.
Answer MakeAnswer(const ChatRequest& request, const Plan& plan, const std::string& body,
                  const std::string& id, int64_t created);

// The beginning of a chunk or body of the type `object`, with the bracket that opens `choices`.
std::string AnswerHead(const Answer& answer, const char* object);

// Typed parts, as some servers write `content` in a list.
std::string TextPartJson(std::string_view text);
std::string ThinkingPartJson(std::string_view text);

// {"prompt_tokens":…}, with the completion tokens generated so far.
std::string UsageJson(const Answer& answer, int completion_tokens);

struct Timing {
  std::chrono::microseconds to_first_token{0};
  std::chrono::microseconds processing{0};
};

// Name without "fireworks-"; the value is a number's text or a word. Seconds have six decimals.
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
// text, in the shape that the request asks for. Empty if it asks for none.
std::string LogprobsJson(const ChatRequest& request, std::string_view text, size_t offset);

std::string RawOutputJson(const Answer& answer, const ChoiceAnswer& choice);

// The body of a call without `stream`.
std::string CompletionBody(const Answer& answer, const Timing& timing);

}  // namespace sparkgate::simulator

#endif  // SPARKGATE_SIMULATOR_ANSWER_H_
