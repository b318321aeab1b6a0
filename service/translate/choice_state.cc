#include "service/translate/choice_state.h"

namespace sparkgate::translate {
namespace {

// More calls than any model makes; beyond, earlier ones are forgotten rather than kept for ever.
constexpr size_t kMaxCalls = 1024;

std::optional<JsonValue> Member(const std::optional<JsonValue>& object, std::string_view key) {
  return object.has_value() ? object->Find(key) : std::nullopt;
}

}  // namespace

void ChoiceState::Advance(const JsonDocument& document, const JsonValue& value,
                          v1::StreamChoice* entry) {
  v1::ChatMessage* delta = entry->mutable_delta();
  AdvanceRole(delta);
  // A delta without any of them is no reason to search for them.
  if (!document.lone_surrogates().empty() || waiting()) AdvanceTexts(document, value, delta);
  ++delta_;
  if (delta->tool_calls_size() > 0) AdvanceCalls(document, value, delta);
  FlushCalls(/*all=*/false, delta);
  // Some servers write "" where others write null.
  if (entry->finish_reason().empty()) entry->clear_finish_reason();
  if (!entry->has_finish_reason()) return;
  finished_ = true;
  if (waiting()) Flush(delta);  // nothing belongs behind the finish reason
}

void ChoiceState::AdvanceRole(v1::ChatMessage* delta) {
  if (!role_sent_) {
    if (delta->role().empty()) delta->set_role("assistant");
    role_ = delta->role();
    role_sent_ = true;
    return;
  }
  if (!delta->role().empty() && delta->role() != role_) ++oddities_;
  delta->clear_role();
}

void ChoiceState::AdvanceTexts(const JsonDocument& document, const JsonValue& value,
                               v1::ChatMessage* delta) {
  const auto object = value.Find("delta");
  const auto content = Member(object, "content");
  if (delta->has_content()) {
    content_.Join(document, *content, delta->mutable_content());
  } else if (content_.waiting()) {
    delta->set_content(content_.Flush());
  }
  const auto reasoning = Member(object, "reasoning_content");
  if (delta->has_reasoning_content()) {
    reasoning_.Join(document, *reasoning, delta->mutable_reasoning_content());
  } else if (reasoning_.waiting()) {
    delta->set_reasoning_content(reasoning_.Flush());
  }
}

void ChoiceState::AdvanceCalls(const JsonDocument& document, const JsonValue& value,
                               v1::ChatMessage* delta) {
  int at = 0;
  value.Find("delta")->Find("tool_calls")->ForEachElement([&](const JsonValue& element) {
    v1::ToolCall* fragment = delta->mutable_tool_calls(at++);
    Call& call = CallOf(*fragment);
    call.last_delta = delta_;
    KeepNew(fragment, &call);
    const auto arguments = Member(element.Find("function"), "arguments");
    if (fragment->function().has_arguments()) {
      call.arguments.Join(document, *arguments, fragment->mutable_function()->mutable_arguments());
    } else if (call.arguments.waiting()) {
      fragment->mutable_function()->set_arguments(call.arguments.Flush());
    }
    if (call.arguments.waiting()) {
      waiting_calls_.insert(last_call_);
    } else {
      waiting_calls_.erase(last_call_);
    }
  });
}

ChoiceState::Call& ChoiceState::CallOf(const v1::ToolCall& fragment) {
  if (calls_.size() >= kMaxCalls) {
    calls_.clear();
    waiting_calls_.clear();
  }
  if (fragment.has_index()) {
    last_call_ = fragment.index();
  } else if (calls_.empty()) {
    last_call_ = next_nameless_--;
  } else if (!fragment.id().empty()) {
    const auto& last = calls_[last_call_].id;
    if (last.has_value() && *last != fragment.id()) last_call_ = next_nameless_--;
  }
  return calls_[last_call_];
}

// What every fragment repeats would otherwise be joined to itself by whoever appends.
template <typename Clear>
void ChoiceState::KeepNew(bool has, const std::string& value, std::optional<std::string>* known,
                          Clear clear) {
  if (!has) return;
  if (!known->has_value() || (known->value().empty() && !value.empty())) {
    *known = value;
  } else if (value.empty() || value == **known) {
    clear();
  } else {
    ++oddities_;
    *known = value;
  }
}

void ChoiceState::KeepNew(v1::ToolCall* fragment, Call* call) {
  // Another id under the same index is another call.
  if (!fragment->id().empty() && call->id.has_value() && *call->id != fragment->id()) {
    call->type.reset();
    call->name.reset();
  }
  KeepNew(fragment->has_id(), fragment->id(), &call->id, [&] { fragment->clear_id(); });
  KeepNew(fragment->has_type(), fragment->type(), &call->type, [&] { fragment->clear_type(); });
  if (!fragment->has_function()) return;
  v1::FunctionCall* function = fragment->mutable_function();
  KeepNew(function->has_name(), function->name(), &call->name, [&] { function->clear_name(); });
  if (!function->has_name() && !function->has_arguments() && !function->has_extra_json()) {
    fragment->clear_function();
  }
}

// Halves that waited for this delta and found nothing of their call in it.
void ChoiceState::FlushCalls(bool all, v1::ChatMessage* delta) {
  for (auto at = waiting_calls_.begin(); at != waiting_calls_.end();) {
    const int index = *at;
    Call& call = calls_[index];
    if (!all && call.last_delta == delta_) {
      ++at;
      continue;
    }
    at = waiting_calls_.erase(at);
    v1::ToolCall* fragment = delta->add_tool_calls();
    if (index >= 0) fragment->set_index(index);
    fragment->mutable_function()->set_arguments(call.arguments.Flush());
  }
}

bool ChoiceState::waiting() const {
  return content_.waiting() || reasoning_.waiting() || !waiting_calls_.empty();
}

void ChoiceState::Flush(v1::ChatMessage* delta) {
  if (content_.waiting()) delta->mutable_content()->append(content_.Flush());
  if (reasoning_.waiting()) delta->mutable_reasoning_content()->append(reasoning_.Flush());
  FlushCalls(/*all=*/true, delta);
}

}  // namespace sparkgate::translate
