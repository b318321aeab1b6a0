#include "service/translate/stream_translator.h"

namespace sparkgate::translate {
namespace {

using v1::ChatMessage;
using v1::StreamChatResponse;
using v1::StreamChoice;
using v1::ToolCall;

// Of tool calls in one message: each is an object of some hundred bytes, whatever it holds.
constexpr int kMaxFragments = 32;

bool HasOnlyIncrements(const StreamChoice& entry) {
  return !entry.has_logprobs() && !entry.has_raw_output() && entry.token_ids_size() == 0 &&
         entry.prompt_token_ids_size() == 0 && !entry.has_extra_json() &&
         !entry.delta().has_tool_call_id() && !entry.delta().has_extra_json();
}

bool IsKnown(const ToolCall& fragment) {
  return !fragment.has_extra_json() && !fragment.function().has_extra_json();
}

bool AllKnown(const ChatMessage& delta) {
  for (const ToolCall& fragment : delta.tool_calls()) {
    if (!IsKnown(fragment)) return false;
  }
  return true;
}

// One choice, nothing unknown beside it.
bool HasOneChoice(const StreamChatResponse& message) {
  return message.choices_size() == 1 && !message.has_extra_json() &&
         message.prompt_token_ids_size() == 0;
}

bool CanFollow(const StreamChatResponse& next, const StreamChatResponse& tail) {
  if (!HasOneChoice(next) || !HasOneChoice(tail)) return false;
  if (next.has_id() || next.has_created() || next.has_model()) return false;
  if (tail.has_usage() || tail.has_perf_metrics()) return false;
  const StreamChoice& a = tail.choices(0);
  const StreamChoice& b = next.choices(0);
  if (a.delta().tool_calls_size() + b.delta().tool_calls_size() > kMaxFragments) return false;
  return a.index() == b.index() && !a.has_finish_reason() && !b.delta().has_role() &&
         HasOnlyIncrements(a) && HasOnlyIncrements(b) && AllKnown(a.delta()) && AllKnown(b.delta());
}

// The fragment of `delta` that more arguments of `next` can be appended to: its last one, if it is
// of the same call.
ToolCall* SameCall(const ToolCall& next, ChatMessage* delta) {
  if (delta->tool_calls_size() == 0) return nullptr;
  ToolCall* last = delta->mutable_tool_calls(delta->tool_calls_size() - 1);
  const bool only_arguments =
      !next.has_id() && !next.has_type() && next.has_function() && !next.function().has_name();
  const bool same = next.has_index() && last->has_index() && next.index() == last->index();
  return only_arguments && same ? last : nullptr;
}

void AppendDelta(const ChatMessage& next, ChatMessage* tail) {
  if (next.has_content()) tail->mutable_content()->append(next.content());
  if (next.has_reasoning_content()) {
    tail->mutable_reasoning_content()->append(next.reasoning_content());
  }
  for (const ToolCall& fragment : next.tool_calls()) {
    if (ToolCall* same = SameCall(fragment, tail)) {
      same->mutable_function()->mutable_arguments()->append(fragment.function().arguments());
    } else {
      *tail->add_tool_calls() = fragment;
    }
  }
}

}  // namespace

bool MergeInto(const StreamChatResponse& next, StreamChatResponse* tail) {
  if (!CanFollow(next, *tail)) return false;
  StreamChoice* entry = tail->mutable_choices(0);
  AppendDelta(next.choices(0).delta(), entry->mutable_delta());
  if (next.choices(0).has_finish_reason()) {
    entry->set_finish_reason(next.choices(0).finish_reason());
  }
  if (next.has_usage()) *tail->mutable_usage() = next.usage();
  if (next.has_perf_metrics()) *tail->mutable_perf_metrics() = next.perf_metrics();
  return true;
}

}  // namespace sparkgate::translate
