#include "simulator/call_request.h"

#include <algorithm>

#include "simulator/json_parse.h"
#include "simulator/text.h"

namespace sparkgate::simulator {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kTokensPerMessage = 4;

// The member, or null when it is absent: absent and null mean the same here.
const Json& Get(const Json& object, const char* key) {
  static const Json kNull;
  const auto found = object.find(key);
  return found == object.end() ? kNull : *found;
}

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
    const Json& piece = Get(part, "text");
    if (piece.is_string()) text += piece.get<std::string>();
  }
  return text;
}

void ReadMessages(const Json& messages, CallRequest* call) {
  for (const Json& message : messages) {
    const std::string role = message["role"].get<std::string>();
    const std::string text = TextOf(Get(message, "content"));
    if (role == "user") call->last_user_text = text;
    if ((role == "system" || role == "developer") && !call->system_text) call->system_text = text;
    call->answers_tool_result = role == "tool";
    if (!call->prompt.empty() && !text.empty()) call->prompt += "\n";
    call->prompt += text;
    call->prompt_tokens += kTokensPerMessage;
  }
  call->prompt_tokens += CountTokens(call->prompt);
}

ToolOffer Offer(const Json& function) {
  const Json& parameters = Get(function, "parameters");
  return {function["name"].get<std::string>(), parameters.is_null() ? "" : parameters.dump()};
}

void ReadToolChoice(const Json& choice, CallRequest* call) {
  if (choice.is_string()) {
    const auto word = choice.get<std::string>();
    if (word == "none") call->tool_choice = ToolChoiceMode::kNone;
    if (word == "any" || word == "required") call->tool_choice = ToolChoiceMode::kRequired;
  } else if (choice.is_object()) {
    call->tool_choice = ToolChoiceMode::kRequired;
    const Json& function = Get(choice, "function");
    call->forced_tool = (function.is_object() ? function : choice)["name"].get<std::string>();
  }
}

void ReadTools(const Json& body, CallRequest* call) {
  for (const Json& tool : Get(body, "tools")) call->tools.push_back(Offer(tool["function"]));
  for (const Json& function : Get(body, "functions")) call->tools.push_back(Offer(function));
  ReadToolChoice(Get(body, "function_call"), call);
  ReadToolChoice(Get(body, "tool_choice"), call);
}

void ReadFormat(const Json& format, CallRequest* call) {
  if (!format.is_object()) return;
  const auto type = format["type"].get<std::string>();
  if (type != "json_object" && type != "json_schema") return;
  call->format = TextFormat::kJson;
  const Json& named = Get(format, "json_schema");
  const Json& schema = named.is_null() ? Get(format, "schema") : named;
  if (!schema.is_object()) return;
  call->schema_json = schema.contains("schema") ? schema["schema"].dump() : schema.dump();
}

void ReadLogprobs(const Json& body, CallRequest* call) {
  const Json& logprobs = Get(body, "logprobs");
  if (IsTrue(logprobs)) {
    call->logprobs = LogprobsShape::kPerToken;
    call->top_logprobs = Bounded(Get(body, "top_logprobs"), 0, 5);
  } else if (logprobs.is_number_integer()) {
    call->logprobs = LogprobsShape::kLegacy;
    call->top_logprobs = Bounded(logprobs, 0, 5);
  }
}

bool WantsReasoning(const Json& body) {
  const Json& effort = Get(body, "reasoning_effort");
  if (effort.is_string()) return effort != "none";
  if (effort.is_boolean()) return effort.get<bool>();
  if (effort.is_number_integer()) return effort.get<int64_t>() > 0;
  const Json& thinking = Get(body, "thinking");
  return thinking.is_object() && thinking["type"] != "disabled";
}

void ReadLimits(const Json& body, CallRequest* call) {
  constexpr int kMost = 1 << 24;
  const char* key = Get(body, "max_tokens").is_null() ? "max_completion_tokens" : "max_tokens";
  if (!Get(body, key).is_null()) call->max_tokens = Bounded(Get(body, key), 0, kMost);
  call->n = Get(body, "n").is_null() ? 1 : Bounded(Get(body, "n"), 1, kMost);
  const Json& stop = Get(body, "stop");
  if (stop.is_string()) call->stop.push_back(stop.get<std::string>());
  if (stop.is_array()) call->stop = stop.get<std::vector<std::string>>();
  const Json& seed = Get(body, "seed");
  if (seed.is_number_integer()) call->seed = seed.get<int64_t>();
}

}  // namespace

CallRequest ParseCallRequest(const std::string& text) {
  const Json body = ParseJson(text).value_or(Json::object());
  CallRequest call;
  call.model = body.value("model", std::string());
  call.stream = IsTrue(Get(body, "stream"));
  const Json& options = Get(body, "stream_options");
  call.has_stream_options = body.contains("stream_options");
  if (options.is_object() && Get(options, "include_usage").is_boolean()) {
    call.include_usage = options["include_usage"].get<bool>();
  }
  ReadMessages(Get(body, "messages"), &call);
  ReadLimits(body, &call);
  ReadTools(body, &call);
  ReadFormat(Get(body, "response_format"), &call);
  ReadLogprobs(body, &call);
  call.ignore_eos = IsTrue(Get(body, "ignore_eos"));
  call.reasoning = WantsReasoning(body);
  call.echo = IsTrue(Get(body, "echo"));
  call.echo_last = Bounded(Get(body, "echo_last"), 0, 1 << 24);
  call.raw_output = IsTrue(Get(body, "raw_output"));
  call.return_token_ids = IsTrue(Get(body, "return_token_ids"));
  call.perf_metrics = IsTrue(Get(body, "perf_metrics_in_response"));
  return call;
}

}  // namespace sparkgate::simulator
