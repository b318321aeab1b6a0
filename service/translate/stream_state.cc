#include "service/translate/stream_state.h"

#include <utility>

#include "absl/strings/match.h"
#include "service/translate/message_decoder.h"

namespace sparkgate::translate {
namespace {

// Joins surrogates at the ends of one text's increments. Without an increment, a surrogate that
// waits is not waited for any longer.
template <typename Mutable>
void Join(const JsonDocument& document, const std::optional<JsonValue>& value,
          SurrogateJoiner* joiner, Mutable text) {
  if (value) {
    joiner->Join(document, *value, text());
  } else if (joiner->waiting()) {
    text()->assign(joiner->Flush());
  }
}

bool SaysSomething(const JsonValue& value) {
  switch (value.kind()) {
    case JsonKind::kNull:
      return false;
    case JsonKind::kBool:
      return value.AsBool();
    case JsonKind::kString:
      return !value.AsText().empty();
    case JsonKind::kNumber:
      return true;
    default:
      return value.size() > 0;
  }
}

}  // namespace

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

bool TopLevelFields::Take(v1::StreamChatResponse* chunk) {
  const bool new_extra = chunk->has_extra_json() && chunk->extra_json() != extra_;
  const bool new_ids = chunk->prompt_token_ids_size() > 0;
  if (new_extra && fields_.has_extra_json()) return false;
  if (new_ids && fields_.prompt_token_ids_size() > 0) return false;
  // The first that is not empty counts: servers send "" or 0 while they do not know.
  if (IsFirst(chunk->id(), &id_)) fields_.set_id(id_);
  if (IsFirst(chunk->model(), &model_)) fields_.set_model(model_);
  // Some servers change `created` from chunk to chunk; it says when the answer began.
  if (chunk->created() != 0 && !has_created_) {
    fields_.set_created(chunk->created());
    waiting_ = has_created_ = true;
  }
  if (new_extra) {
    fields_.set_extra_json(extra_ = chunk->extra_json());
    waiting_ = true;
  }
  if (new_ids) {
    fields_.mutable_prompt_token_ids()->Swap(chunk->mutable_prompt_token_ids());
    waiting_ = true;
  }
  return true;
}

// True if `value` is the first one that is not empty; it is now `known`.
bool TopLevelFields::IsFirst(const std::string& value, std::string* known) {
  if (value.empty() || value == *known) return false;
  if (!known->empty()) {
    ++anomalies_;
    return false;
  }
  *known = value;
  return waiting_ = true;
}

bool TopLevelFields::Fits(const v1::StreamChatResponse& message) const {
  return !(fields_.has_extra_json() && message.has_extra_json()) &&
         !(fields_.prompt_token_ids_size() > 0 && message.prompt_token_ids_size() > 0);
}

void TopLevelFields::MoveInto(v1::StreamChatResponse* message) {
  if (!waiting_) return;
  waiting_ = false;
  message->MergeFrom(fields_);
  fields_.Clear();
}

void ChoiceState::Advance(const JsonDocument& document, const JsonValue& value,
                          const v1::ChatMessage* message, v1::StreamChoice* entry) {
  v1::ChatMessage* delta = entry->mutable_delta();
  const auto delta_value = value.Find("delta", JsonKind::kObject);
  if (delta_value && delta_value->size() > 0) {
    JoinSurrogatesOf(document, *delta_value, delta);
    content_.Append(delta->content());
    reasoning_.Append(delta->reasoning_content());
    KeepRawText(*delta_value, delta);
  }
  auto owner = delta_value;  // of the tool calls
  const auto message_value = value.Find("message");
  if (message != nullptr && TakeMessage(*message, *message_value, entry)) owner = message_value;
  if (const auto text = value.Find("text", JsonKind::kString)) TakeText(*text, entry);
  AdvanceRole(delta);
  if (delta->tool_calls_size() > 0) {
    calls_.Advance(document, *owner->Find("tool_calls"), delta);
  } else if (calls_.waiting()) {
    calls_.AdvanceWithoutFragments(delta);
  }
  AdvanceFinish(entry);
}

void ChoiceState::AdvanceRole(v1::ChatMessage* delta) {
  if (!role_sent_) {
    if (delta->role().empty()) delta->set_role("assistant");
    role_ = delta->role();
    role_sent_ = true;
    return;
  }
  if (!delta->role().empty() && delta->role() != role_) ++anomalies_;
  delta->clear_role();
}

void ChoiceState::JoinSurrogatesOf(const JsonDocument& document, const JsonValue& delta_value,
                                   v1::ChatMessage* delta) {
  const bool waiting = content_surrogate_.waiting() || reasoning_surrogate_.waiting();
  if (document.lone_surrogates().empty() && !waiting) return;
  Join(document, delta_value.Find("content", JsonKind::kString), &content_surrogate_,
       [delta] { return delta->mutable_content(); });
  auto reasoning = delta_value.Find("reasoning_content", JsonKind::kString);
  if (!reasoning) reasoning = delta_value.Find("reasoning", JsonKind::kString);
  Join(document, reasoning, &reasoning_surrogate_,
       [delta] { return delta->mutable_reasoning_content(); });
}

// A caller that puts the parts together and sends the message again must have all of them.
void ChoiceState::KeepRawText(const JsonValue& delta_value, v1::ChatMessage* delta) {
  const auto content = delta_value.Find("content");
  if (!content.has_value()) return;
  has_raw_parts_ = has_raw_parts_ || (content->is(JsonKind::kArray) && delta->has_content());
  if (!has_raw_parts_ || !content->is(JsonKind::kString) || content->AsText().empty()) return;
  AddExtra("content", "[{\"type\":\"text\",\"text\":" + std::string(content->raw()) + "}]",
           delta->mutable_extra_json());
}

// A message beside the deltas repeats them; one in their place holds all of the text so far. True
// if the tool calls of `entry` are now those of the message.
bool ChoiceState::TakeMessage(const v1::ChatMessage& message, const JsonValue& raw,
                              v1::StreamChoice* entry) {
  v1::ChatMessage* delta = entry->mutable_delta();
  const auto content = content_.NewPart(message.content(), GrowingText::Repeats::kAll);
  const auto reasoning =
      reasoning_.NewPart(message.reasoning_content(), GrowingText::Repeats::kAll);
  if (!content.has_value() || !reasoning.has_value()) {
    ++anomalies_;
    AddExtra("message", raw.raw(), entry->mutable_extra_json());
    return false;
  }
  if (!content->empty()) delta->mutable_content()->append(*content);
  if (!reasoning->empty()) delta->mutable_reasoning_content()->append(*reasoning);
  if (delta->role().empty() && message.has_role()) delta->set_role(message.role());
  const bool takes_calls = delta->tool_calls_size() == 0 && calls_.empty();
  if (takes_calls) *delta->mutable_tool_calls() = message.tool_calls();
  if (message.has_extra_json() && message.extra_json() != message_extra_) {
    message_extra_ = message.extra_json();
    AddExtra("message", message_extra_, entry->mutable_extra_json());
  }
  return takes_calls;
}

void ChoiceState::TakeText(const JsonValue& text, v1::StreamChoice* entry) {
  v1::ChatMessage* delta = entry->mutable_delta();
  if (text.AsText().empty() || text.AsText() == delta->content()) return;
  const auto added = content_.NewPart(text.AsText(), GrowingText::Repeats::kNothing);
  if (added.has_value()) {
    if (!added->empty()) delta->mutable_content()->append(*added);
    return;
  }
  ++anomalies_;
  AddExtra("text", text.raw(), entry->mutable_extra_json());
}

void ChoiceState::AdvanceFinish(v1::StreamChoice* entry) {
  // Some servers write "" or the word where others write null.
  if (entry->finish_reason().empty() || entry->finish_reason() == "null") {
    if (!entry->finish_reason().empty()) ++anomalies_;
    entry->clear_finish_reason();
  }
  const bool had_finish = end_ == End::kFinished;
  if (had_finish && HasContent(entry->delta())) {
    end_ = End::kContentFollowed;
    ++anomalies_;
  }
  if (!entry->has_finish_reason()) return;
  if (end_ == End::kContentFollowed) {
    HoldFinish(entry);
  } else if (had_finish) {
    entry->clear_finish_reason();
  } else {
    end_ = End::kFinished;
    // Nothing may follow the finish reason, unless it comes with content: then it may mean nothing.
    if (waiting() && !HasContent(entry->delta())) Flush(entry->mutable_delta());
  }
}

void ChoiceState::HoldFinish(v1::StreamChoice* entry) {
  if (!finish_sent_) pending_finish_ = entry->finish_reason();
  entry->clear_finish_reason();
}

void ChoiceState::NoteFinishSent() {
  finish_sent_ = true;
  pending_finish_.clear();
}

bool ChoiceState::waiting() const {
  return content_surrogate_.waiting() || reasoning_surrogate_.waiting() || calls_.waiting();
}

void ChoiceState::Flush(v1::ChatMessage* delta) {
  if (content_surrogate_.waiting()) delta->mutable_content()->append(content_surrogate_.Flush());
  if (reasoning_surrogate_.waiting()) {
    delta->mutable_reasoning_content()->append(reasoning_surrogate_.Flush());
  }
  calls_.Flush(delta);
}

bool IsKeepAlive(std::string_view data) {
  if (data.front() == ':') return true;
  for (const std::string_view word : {"\"\"", "null", "true", "false", "[]", "ping", "pong",
                                      "keepalive", "keep-alive", "heartbeat"}) {
    if (absl::EqualsIgnoreCase({data.data(), data.size()}, {word.data(), word.size()})) return true;
  }
  return false;
}

bool CarriesContent(const JsonValue& choice) {
  const auto delta = choice.Find("delta", JsonKind::kObject);
  if (!delta) return false;
  bool content = false;
  delta->ForEachMember([&](const JsonMember& member) {
    content = content || (member.key != "role" && SaysSomething(member.value));
  });
  return content;
}

}  // namespace sparkgate::translate
