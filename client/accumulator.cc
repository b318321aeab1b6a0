#include "client/accumulator.h"

#include <algorithm>
#include <string>

namespace sparkgate::client {
namespace {

// Upstreams differ: most number the calls, some give an id alone, some number every call 0 and tell
// them apart by a new id. The latest call that matches is the one that is being written.
v1::ToolCall* CallFor(const v1::ToolCall& fragment, v1::ChatMessage* message) {
  auto* calls = message->mutable_tool_calls();
  for (int i = calls->size() - 1; i >= 0; --i) {
    v1::ToolCall* call = calls->Mutable(i);
    const bool other_id =
        !fragment.id().empty() && !call->id().empty() && fragment.id() != call->id();
    const bool other_index =
        fragment.has_index() && call->has_index() && fragment.index() != call->index();
    if (!other_id && !other_index) return call;
  }
  return calls->Add();
}

void AddFunction(const v1::FunctionCall& from, v1::FunctionCall* to) {
  if (from.has_name() && (!from.name().empty() || !to->has_name())) to->set_name(from.name());
  if (from.has_arguments()) to->mutable_arguments()->append(from.arguments());
  if (from.has_extra_json()) to->set_extra_json(from.extra_json());
}

void AddToolCall(const v1::ToolCall& fragment, v1::ChatMessage* message) {
  v1::ToolCall* call = CallFor(fragment, message);
  if (fragment.has_index()) call->set_index(fragment.index());
  if (!fragment.id().empty()) call->set_id(fragment.id());
  if (fragment.has_type()) call->set_type(fragment.type());
  if (fragment.has_extra_json()) call->set_extra_json(fragment.extra_json());
  if (fragment.has_function()) AddFunction(fragment.function(), call->mutable_function());
}

void AddDelta(const v1::ChatMessage& delta, v1::ChatMessage* message) {
  if (delta.has_role()) message->set_role(delta.role());
  if (delta.has_content()) message->mutable_content()->append(delta.content());
  if (delta.has_reasoning_content()) {
    message->mutable_reasoning_content()->append(delta.reasoning_content());
  }
  for (const v1::ToolCall& fragment : delta.tool_calls()) AddToolCall(fragment, message);
  if (delta.has_tool_call_id()) message->set_tool_call_id(delta.tool_call_id());
  if (delta.has_extra_json()) message->set_extra_json(delta.extra_json());
}

void AddChoice(const v1::StreamChoice& from, v1::Choice* to) {
  AddDelta(from.delta(), to->mutable_message());
  if (from.has_finish_reason()) to->set_finish_reason(from.finish_reason());
  if (from.has_logprobs()) to->mutable_logprobs()->MergeFrom(from.logprobs());
  if (from.has_raw_output()) *to->mutable_raw_output() = from.raw_output();
  to->mutable_token_ids()->MergeFrom(from.token_ids());
  if (!from.prompt_token_ids().empty()) {
    *to->mutable_prompt_token_ids() = from.prompt_token_ids();
  }
  if (from.has_extra_json()) to->set_extra_json(from.extra_json());
}

}  // namespace

void Accumulator::Add(const v1::StreamChatResponse& message) {
  if (message.has_id()) response_.set_id(message.id());
  if (message.has_created()) response_.set_created(message.created());
  if (message.has_model()) response_.set_model(message.model());
  for (const v1::StreamChoice& choice : message.choices()) {
    AddChoice(choice, ChoiceFor(choice.index()));
  }
  if (message.has_usage()) *response_.mutable_usage() = message.usage();
  if (message.has_perf_metrics()) *response_.mutable_perf_metrics() = message.perf_metrics();
  if (!message.prompt_token_ids().empty()) {
    *response_.mutable_prompt_token_ids() = message.prompt_token_ids();
  }
  if (message.has_extra_json()) response_.set_extra_json(message.extra_json());
}

v1::Choice* Accumulator::ChoiceFor(int index) {
  auto* choices = response_.mutable_choices();
  const auto at =
      std::find_if(choices->pointer_begin(), choices->pointer_end(),
                   [index](const v1::Choice* choice) { return choice->index() >= index; });
  const int place = static_cast<int>(at - choices->pointer_begin());
  if (place < choices->size() && choices->Get(place).index() == index) {
    return choices->Mutable(place);
  }
  v1::Choice* added = choices->Add();
  added->set_index(index);
  added->mutable_message()->set_role("assistant");
  for (int i = choices->size() - 1; i > place; --i) choices->SwapElements(i, i - 1);
  return choices->Mutable(place);
}

}  // namespace sparkgate::client
