#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "simulator/answer.h"
#include "simulator/text.h"

namespace sparkgate::simulator {
namespace {

using Json = nlohmann::ordered_json;

std::string Seconds(std::chrono::microseconds time) {
  char text[32];
  std::snprintf(text, sizeof(text), "%lld.%06lld", static_cast<long long>(time.count() / 1000000),
                static_cast<long long>(time.count() % 1000000));
  return text;
}

bool IsDedicated(const std::string& model) {
  return model.find("/deployments/") != std::string::npos || model.find('#') != std::string::npos;
}

Json Bytes(std::string_view token) {
  Json bytes = Json::array();
  for (unsigned char c : token) bytes.push_back(static_cast<int>(c));
  return bytes;
}

// Others that might have come instead; the chosen token first.
std::vector<std::string> Alternatives(std::string_view token, int count) {
  std::vector<std::string> all = {std::string(token), " the", " a", " of", " and", " to"};
  all.erase(std::remove(all.begin() + 1, all.end(), all.front()), all.end());
  all.resize(std::min<size_t>(all.size(), static_cast<size_t>(count)));
  return all;
}

double LogprobOf(std::string_view token, size_t rank) {
  return TokenLogprob(token) - static_cast<double>(rank);
}

Json PerToken(const ChatRequest& request, std::string_view token, size_t offset) {
  Json top = Json::array();
  const auto others = Alternatives(token, request.top_logprobs);
  for (size_t i = 0; i < others.size(); ++i) {
    top.push_back({{"token", others[i]},
                   {"logprob", LogprobOf(token, i)},
                   {"token_id", TokenId(others[i])},
                   {"bytes", Bytes(others[i])}});
  }
  return {{"token", std::string(token)},
          {"logprob", TokenLogprob(token)},
          {"sampling_logprob", TokenLogprob(token)},
          {"bytes", Bytes(token)},
          {"token_id", TokenId(token)},
          {"text_offset", offset},
          {"top_logprobs", std::move(top)}};
}

Json PerTokenList(const ChatRequest& request, std::string_view text, size_t offset) {
  Json content = Json::array();
  while (!text.empty()) {
    const std::string_view token = TakeToken(&text);
    content.push_back(PerToken(request, token, offset));
    offset += token.size();
  }
  return {{"content", std::move(content)}};
}

Json Legacy(const ChatRequest& request, std::string_view text, size_t offset) {
  Json all = {{"tokens", Json::array()},
              {"token_logprobs", Json::array()},
              {"top_logprobs", Json::array()},
              {"text_offset", Json::array()},
              {"token_ids", Json::array()}};
  while (!text.empty()) {
    const std::string_view token = TakeToken(&text);
    all["tokens"].push_back(std::string(token));
    all["token_logprobs"].push_back(TokenLogprob(token));
    Json top = Json::object();
    const auto others = Alternatives(token, request.top_logprobs);
    for (size_t i = 0; i < others.size(); ++i) top[others[i]] = LogprobOf(token, i);
    all["top_logprobs"].push_back(request.top_logprobs > 0 ? std::move(top) : Json());
    all["text_offset"].push_back(offset);
    all["token_ids"].push_back(TokenId(token));
    offset += token.size();
  }
  return all;
}

}  // namespace

std::string AnswerHead(const Answer& answer, const char* object) {
  return "{\"id\":" + JsonString(answer.id) + ",\"object\":\"" + object +
         "\",\"created\":" + std::to_string(answer.created) +
         ",\"model\":" + JsonString(answer.model) + ",\"choices\":[";
}

std::string TextPartJson(std::string_view text) {
  return R"({"type":"text","text":)" + JsonString(text) + "}";
}

std::string ThinkingPartJson(std::string_view text) {
  return R"({"type":"thinking","thinking":[)" + TextPartJson(text) + "]}";
}

std::string UsageJson(const Answer& answer, int completion_tokens) {
  const int prompt = answer.request.prompt_tokens;
  return "{\"prompt_tokens\":" + std::to_string(prompt) +
         ",\"total_tokens\":" + std::to_string(prompt + completion_tokens) +
         ",\"completion_tokens\":" + std::to_string(completion_tokens) +
         ",\"prompt_tokens_details\":{\"cached_tokens\":0}}";
}

std::vector<Metric> PerfMetrics(const Answer& answer, const Timing& timing) {
  std::vector<Metric> metrics = {
      {"prompt-tokens", std::to_string(answer.request.prompt_tokens), true},
      {"cached-prompt-tokens", "0", true},
      {"server-time-to-first-token", Seconds(timing.to_first_token), false},
      {"server-processing-time", Seconds(timing.processing), false}};
  if (!IsDedicated(answer.model)) return metrics;
  const Metric more[] = {{"backend-host", "sim-0", false},
                         {"deployment", "sim", false},
                         {"num-concurrent-requests", "1", true},
                         {"speculation-acceptance", "1:8/10,2:5/10", false},
                         {"tokenizer-queue-duration", "0.000010", false},
                         {"tokenizer-duration", "0.000100", false},
                         {"prefill-queue-duration", "0.000020", false},
                         {"prefill-duration", Seconds(timing.to_first_token), false},
                         {"generation-queue-duration", "0.000030", false},
                         {"generation-duration", Seconds(timing.processing), false}};
  metrics.insert(metrics.end(), std::begin(more), std::end(more));
  return metrics;
}

std::string PerfMetricsJson(const std::vector<Metric>& metrics) {
  std::string json = "{";
  for (const Metric& metric : metrics) {
    if (json.size() > 1) json += ",";
    json += JsonString(metric.name) + ":";
    json += metric.is_count ? metric.value : JsonString(metric.value);
  }
  return json + "}";
}

std::string TokenIdsJson(std::string_view text) {
  std::string json = "[";
  while (!text.empty()) {
    if (json.size() > 1) json += ",";
    json += std::to_string(TokenId(TakeToken(&text)));
  }
  return json + "]";
}

std::string LogprobsJson(const ChatRequest& request, std::string_view text, size_t offset) {
  if (request.logprobs == LogprobsShape::kNone) return "";
  return request.logprobs == LogprobsShape::kLegacy ? Legacy(request, text, offset).dump()
                                                    : PerTokenList(request, text, offset).dump();
}

std::string RawOutputJson(const Answer& answer, const ChoiceAnswer& choice) {
  const std::string& prompt = answer.request.prompt;
  const std::string_view completion = std::string_view(choice.content).substr(choice.echoed);
  return "{\"prompt_fragments\":[" + JsonString(prompt) +
         "],\"prompt_token_ids\":" + TokenIdsJson(prompt) +
         ",\"completion\":" + JsonString(completion) +
         ",\"completion_token_ids\":" + TokenIdsJson(completion) + "}";
}

namespace {

std::string ToolCallsJson(Dialect dialect, const ChoiceAnswer& choice) {
  std::string json = "[";
  for (const ToolCallAnswer& call : choice.tool_calls) {
    if (json.size() > 1) json += ",";
    json += dialect == Dialect::kIndexZero ? "{\"index\":0," : "{";
    json += "\"id\":" + JsonString(call.id) +
            ",\"type\":\"function\",\"function\":{\"name\":" + JsonString(call.name) +
            ",\"arguments\":" + JsonString(call.arguments) + "}}";
  }
  return json + "]";
}

std::string MessageJson(Dialect dialect, const ChoiceAnswer& choice) {
  std::string json = "{\"role\":\"assistant\",\"content\":";
  if (dialect == Dialect::kContentParts) {
    json += '[' + ThinkingPartJson(choice.reasoning) + ',' + TextPartJson(choice.content) + ']';
  } else if (choice.content.empty() && !choice.tool_calls.empty()) {
    json += "null";
  } else {
    json += JsonString(choice.content);
  }
  if (!choice.reasoning.empty() && dialect != Dialect::kContentParts) {
    json += ",\"reasoning_content\":" + JsonString(choice.reasoning);
  }
  if (!choice.tool_calls.empty()) json += ",\"tool_calls\":" + ToolCallsJson(dialect, choice);
  return json + "}";
}

std::string ChoiceJson(const Answer& answer, size_t index) {
  const ChoiceAnswer& choice = answer.choices[index];
  std::string json = "{\"index\":" + std::to_string(index) +
                     ",\"message\":" + MessageJson(answer.dialect, choice) +
                     ",\"finish_reason\":\"" + choice.finish_reason + "\"";
  const std::string logprobs = LogprobsJson(answer.request, choice.content, 0);
  if (!logprobs.empty()) json += ",\"logprobs\":" + logprobs;
  if (answer.request.raw_output) json += ",\"raw_output\":" + RawOutputJson(answer, choice);
  if (answer.request.return_token_ids) json += ",\"token_ids\":" + TokenIdsJson(choice.content);
  return json + "}";
}

}  // namespace

std::string CompletionBody(const Answer& answer, const Timing& timing) {
  std::string json = AnswerHead(answer, "chat.completion");
  for (size_t i = 0; i < answer.choices.size(); ++i) {
    if (i > 0) json += ",";
    json += ChoiceJson(answer, i);
  }
  json += "],\"usage\":" + UsageJson(answer, answer.CompletionTokens());
  if (answer.request.return_token_ids) {
    json += ",\"prompt_token_ids\":" + TokenIdsJson(answer.request.prompt);
  }
  if (answer.request.perf_metrics) {
    json += ",\"perf_metrics\":" + PerfMetricsJson(PerfMetrics(answer, timing));
  }
  json += "}";
  return answer.dialect == Dialect::kRawControls ? WithRawControls(json) : json;
}

}  // namespace sparkgate::simulator
