#include "service/translate/stream_message.h"

namespace sparkgate::translate {

bool HasContent(const v1::ChatMessage& delta) {
  return !delta.content().empty() || !delta.reasoning_content().empty() ||
         delta.tool_calls_size() > 0;
}

bool AddsNothing(const v1::StreamChoice& entry) {
  const v1::ChatMessage& delta = entry.delta();
  return !entry.has_finish_reason() && !entry.has_logprobs() && !entry.has_raw_output() &&
         entry.token_ids_size() == 0 && entry.prompt_token_ids_size() == 0 &&
         !entry.has_extra_json() && delta.role().empty() && delta.content().empty() &&
         delta.reasoning_content().empty() && delta.tool_calls_size() == 0 &&
         !delta.has_tool_call_id() && !delta.has_extra_json();
}

const v1::StreamChoice* FindEntry(const v1::StreamChatResponse& message, int index) {
  for (const v1::StreamChoice& entry : message.choices()) {
    if (entry.index() == index) return &entry;
  }
  return nullptr;
}

v1::StreamChoice* EntryOf(int index, v1::StreamChatResponse* message) {
  for (v1::StreamChoice& entry : *message->mutable_choices()) {
    if (entry.index() == index) return &entry;
  }
  v1::StreamChoice* entry = message->add_choices();
  entry->set_index(index);
  entry->mutable_delta();
  return entry;
}

bool SaysNothing(const v1::StreamChatResponse& message) {
  for (const v1::StreamChoice& entry : message.choices()) {
    if (!AddsNothing(entry)) return false;
  }
  return !message.has_id() && !message.has_created() && !message.has_model() &&
         !message.has_extra_json() && message.prompt_token_ids_size() == 0 &&
         !message.has_usage() && !message.has_perf_metrics();
}

}  // namespace sparkgate::translate
