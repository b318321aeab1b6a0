#include "client/chat/stats.h"

#include <cstdio>

#include "google/protobuf/descriptor.h"

namespace sparkgate::client {
namespace {

double Seconds(Stopwatch::Clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

std::string Fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

bool HasToken(const v1::StreamChatResponse& message) {
  for (const v1::StreamChoice& choice : message.choices()) {
    const v1::ChatMessage& delta = choice.delta();
    if (!delta.content().empty() || !delta.reasoning_content().empty() ||
        !delta.tool_calls().empty()) {
      return true;
    }
  }
  return false;
}

std::string TokensText(const v1::Usage& usage) {
  std::string text = "tokens: " + std::to_string(usage.prompt_tokens()) + " prompt";
  if (usage.prompt_tokens_details().has_cached_tokens()) {
    text += " (" + std::to_string(usage.prompt_tokens_details().cached_tokens()) + " cached)";
  }
  text += " + " + std::to_string(usage.completion_tokens()) + " generated";
  if (usage.completion_tokens_details().has_reasoning_tokens()) {
    text +=
        " (" + std::to_string(usage.completion_tokens_details().reasoning_tokens()) + " reasoning)";
  }
  return text + " = " + std::to_string(usage.total_tokens()) + "\n";
}

std::string SpeedText(const v1::Usage& usage, const Stopwatch& watch) {
  const std::optional<double> first = watch.first_token();
  const int tokens = usage.completion_tokens() - (first ? 1 : 0);
  const double seconds = watch.total() - first.value_or(0);
  if (tokens <= 0 || seconds <= 0) return "";
  return ", " + Fixed(tokens / seconds, 1) + " tokens/s";
}

std::string TimesText(const v1::ChatResponse& response, const Stopwatch& watch) {
  std::string text = "time: ";
  if (watch.first_token()) text += Fixed(*watch.first_token(), 3) + " s to first token, ";
  return text + Fixed(watch.total(), 3) + " s in all" + SpeedText(response.usage(), watch) + "\n";
}

std::string ValueText(const v1::PerfMetrics& metrics,
                      const google::protobuf::FieldDescriptor* field) {
  const auto& reflection = *metrics.GetReflection();
  switch (field->cpp_type()) {
    case google::protobuf::FieldDescriptor::CPPTYPE_DOUBLE:
      return Fixed(reflection.GetDouble(metrics, field), 6);
    case google::protobuf::FieldDescriptor::CPPTYPE_INT32:
      return std::to_string(reflection.GetInt32(metrics, field));
    default:
      return reflection.GetString(metrics, field);
  }
}

std::string MetricsText(const v1::PerfMetrics& metrics) {
  std::string text;
  const auto* descriptor = metrics.GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const auto* field = descriptor->field(i);
    if (field->is_map() || !metrics.GetReflection()->HasField(metrics, field)) continue;
    text += "  " + field->json_name() + ": " + ValueText(metrics, field) + "\n";
  }
  for (const auto& [name, value] : metrics.other()) text += "  " + name + ": " + value + "\n";
  return text.empty() ? text : "upstream:\n" + text;
}

}  // namespace

void Stopwatch::Add(const v1::StreamChatResponse& message, Clock::time_point now) {
  if (!first_token_ && HasToken(message)) first_token_ = now;
}

std::optional<double> Stopwatch::first_token() const {
  if (!first_token_) return std::nullopt;
  return Seconds(*first_token_ - start_);
}

double Stopwatch::total() const { return Seconds(end_ - start_); }

std::string StatsText(const v1::ChatResponse& response, const Stopwatch& watch,
                      const std::string& request_id) {
  std::string text = response.has_model() ? "model: " + response.model() + "\n" : "";
  text += response.has_usage() ? TokensText(response.usage()) : "tokens: not counted\n";
  text += TimesText(response, watch);
  text += MetricsText(response.perf_metrics());
  if (!request_id.empty()) text += "request id: " + request_id + "\n";
  return text;
}

}  // namespace sparkgate::client
