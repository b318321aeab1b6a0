#include "client/chat/report.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "client/json.h"
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

constexpr size_t kWidestToken = 24;

// In quotes, because most tokens begin with a space; newlines and the like as escapes.
std::string Quoted(const std::string& token) {
  std::string text = "\"";
  for (const char c : token) {
    if (c == '\n') {
      text += "\\n";
    } else if (c == '"' || c == '\\') {
      text += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\x%02x", static_cast<unsigned char>(c));
      text += escape;
    } else {
      text += c;
    }
  }
  return text + "\"";
}

size_t WidthOf(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string Padded(std::string text, size_t width) {
  text.append(width - std::min(width, WidthOf(text)), ' ');
  return text;
}

std::string Number(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string Instead(const v1::TokenLogprob& token) {
  std::string text;
  for (const v1::TopLogprob& other : token.top_logprobs()) {
    if (other.token() == token.token()) continue;
    text += (text.empty() ? "" : ", ") + Quoted(other.token()) + Number(" %.4f", other.logprob());
  }
  return text;
}

std::string Line(const v1::TokenLogprob& token, size_t width) {
  std::string text = "  " + Padded(Quoted(token.token()), width);
  if (token.has_logprob()) {
    text +=
        Number("  %9.4f", token.logprob()) + Number("  %5.1f %%", std::exp(token.logprob()) * 100);
  } else {
    text += "          -        -";
  }
  const std::string instead = Instead(token);
  return text + (instead.empty() ? "" : "  " + instead) + "\n";
}

std::string Table(const v1::Logprobs& logprobs) {
  if (logprobs.content().empty()) return "logprobs: the upstream gave none\n";
  size_t width = 0;
  for (const v1::TokenLogprob& token : logprobs.content()) {
    width = std::max(width, WidthOf(Quoted(token.token())));
  }
  width = std::min(width, kWidestToken);
  std::string text =
      "logprobs: token, log probability, probability, what else could have stood there\n";
  for (const v1::TokenLogprob& token : logprobs.content()) text += Line(token, width);
  return text;
}

std::string ContextOf(const v1::Model& model) {
  return model.has_context_length() ? std::to_string(model.context_length()) + " tokens" : "-";
}

std::string AbilitiesOf(const v1::Model& model) {
  std::string text;
  const auto add = [&text](bool can, const char* what) {
    if (can) text += (text.empty() ? "" : ",") + std::string(what);
  };
  add(model.supports_chat(), "chat");
  add(model.supports_image_input(), "images");
  add(model.supports_tools(), "tools");
  return text.empty() ? "-" : text;
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

std::string LogprobsText(const v1::ChatResponse& response) {
  std::string text;
  for (const v1::Choice& choice : response.choices()) {
    if (response.choices_size() > 1) {
      text += "--- answer " + std::to_string(choice.index() + 1) + " ---\n";
    }
    text += Table(choice.logprobs());
  }
  return text;
}

std::string ModelsText(const v1::ListModelsResponse& models) {
  size_t name_width = 0;
  size_t context_width = 0;
  for (const v1::Model& model : models.data()) {
    name_width = std::max(name_width, model.id().size());
    context_width = std::max(context_width, ContextOf(model).size());
  }
  std::string text;
  for (const v1::Model& model : models.data()) {
    text += Padded(model.id(), name_width) + "  " + Padded(ContextOf(model), context_width) + "  " +
            AbilitiesOf(model) + "\n";
  }
  return text;
}

std::string ExplainText(const v1::ExplainChatResponse& explained, bool stream, bool indented) {
  std::string text = explained.method() + " " + explained.url() + "\n";
  const std::map<std::string, std::string> headers(explained.headers().begin(),
                                                   explained.headers().end());
  for (const auto& [name, value] : headers) text += name + ": " + value + "\n";
  const std::string& body = stream ? explained.stream_body_json() : explained.body_json();
  return text + "\n" + (indented ? IndentJson(body) : body) + "\n";
}

std::string ProtoJsonLine(const google::protobuf::Message& message) {
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json);
  return status.ok() ? json + "\n" : "{}\n";
}

}  // namespace sparkgate::client
