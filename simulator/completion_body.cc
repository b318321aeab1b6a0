#include "simulator/completion_body.h"

#include "simulator/text.h"

namespace sparkgate::simulator {
namespace {

void AppendToolCalls(Dialect dialect, const ChoiceAnswer& choice, std::string* json) {
  *json += ",\"tool_calls\":[";
  for (size_t i = 0; i < choice.tool_calls.size(); ++i) {
    const ToolCallAnswer& call = choice.tool_calls[i];
    *json += i == 0 ? "{" : ",{";
    if (dialect == Dialect::kIndexZero) *json += "\"index\":0,";
    *json += "\"id\":";
    AppendJsonString(call.id, json);
    *json += ",\"type\":\"function\",\"function\":{\"name\":";
    AppendJsonString(call.name, json);
    *json += ",\"arguments\":";
    AppendJsonString(call.arguments, json);
    *json += "}}";
  }
  *json += "]";
}

void AppendMessage(Dialect dialect, const ChoiceAnswer& choice, std::string* json) {
  *json += "{\"role\":\"assistant\",\"content\":";
  if (dialect == Dialect::kContentParts) {
    *json += '[' + ThinkingPartJson(choice.reasoning) + ',' + TextPartJson(choice.content) + ']';
  } else if (choice.content.empty() && !choice.tool_calls.empty()) {
    *json += "null";
  } else {
    AppendJsonString(choice.content, json);
  }
  if (!choice.reasoning.empty() && dialect != Dialect::kContentParts) {
    *json += ",\"reasoning_content\":";
    AppendJsonString(choice.reasoning, json);
  }
  if (!choice.tool_calls.empty()) AppendToolCalls(dialect, choice, json);
  *json += "}";
}

void AppendChoice(const Answer& answer, size_t index, std::string* json) {
  const ChoiceAnswer& choice = answer.choices[index];
  *json += "{\"index\":" + std::to_string(index) + ",\"message\":";
  AppendMessage(answer.dialect, choice, json);
  *json += ",\"finish_reason\":\"" + choice.finish_reason + "\"";
  const std::string logprobs = LogprobsJson(answer.call, choice.content, 0);
  if (!logprobs.empty()) *json += ",\"logprobs\":" + logprobs;
  if (answer.call.raw_output) *json += ",\"raw_output\":" + RawOutputJson(answer, choice);
  if (answer.call.return_token_ids) *json += ",\"token_ids\":" + TokenIdsJson(choice.content);
  *json += "}";
}

}  // namespace

std::string CompletionBody(const Answer& answer, const Timing& timing) {
  std::string json = "{\"id\":";
  AppendJsonString(answer.id, &json);
  json += ",\"object\":\"chat.completion\",\"created\":" + std::to_string(answer.created);
  json += ",\"model\":";
  AppendJsonString(answer.model, &json);
  json += ",\"choices\":[";
  for (size_t i = 0; i < answer.choices.size(); ++i) {
    if (i > 0) json += ",";
    AppendChoice(answer, i, &json);
  }
  json += "],\"usage\":" + UsageJson(answer, answer.CompletionTokens());
  if (answer.call.return_token_ids) {
    json += ",\"prompt_token_ids\":" + TokenIdsJson(answer.call.prompt);
  }
  if (answer.call.perf_metrics) {
    json += ",\"perf_metrics\":" + PerfMetricsJson(PerfMetrics(answer, timing));
  }
  json += "}";
  return answer.dialect == Dialect::kRawControls ? WithRawControls(json) : json;
}

}  // namespace sparkgate::simulator
