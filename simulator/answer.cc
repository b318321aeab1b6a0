#include "simulator/answer.h"

#include <algorithm>
#include <utility>

#include "simulator/text.h"

namespace sparkgate::simulator {
namespace {

constexpr int kReasoningTokens = 24;
constexpr int kIgnoreEosTokens = 2048;  // The documented default of max_tokens.

bool CallsTools(const ChatRequest& request, Content content) {
  if (content == Content::kTools || content == Content::kParallelTools ||
      content == Content::kBrokenArguments) {
    return request.tool_choice != ToolChoiceMode::kNone && !request.answers_tool_result;
  }
  if (request.tools.empty() || request.tool_choice == ToolChoiceMode::kNone) return false;
  if (request.tool_choice == ToolChoiceMode::kRequired) return true;
  return content == Content::kStory && !request.answers_tool_result;
}

ToolOffer ChooseTool(const ChatRequest& request, size_t index) {
  for (const ToolOffer& tool : request.tools) {
    if (tool.name == request.forced_tool) return tool;
  }
  if (!request.tools.empty()) return request.tools[index % request.tools.size()];
  return {"get_weather",
          R"({"type":"object","properties":{"city":{"enum":["Paris","Oslo","Lima"]},)"
          R"("unit":{"enum":["celsius","fahrenheit"]}}})"};
}

ToolCallAnswer MakeToolCall(const ChatRequest& request, Content content, uint64_t seed,
                            size_t index) {
  const ToolOffer tool = ChooseTool(request, index);
  ToolCallAnswer answer;
  const uint64_t own_seed = seed + index;
  answer.id = "call_" + std::to_string(own_seed % 100'000'000);
  answer.name = tool.name;
  answer.arguments = SampleJson(tool.parameters_json, own_seed);
  if (content == Content::kBrokenArguments) answer.arguments.pop_back();
  return answer;
}

std::string EchoText(const ChatRequest& request) {
  if (!request.system_text) return request.last_user_text;
  return "(system: \"" + *request.system_text + "\") " + request.last_user_text;
}

// A story with one of `between` behind each token, in turn.
std::string Interleaved(uint64_t seed, int tokens, const std::vector<std::string>& between) {
  const std::string story = StoryText(seed, std::max(tokens / 2, 1));
  std::string text;
  size_t words = 0;
  for (std::string_view rest = story; !rest.empty();) {
    text += TakeToken(&rest);
    text += between[words++ % between.size()];
  }
  return text;
}

std::string BigText(uint64_t seed, int64_t size) {
  std::string piece = StoryText(seed, 1000);
  std::string text;
  while (static_cast<int64_t>(text.size() + piece.size()) < size) text += piece + " ";
  text += piece.substr(0, static_cast<size_t>(size) - text.size());
  return text;
}

std::string ContentText(const ChatRequest& request, const Plan& plan, const std::string& body,
                        uint64_t seed) {
  const int tokens =
      request.ignore_eos ? request.max_tokens.value_or(kIgnoreEosTokens) : plan.tokens;
  switch (plan.content) {
    case Content::kEcho:
      return EchoText(request);
    case Content::kEchoRequest:
      return body;
    case Content::kSurrogates:
      return Interleaved(seed, tokens, {"😀"});
    case Content::kControls:
      return Interleaved(seed, tokens, {"\x1B[1m", "\t", "\x01", std::string(1, '\0')});
    case Content::kBig:
      return BigText(seed, plan.size);
    case Content::kJson:
      return SampleJson(request.schema_json, seed);
    default:
      return request.format == TextFormat::kJson ? SampleJson(request.schema_json, seed)
                                                 : StoryText(seed, tokens);
  }
}

void CutAtStop(const std::vector<std::string>& stops, std::string* text) {
  size_t end = text->size();
  for (const std::string& stop : stops) {
    if (!stop.empty()) end = std::min(end, text->find(stop));
  }
  text->resize(std::min(end, text->size()));
}

// Takes what fits into *left tokens; true if something had to go.
bool CutToTokens(std::string* text, int* left) {
  std::string_view rest = *text;
  for (; *left > 0 && !rest.empty(); --*left) TakeToken(&rest);
  const bool cut = !rest.empty();
  text->resize(text->size() - rest.size());
  return cut;
}

void ApplyLimit(int limit, ChoiceAnswer* choice) {
  int left = limit;
  bool cut = CutToTokens(&choice->reasoning, &left);
  cut |= CutToTokens(&choice->content, &left);
  for (size_t i = 0; i < choice->tool_calls.size(); ++i) {
    if (left == 0) {
      choice->tool_calls.resize(i);
      cut = true;
      break;
    }
    cut |= CutToTokens(&choice->tool_calls[i].arguments, &left);
  }
  choice->completion_tokens = limit - left;
  if (cut) choice->finish_reason = "length";
}

void PrependPrompt(const ChatRequest& request, ChoiceAnswer* choice) {
  std::string_view prompt = request.prompt;
  if (!request.echo) {
    const int skip = CountTokens(prompt) - request.echo_last;
    if (request.echo_last == 0) return;
    prompt.remove_prefix(FirstTokens(prompt, std::max(skip, 0)).size());
  }
  choice->echoed = prompt.size();
  choice->content.insert(0, prompt);
}

ChoiceAnswer MakeChoice(const ChatRequest& request, const Plan& plan, const std::string& body,
                        uint64_t seed) {
  ChoiceAnswer choice;
  if (request.reasoning || plan.content == Content::kReasoning) {
    choice.reasoning = StoryText(seed ^ 0x7E11, kReasoningTokens);
  }
  if (CallsTools(request, plan.content)) {
    const size_t count = plan.content == Content::kParallelTools ? 2 : 1;
    for (size_t i = 0; i < count; ++i) {
      choice.tool_calls.push_back(MakeToolCall(request, plan.content, seed, i));
    }
    choice.finish_reason = "tool_calls";
  } else {
    choice.content = ContentText(request, plan, body, seed);
    CutAtStop(request.stop, &choice.content);
    if (request.ignore_eos) choice.finish_reason = "length";
  }
  ApplyLimit(request.max_tokens.value_or(1 << 30), &choice);
  PrependPrompt(request, &choice);
  if (plan.fault == Fault::kFinishError) choice.finish_reason = "error";
  return choice;
}

}  // namespace

int Answer::CompletionTokens() const {
  int sum = 0;
  for (const ChoiceAnswer& choice : choices) sum += choice.completion_tokens;
  return sum;
}

Answer MakeAnswer(const ChatRequest& request, const Plan& plan, const std::string& body,
                  const std::string& id, int64_t created) {
  Answer answer;
  answer.id = id;
  answer.model = request.model;
  answer.created = created;
  answer.request = request;
  answer.dialect = plan.dialect;
  answer.split_surrogates = plan.content == Content::kSurrogates;
  const uint64_t seed =
      request.seed ? static_cast<uint64_t>(*request.seed) : StableHash(request.prompt);
  for (int i = 0; i < request.n; ++i) {
    answer.choices.push_back(MakeChoice(request, plan, body, seed + 1'000'003ULL * i));
  }
  return answer;
}

}  // namespace sparkgate::simulator
