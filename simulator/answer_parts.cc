#include "simulator/answer_parts.h"

#include <algorithm>
#include <cstdio>

#include "simulator/json_parse.h"
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

Json PerToken(const CallRequest& call, std::string_view token, size_t offset) {
  Json top = Json::array();
  const auto others = Alternatives(token, call.top_logprobs);
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

Json PerTokenList(const CallRequest& call, std::string_view text, size_t offset) {
  Json content = Json::array();
  while (!text.empty()) {
    const std::string_view token = NextToken(text);
    content.push_back(PerToken(call, token, offset));
    offset += token.size();
    text.remove_prefix(token.size());
  }
  return {{"content", std::move(content)}};
}

Json Legacy(const CallRequest& call, std::string_view text, size_t offset) {
  Json all = {{"tokens", Json::array()},
              {"token_logprobs", Json::array()},
              {"top_logprobs", Json::array()},
              {"text_offset", Json::array()},
              {"token_ids", Json::array()}};
  while (!text.empty()) {
    const std::string_view token = NextToken(text);
    all["tokens"].push_back(std::string(token));
    all["token_logprobs"].push_back(TokenLogprob(token));
    Json top = Json::object();
    const auto others = Alternatives(token, call.top_logprobs);
    for (size_t i = 0; i < others.size(); ++i) top[others[i]] = LogprobOf(token, i);
    all["top_logprobs"].push_back(call.top_logprobs > 0 ? std::move(top) : Json());
    all["text_offset"].push_back(offset);
    all["token_ids"].push_back(TokenId(token));
    offset += token.size();
    text.remove_prefix(token.size());
  }
  return all;
}

}  // namespace

std::string TextPartJson(std::string_view text) {
  std::string json = R"({"type":"text","text":)";
  AppendJsonString(text, &json);
  return json + "}";
}

std::string ThinkingPartJson(std::string_view text) {
  return R"({"type":"thinking","thinking":[)" + TextPartJson(text) + "]}";
}

std::string UsageJson(const Answer& answer, int completion_tokens) {
  const int prompt = answer.call.prompt_tokens;
  return "{\"prompt_tokens\":" + std::to_string(prompt) +
         ",\"total_tokens\":" + std::to_string(prompt + completion_tokens) +
         ",\"completion_tokens\":" + std::to_string(completion_tokens) +
         ",\"prompt_tokens_details\":{\"cached_tokens\":0}}";
}

std::vector<Metric> PerfMetrics(const Answer& answer, const Timing& timing) {
  std::vector<Metric> metrics = {
      {"prompt-tokens", std::to_string(answer.call.prompt_tokens), true},
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
    AppendJsonString(metric.name, &json);
    json += ":";
    metric.is_count ? void(json += metric.value) : AppendJsonString(metric.value, &json);
  }
  return json + "}";
}

std::string TokenIdsJson(std::string_view text) {
  std::string json = "[";
  while (!text.empty()) {
    const std::string_view token = NextToken(text);
    if (json.size() > 1) json += ",";
    json += std::to_string(TokenId(token));
    text.remove_prefix(token.size());
  }
  return json + "]";
}

std::string LogprobsJson(const CallRequest& call, std::string_view text, size_t offset) {
  if (call.logprobs == LogprobsShape::kNone) return "";
  return call.logprobs == LogprobsShape::kLegacy ? Legacy(call, text, offset).dump()
                                                 : PerTokenList(call, text, offset).dump();
}

std::string RawOutputJson(const Answer& answer, const ChoiceAnswer& choice) {
  std::string json = "{\"prompt_fragments\":[";
  AppendJsonString(answer.call.prompt, &json);
  json += "],\"prompt_token_ids\":" + TokenIdsJson(answer.call.prompt) + ",\"completion\":";
  const std::string_view completion = std::string_view(choice.content).substr(choice.echoed);
  AppendJsonString(completion, &json);
  return json + ",\"completion_token_ids\":" + TokenIdsJson(completion) + "}";
}

}  // namespace sparkgate::simulator
