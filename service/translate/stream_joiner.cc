#include "service/translate/stream_joiner.h"

namespace sparkgate::translate {
namespace {

v1::Choice* ChoiceOf(int index, v1::ChatResponse* response) {
  for (v1::Choice& choice : *response->mutable_choices()) {
    if (choice.index() == index) return &choice;
  }
  v1::Choice* choice = response->add_choices();
  choice->set_index(index);
  return choice;
}

v1::ToolCall* CallOf(int index, v1::ChatMessage* message) {
  while (message->tool_calls_size() <= index) {
    message->add_tool_calls()->set_index(message->tool_calls_size() - 1);
  }
  return message->mutable_tool_calls(index);
}

void JoinCall(const v1::ToolCall& fragment, v1::ToolCall* call) {
  const std::string arguments = call->function().arguments();
  call->MergeFrom(fragment);
  if (fragment.function().has_arguments()) {
    call->mutable_function()->set_arguments(arguments + fragment.function().arguments());
  }
}

void JoinDelta(const v1::ChatMessage& delta, v1::ChatMessage* message) {
  if (delta.has_role()) message->set_role(delta.role());
  if (delta.has_content()) message->mutable_content()->append(delta.content());
  if (delta.has_reasoning_content()) {
    message->mutable_reasoning_content()->append(delta.reasoning_content());
  }
  if (delta.has_tool_call_id()) message->set_tool_call_id(delta.tool_call_id());
  if (delta.has_extra_json()) message->set_extra_json(delta.extra_json());
  for (const v1::ToolCall& fragment : delta.tool_calls()) {
    JoinCall(fragment, CallOf(fragment.index(), message));
  }
}

void JoinChoice(const v1::StreamChoice& entry, v1::Choice* choice) {
  JoinDelta(entry.delta(), choice->mutable_message());
  if (entry.has_finish_reason()) choice->set_finish_reason(entry.finish_reason());
  if (entry.has_logprobs()) choice->mutable_logprobs()->MergeFrom(entry.logprobs());
  if (entry.has_raw_output()) *choice->mutable_raw_output() = entry.raw_output();
  if (entry.has_extra_json()) choice->set_extra_json(entry.extra_json());
  choice->mutable_token_ids()->MergeFrom(entry.token_ids());
  choice->mutable_prompt_token_ids()->MergeFrom(entry.prompt_token_ids());
}

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

void JoinStream(const std::vector<v1::StreamChatResponse>& messages, v1::ChatResponse* response) {
  for (const v1::StreamChatResponse& message : messages) {
    if (message.has_id()) response->set_id(message.id());
    if (message.has_created()) response->set_created(message.created());
    if (message.has_model()) response->set_model(message.model());
    if (message.has_usage()) *response->mutable_usage() = message.usage();
    if (message.has_perf_metrics()) *response->mutable_perf_metrics() = message.perf_metrics();
    if (message.has_extra_json()) response->set_extra_json(message.extra_json());
    response->mutable_prompt_token_ids()->MergeFrom(message.prompt_token_ids());
    for (const v1::StreamChoice& entry : message.choices()) {
      JoinChoice(entry, ChoiceOf(entry.index(), response));
    }
  }
}

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
