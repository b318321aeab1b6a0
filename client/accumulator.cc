#include "client/accumulator.h"

#include <algorithm>
#include <string>
#include <utility>

namespace sparkgate::client {
namespace {

// Upstreams differ: most number the calls, some give an id alone, some number every call 0 and tell
// them apart by a new id. The latest call that matches is the one that is being written.
int CallFor(const v1::ToolCall& fragment, v1::ChatMessage* message) {
  auto* calls = message->mutable_tool_calls();
  for (int i = calls->size() - 1; i >= 0; --i) {
    const v1::ToolCall* call = &calls->Get(i);
    const bool other_id =
        !fragment.id().empty() && !call->id().empty() && fragment.id() != call->id();
    const bool other_index =
        fragment.has_index() && call->has_index() && fragment.index() != call->index();
    if (!other_id && !other_index) return i;
  }
  calls->Add();
  return calls->size() - 1;
}

template <typename Message>
void WriteExtra(const ExtraJoiner& joiner, Message* message) {
  std::string text = joiner.Text();
  if (!text.empty()) message->set_extra_json(std::move(text));
}

void AddFunction(const v1::FunctionCall& from, v1::FunctionCall* to) {
  if (from.has_name() && (!from.name().empty() || !to->has_name())) to->set_name(from.name());
  if (from.has_arguments()) to->mutable_arguments()->append(from.arguments());
}

}  // namespace

void Accumulator::AddToolCall(const v1::ToolCall& fragment, MessageExtras* extras,
                              v1::ChatMessage* message) {
  const int at = CallFor(fragment, message);
  v1::ToolCall* call = message->mutable_tool_calls(at);
  extras->calls.resize(message->tool_calls_size());
  if (fragment.has_index()) call->set_index(fragment.index());
  if (!fragment.id().empty()) call->set_id(fragment.id());
  if (fragment.has_type()) call->set_type(fragment.type());
  if (fragment.has_extra_json()) extras->calls[at].call.Add(fragment.extra_json());
  if (!fragment.has_function()) return;
  AddFunction(fragment.function(), call->mutable_function());
  if (fragment.function().has_extra_json()) {
    extras->calls[at].function.Add(fragment.function().extra_json());
  }
}

void Accumulator::AddDelta(const v1::ChatMessage& delta, MessageExtras* extras,
                           v1::ChatMessage* message) {
  if (delta.has_role()) message->set_role(delta.role());
  if (delta.has_content()) message->mutable_content()->append(delta.content());
  if (delta.has_reasoning_content()) {
    message->mutable_reasoning_content()->append(delta.reasoning_content());
  }
  for (const v1::ToolCall& fragment : delta.tool_calls()) AddToolCall(fragment, extras, message);
  if (delta.has_tool_call_id()) message->set_tool_call_id(delta.tool_call_id());
  if (delta.has_extra_json()) extras->message.Add(delta.extra_json());
}

void Accumulator::AddChoice(const v1::StreamChoice& from, MessageExtras* extras, v1::Choice* to) {
  AddDelta(from.delta(), extras, to->mutable_message());
  if (from.has_finish_reason()) to->set_finish_reason(from.finish_reason());
  if (from.has_logprobs()) to->mutable_logprobs()->MergeFrom(from.logprobs());
  if (from.has_raw_output()) *to->mutable_raw_output() = from.raw_output();
  to->mutable_token_ids()->MergeFrom(from.token_ids());
  if (!from.prompt_token_ids().empty()) {
    *to->mutable_prompt_token_ids() = from.prompt_token_ids();
  }
  if (from.has_extra_json()) to->set_extra_json(from.extra_json());
}

void Accumulator::Add(const v1::StreamChatResponse& message) {
  if (message.has_id()) response_.set_id(message.id());
  if (message.has_created()) response_.set_created(message.created());
  if (message.has_model()) response_.set_model(message.model());
  for (const v1::StreamChoice& choice : message.choices()) {
    AddChoice(choice, &extras_[choice.index()], ChoiceFor(choice.index()));
  }
  if (message.has_usage()) *response_.mutable_usage() = message.usage();
  if (message.has_perf_metrics()) *response_.mutable_perf_metrics() = message.perf_metrics();
  if (!message.prompt_token_ids().empty()) {
    *response_.mutable_prompt_token_ids() = message.prompt_token_ids();
  }
  if (message.has_extra_json()) response_.set_extra_json(message.extra_json());
}

const v1::ChatResponse& Accumulator::response() {
  for (v1::Choice& choice : *response_.mutable_choices()) {
    const MessageExtras& extras = extras_[choice.index()];
    v1::ChatMessage* message = choice.mutable_message();
    WriteExtra(extras.message, message);
    for (int i = 0; i < message->tool_calls_size(); ++i) {
      v1::ToolCall* call = message->mutable_tool_calls(i);
      WriteExtra(extras.calls[i].call, call);
      if (call->has_function()) WriteExtra(extras.calls[i].function, call->mutable_function());
    }
  }
  return response_;
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
