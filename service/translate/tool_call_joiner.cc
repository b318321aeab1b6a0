#include "service/translate/tool_call_joiner.h"

#include <iterator>
#include <utility>

#include "base/json_text.h"
#include "service/translate/message_decoder.h"

namespace sparkgate::translate {
namespace {

// Some servers send it before the real arguments.
constexpr std::string_view kEmptyArguments = "{}";

// More calls than any model makes; beyond, the earlier ones are forgotten.
constexpr size_t kMaxCalls = 1024;

bool HasArguments(const v1::ToolCall& fragment) {
  return !TrimJsonSpace(fragment.function().arguments()).empty();
}

}  // namespace

void ToolCallJoiner::Balance::Add(std::string_view piece) {
  for (const char c : piece) {
    if (in_string_) {
      if (!escaped_ && c == '"') in_string_ = false;
      escaped_ = !escaped_ && c == '\\';
    } else if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      begun_ = true;
      ++depth_;
    } else if (c == '}' || c == ']') {
      --depth_;
    }
  }
}

void ToolCallJoiner::Advance(const JsonDocument& document, const JsonValue& fragments,
                             v1::ChatMessage* delta) {
  ++delta_;
  int at = 0;
  fragments.ForEachElement([&](const JsonValue& value) {
    AdvanceFragment(document, value, delta->mutable_tool_calls(at++));
  });
  FlushSurrogates(delta);
}

void ToolCallJoiner::AdvanceWithoutFragments(v1::ChatMessage* delta) {
  ++delta_;
  FlushSurrogates(delta);
}

void ToolCallJoiner::AdvanceFragment(const JsonDocument& document, const JsonValue& value,
                                     v1::ToolCall* fragment) {
  const int calls_before = next_index_;
  last_ = CallOf(*fragment);
  Call& call = calls_[last_];
  call.last_delta = delta_;
  SetIndex(next_index_ > calls_before, call, fragment);
  KeepIdAndType(fragment, last_);
  v1::FunctionCall* function = fragment->mutable_function();
  const auto function_value = value.Find("function");
  if (function->has_arguments()) {
    call.surrogate.Join(document, *function_value->Find("arguments"),
                        function->mutable_arguments());
  } else if (call.surrogate.waiting()) {
    function->set_arguments(call.surrogate.Flush());
  }
  const bool only_name = function_value && function_value->is(JsonKind::kString);
  KeepName(only_name || function->has_arguments(), function, &call);
  KeepArguments(function, &call);
  if (!function->has_name() && !function->has_arguments() && !function->has_extra_json()) {
    fragment->clear_function();
  }
  if (call.waiting()) {
    waiting_.insert(last_);
  } else {
    waiting_.erase(last_);
  }
}

size_t ToolCallJoiner::CallOf(const v1::ToolCall& fragment) {
  const auto found = Find(fragment);
  const size_t at = found ? *found : Begin();
  if (fragment.has_index()) by_upstream_index_[fragment.index()] = at;
  return at;
}

std::optional<size_t> ToolCallJoiner::Find(const v1::ToolCall& fragment) const {
  if (!fragment.id().empty()) {
    const auto known = by_id_.find(fragment.id());
    if (known != by_id_.end()) return known->second;
  }
  const auto current = Current(fragment);
  if (!current) return std::nullopt;
  const Call& call = calls_[*current];
  const bool new_id = !fragment.id().empty() && !call.id.empty();
  if (new_id || BeginsAnother(fragment, call)) return std::nullopt;
  return current;
}

// Ignores ids: the latest call with the fragment's index, or the latest of all.
std::optional<size_t> ToolCallJoiner::Current(const v1::ToolCall& fragment) const {
  if (!fragment.has_index()) return calls_.empty() ? std::nullopt : std::make_optional(last_);
  const auto known = by_upstream_index_.find(fragment.index());
  return known == by_upstream_index_.end() ? std::nullopt : std::make_optional(known->second);
}

