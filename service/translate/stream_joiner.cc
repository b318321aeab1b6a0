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

}  // namespace sparkgate::translate
