#include "simulator/chunk_source.h"

#include <utility>

#include "simulator/text.h"

namespace sparkgate::simulator {
namespace {

UsageChunk Decide(UsageChunk usage, const ChatRequest& request) {
  if (usage != UsageChunk::kAuto) return usage;
  if (!request.include_usage) return UsageChunk::kFinish;
  return *request.include_usage ? UsageChunk::kTrailing : UsageChunk::kNone;
}

std::string TextDelta(const char* key, std::string_view text) {
  return std::string("{\"") + key + "\":" + JsonString(text) + "}";
}

}  // namespace

ChunkSource::ChunkSource(Answer answer, UsageChunk usage, std::function<Timing()> timing)
    : answer_(std::move(answer)),
      usage_(Decide(usage, answer_.request)),
      timing_(std::move(timing)),
      prefix_(AnswerHead(answer_, "chat.completion.chunk")),
      running_(answer_.choices.size()),
      trailing_due_(usage_ == UsageChunk::kTrailing) {
  for (const ChoiceAnswer& choice : answer_.choices) {
    Cursor cursor;
    cursor.reasoning = choice.reasoning;
    cursor.content = choice.content;
    cursors_.push_back(std::move(cursor));
  }
}

std::optional<Chunk> ChunkSource::Next() {
  if (roles_sent_ < cursors_.size()) return Role(roles_sent_++);
  if (running_ > 0) return InTurn();
  if (trailing_due_) return Trailing();
  return std::nullopt;
}

Chunk ChunkSource::Role(size_t index) {
  std::string top;
  if (index == 0 && answer_.request.return_token_ids) {
    top = ",\"prompt_token_ids\":" + TokenIdsJson(answer_.request.prompt);
  }
  return {Chunk::Kind::kRole, Json(index, "{\"role\":\"assistant\"}", "", "", top)};
}

std::optional<Chunk> ChunkSource::InTurn() {
  while (cursors_[turn_ % cursors_.size()].ended) ++turn_;
  const size_t index = turn_++ % cursors_.size();
  Chunk chunk = FromChoice(index);
  for (size_t i = 0; i < index && chunk.paced; ++i) chunk.paced = cursors_[i].ended;
  return chunk;
}

Chunk ChunkSource::FromChoice(size_t index) {
  std::string more;
  const std::string delta = NextDelta(index, &more);
  if (delta.empty()) return Finish(index);
  const bool finishes = answer_.dialect == Dialect::kFinishOnEach;
  const std::string finish = finishes ? answer_.choices[index].finish_reason : "";
  return {Chunk::Kind::kText, Json(index, delta, more, finish, ""), true};
}

std::string ChunkSource::NextDelta(size_t index, std::string* more) {
  const ChoiceAnswer& choice = answer_.choices[index];
  Cursor& cursor = cursors_[index];
  if (!cursor.reasoning.empty()) {
    ++cursor.tokens;
    return ReasoningDelta(TakeToken(&cursor.reasoning));
  }
  if (!cursor.content.empty() || !cursor.low_surrogate.empty()) return ContentDelta(index, more);
  return ToolDelta(choice, &cursor);
}

std::string ChunkSource::ReasoningDelta(std::string_view token) const {
  if (answer_.dialect != Dialect::kContentParts) return TextDelta("reasoning_content", token);
  return "{\"content\":[" + ThinkingPartJson(token) + "]}";
}

std::string ChunkSource::MessageSoFar(size_t index) const {
  const std::string_view all = answer_.choices[index].content;
  return ",\"message\":{\"role\":\"assistant\",\"content\":" +
         JsonString(all.substr(0, cursors_[index].offset)) + "}";
}

std::string ChunkSource::ContentDelta(size_t index, std::string* more) {
  Cursor* const cursor = &cursors_[index];
  if (!cursor->low_surrogate.empty()) {
    return "{\"content\":\"" + std::exchange(cursor->low_surrogate, "") + "\"}";
  }
  const std::string_view token = TakeToken(&cursor->content);
  if (cursor->offset + token.size() > answer_.choices[index].echoed) ++cursor->tokens;
  if (answer_.split_surrogates && static_cast<unsigned char>(token[0]) >= 0xF0) {
    std::string high;
    SurrogateEscapes(token, &high, &cursor->low_surrogate);
    cursor->offset += token.size();
    return "{\"content\":\"" + high + "\"}";
  }
  const std::string logprobs = LogprobsJson(answer_.request, token, cursor->offset);
  if (!logprobs.empty()) *more += ",\"logprobs\":" + logprobs;
  if (answer_.request.return_token_ids) *more += ",\"token_ids\":" + TokenIdsJson(token);
  cursor->offset += token.size();
  if (answer_.dialect == Dialect::kMessageBesideDelta) *more += MessageSoFar(index);
  if (answer_.dialect == Dialect::kContentParts) {
    return "{\"content\":[" + TextPartJson(token) + "]}";
  }
  return TextDelta("content", token);
}

// The member `index` of a tool call with a comma behind it, as the dialect writes it.
std::string ChunkSource::ToolIndex(size_t number) const {
  if (answer_.dialect == Dialect::kNoIndex) return "";
  if (answer_.dialect == Dialect::kIndexZero) number = 0;
  return "\"index\":" + std::to_string(number) + ",";
}

// The call with its id, name and no arguments, then the arguments in pieces.
std::string ChunkSource::ToolDelta(const ChoiceAnswer& choice, Cursor* cursor) {
  if (cursor->arguments.empty() && cursor->next_tool == choice.tool_calls.size()) return "";
  if (cursor->arguments.empty()) {
    const ToolCallAnswer& tool = choice.tool_calls[cursor->next_tool];
    cursor->arguments = tool.arguments;
    return "{\"tool_calls\":[{" + ToolIndex(cursor->next_tool++) + "\"id\":" + JsonString(tool.id) +
           ",\"type\":\"function\",\"function\":{\"name\":" + JsonString(tool.name) +
           ",\"arguments\":\"\"}}]}";
  }
  ++cursor->tokens;
  return "{\"tool_calls\":[{" + ToolIndex(cursor->next_tool - 1) +
         "\"function\":{\"arguments\":" + JsonString(TakeToken(&cursor->arguments)) + "}}]}";
}

Chunk ChunkSource::Finish(size_t index) {
  const ChoiceAnswer& choice = answer_.choices[index];
  cursors_[index].ended = true;
  cursors_[index].tokens = choice.completion_tokens;
  --running_;
  std::string more;
  if (answer_.request.raw_output) more = ",\"raw_output\":" + RawOutputJson(answer_, choice);
  std::string top;
  if (usage_ == UsageChunk::kFinish) {
    top = ",\"usage\":" + UsageJson(answer_, TokensSoFar());
  }
  if (running_ == 0 && !trailing_due_) top += Closing();
  return {Chunk::Kind::kFinish, Json(index, "{}", more, choice.finish_reason, top)};
}

Chunk ChunkSource::Trailing() {
  trailing_due_ = false;
  return {Chunk::Kind::kUsage,
          prefix_ + "],\"usage\":" + UsageJson(answer_, TokensSoFar()) + Closing() + "}"};
}

std::string ChunkSource::Closing() const {
  if (!answer_.request.perf_metrics) return "";
  return ",\"perf_metrics\":" + PerfMetricsJson(PerfMetrics(answer_, timing_()));
}

int ChunkSource::TokensSoFar() const {
  int sum = 0;
  for (const Cursor& cursor : cursors_) sum += cursor.tokens;
  return sum;
}

std::string ChunkSource::Json(size_t index, const std::string& delta, const std::string& more,
                              const std::string& finish_reason, const std::string& top) const {
  std::string json;
  json.reserve(prefix_.size() + delta.size() + more.size() + top.size() + 64);
  json.append(prefix_).append("{\"index\":").append(std::to_string(index));
  json.append(",\"delta\":").append(delta).append(",\"finish_reason\":");
  json.append(finish_reason.empty() ? "null" : "\"" + finish_reason + "\"");
  json.append(more).append("}]").append(top).append("}");
  return answer_.dialect == Dialect::kRawControls ? WithRawControls(json) : json;
}

}  // namespace sparkgate::simulator