bool ToolCallJoiner::BeginsAnother(const v1::ToolCall& fragment, const Call& call) {
  const std::string& name = fragment.function().name();
  if (name.empty() || call.name.empty()) return false;
  if (name == call.name) return call.balance.complete() && HasArguments(fragment);
  const bool has_arguments = call.arguments_sent || !call.held_arguments.empty();
  return call.name_sent && (has_arguments || fragment.function().has_arguments());
}

size_t ToolCallJoiner::Begin() {
  if (calls_.size() >= kMaxCalls) {
    calls_.clear();
    by_upstream_index_.clear();
    by_id_.clear();
    waiting_.clear();
  }
  calls_.emplace_back().index = next_index_++;
  return calls_.size() - 1;
}

void ToolCallJoiner::SetIndex(bool first, const Call& call, v1::ToolCall* fragment) {
  if (fragment->has_index() && fragment->index() != call.index) {
    ++anomalies_;
    if (first) {
      AddExtra("index", std::to_string(fragment->index()), fragment->mutable_extra_json());
    }
  }
  fragment->set_index(call.index);
}

// Callers append fragments, so nothing may be repeated.
void ToolCallJoiner::KeepIdAndType(v1::ToolCall* fragment, size_t at) {
  Call& call = calls_[at];
  if (call.id.empty() && !fragment->id().empty()) {
    by_id_[call.id = fragment->id()] = at;
  } else {
    fragment->clear_id();
  }
  if (call.type_sent || fragment->type().empty()) fragment->clear_type();
  call.type_sent = call.type_sent || fragment->has_type();
}

// A name may come in pieces, which end where the arguments begin (`whole`).
void ToolCallJoiner::KeepName(bool whole, v1::FunctionCall* function, Call* call) {
  const std::string piece = function->name();
  function->clear_name();
  if (call->name_sent) {
    if (piece.empty() || piece == call->name) return;
    ++anomalies_;
    if (call->arguments_sent) return;
    call->name += piece;
    function->set_name(piece);
    return;
  }
  if (piece != call->name) call->name += piece;
  if (!whole || call->name.empty()) return;
  function->set_name(call->name);
  call->name_sent = true;
}

void ToolCallJoiner::KeepArguments(v1::FunctionCall* function, Call* call) {
  const std::string_view text = TrimJsonSpace(function->arguments());
  if (call->arguments_sent || text.empty()) {
    call->balance.Add(function->arguments());
    return;
  }
  call->balance = Balance();
  call->balance.Add(text);
  if (text == kEmptyArguments) {
    call->held_arguments = function->arguments();
    function->clear_arguments();
    return;
  }
  if (text.front() != '{') function->mutable_arguments()->insert(0, call->held_arguments);
  call->held_arguments.clear();
  call->arguments_sent = true;
}

// For the calls of which this delta has no fragment.
void ToolCallJoiner::FlushSurrogates(v1::ChatMessage* delta) {
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    Call& call = calls_[*at];
    if (call.surrogate.waiting() && call.last_delta != delta_) {
      v1::ToolCall* fragment = delta->add_tool_calls();
      fragment->set_index(call.index);
      fragment->mutable_function()->set_arguments(call.surrogate.Flush());
    }
    at = call.waiting() ? std::next(at) : waiting_.erase(at);
  }
}

void ToolCallJoiner::Flush(v1::ChatMessage* delta) {
  for (const size_t at : waiting_) {
    Call& call = calls_[at];
    v1::ToolCall* fragment = delta->add_tool_calls();
    fragment->set_index(call.index);
    v1::FunctionCall* function = fragment->mutable_function();
    if (!call.name_sent && !call.name.empty()) function->set_name(call.name);
    call.name_sent = true;
    const std::string arguments = std::exchange(call.held_arguments, {}) + call.surrogate.Flush();
    if (!arguments.empty()) function->set_arguments(arguments);
  }
  waiting_.clear();
}

}  // namespace sparkgate::translate
