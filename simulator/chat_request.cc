#include "simulator/chat_request.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "simulator/text.h"

namespace sparkgate::simulator {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kTokensPerMessage = 4;

bool IsTrue(const Json& value) { return value.is_boolean() && value.get<bool>(); }

int Bounded(const Json& value, int absent, int most) {
  if (!value.is_number_integer()) return absent;
  return static_cast<int>(std::clamp<int64_t>(value.get<int64_t>(), 0, most));
}

std::string TextOf(const Json& content) {
  if (content.is_string()) return content.get<std::string>();
  std::string text;
  if (!content.is_array()) return text;
  for (const Json& part : content) {
    const Json& piece = Member(part, "text");
    if (piece.is_string()) text += piece.get<std::string>();
  }
  return text;
}

void ReadMessages(const Json& messages, ChatRequest* request) {
  for (const Json& message : messages) {
    const std::string role = message["role"].get<std::string>();
    const std::string text = TextOf(Member(message, "content"));
    if (role == "user") request->last_user_text = text;
    if ((role == "system" || role == "developer") && !request->system_text)
      request->system_text = text;
    request->answers_tool_result = role == "tool";
    if (!request->prompt.empty() && !text.empty()) request->prompt += "\n";
    request->prompt += text;
    request->prompt_tokens += kTokensPerMessage;
  }
  request->prompt_tokens += CountTokens(request->prompt);
}

ToolOffer Offer(const Json& function) {
  const Json& parameters = Member(function, "parameters");
  return {function["name"].get<std::string>(), parameters.is_null() ? "" : parameters.dump()};
}

void ReadToolChoice(const Json& choice, ChatRequest* request) {
  if (choice.is_string()) {
    const auto word = choice.get<std::string>();
    if (word == "none") request->tool_choice = ToolChoiceMode::kNone;
    if (word == "any" || word == "required") request->tool_choice = ToolChoiceMode::kRequired;
  } else if (choice.is_object()) {
    request->tool_choice = ToolChoiceMode::kRequired;
    const Json& function = Member(choice, "function");
    request->forced_tool = (function.is_object() ? function : choice)["name"].get<std::string>();
  }
}

void ReadTools(const Json& body, ChatRequest* request) {
  for (const Json& tool : Member(body, "tools")) request->tools.push_back(Offer(tool["function"]));
  for (const Json& function : Member(body, "functions")) request->tools.push_back(Offer(function));
  ReadToolChoice(Member(body, "function_call"), request);
  ReadToolChoice(Member(body, "tool_choice"), request);
}

void ReadFormat(const Json& format, ChatRequest* request) {
  if (!format.is_object()) return;
  const auto type = format["type"].get<std::string>();
  if (type != "json_object" && type != "json_schema") return;
  request->format = TextFormat::kJson;
  const Json& named = Member(format, "json_schema");
  const Json& schema = named.is_null() ? Member(format, "schema") : named;
  if (!schema.is_object()) return;
  request->schema_json = schema.contains("schema") ? schema["schema"].dump() : schema.dump();
}

void ReadLogprobs(const Json& body, ChatRequest* request) {
  const Json& logprobs = Member(body, "logprobs");
  if (IsTrue(logprobs)) {
    request->logprobs = LogprobsShape::kPerToken;
    request->top_logprobs = Bounded(Member(body, "top_logprobs"), 0, 5);
  } else if (logprobs.is_number_integer()) {
    request->logprobs = LogprobsShape::kLegacy;
    request->top_logprobs = Bounded(logprobs, 0, 5);
  }
}

bool WantsReasoning(const Json& body) {
  const Json& effort = Member(body, "reasoning_effort");
  if (effort.is_string()) return effort != "none";
  if (effort.is_boolean()) return effort.get<bool>();
  if (effort.is_number_integer()) return effort.get<int64_t>() > 0;
  const Json& thinking = Member(body, "thinking");
  return thinking.is_object() && thinking["type"] != "disabled";
}

void ReadLimits(const Json& body, ChatRequest* request) {
  constexpr int kMost = 1 << 24;
  const char* key = Member(body, "max_tokens").is_null() ? "max_completion_tokens" : "max_tokens";
  if (!Member(body, key).is_null()) request->max_tokens = Bounded(Member(body, key), 0, kMost);
  request->n = Member(body, "n").is_null() ? 1 : Bounded(Member(body, "n"), 1, kMost);
  const Json& stop = Member(body, "stop");
  if (stop.is_string()) request->stop.push_back(stop.get<std::string>());
  if (stop.is_array()) request->stop = stop.get<std::vector<std::string>>();
  const Json& seed = Member(body, "seed");
  if (seed.is_number_integer()) request->seed = seed.get<int64_t>();
}

}  // namespace

ChatRequest ParseChatRequest(const std::string& text) {
  const Json body = ParseJson(text).value_or(Json::object());
  ChatRequest request;
  request.model = body.value("model", std::string());
  request.stream = IsTrue(Member(body, "stream"));
  const Json& options = Member(body, "stream_options");
  request.has_stream_options = body.contains("stream_options");
  if (options.is_object() && Member(options, "include_usage").is_boolean()) {
    request.include_usage = options["include_usage"].get<bool>();
  }
  ReadMessages(Member(body, "messages"), &request);
  ReadLimits(body, &request);
  ReadTools(body, &request);
  ReadFormat(Member(body, "response_format"), &request);
  ReadLogprobs(body, &request);
  request.ignore_eos = IsTrue(Member(body, "ignore_eos"));
  request.reasoning = WantsReasoning(body);
  request.echo = IsTrue(Member(body, "echo"));
  request.echo_last = Bounded(Member(body, "echo_last"), 0, 1 << 24);
  request.raw_output = IsTrue(Member(body, "raw_output"));
  request.return_token_ids = IsTrue(Member(body, "return_token_ids"));
  request.perf_metrics = IsTrue(Member(body, "perf_metrics_in_response"));
  return request;
}

}  // namespace sparkgate::simulator
