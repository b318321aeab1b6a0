#include "service/translate/stream_translator.h"

#include <utility>

#include "base/json_text.h"
#include "service/translate/response_values.h"
#include "service/translate/upstream_error.h"

namespace sparkgate::translate {
namespace {

// Choices beyond the requested ones that are followed before the stream counts as malformed.
constexpr size_t kMaxExtraChoices = 128;
constexpr char kTooManyChoices[] = "it has more choices than were asked for";

constexpr size_t kMaxText = 1024;

bool HoldsContent(const v1::StreamChatResponse& message) {
  for (const v1::StreamChoice& entry : message.choices()) {
    if (HasContent(entry.delta())) return true;
  }
  return false;
}

// Why a chunk's choices cannot be read; "" if they can, and everything else in a chunk may be odd.
std::string ChoicesError(const std::optional<JsonValue>& choices) {
  if (!choices || choices->is(JsonKind::kNull)) return "";
  if (!choices->is(JsonKind::kArray)) return "a chunk's choices are no list";
  return MalformedChoice(*choices, "delta");
}

}  // namespace

StreamTranslator::StreamTranslator(int requested_choices, const HeaderList& headers)
    : requested_(requested_choices), headers_{{"x-request-id", UpstreamRequestId(headers)}} {
  AddHeaderMetrics(headers, &metrics_);
}

StreamTranslator::Outcome StreamTranslator::Push(std::string_view event_type, std::string_view data,
                                                 Messages* messages) {
  Outcome outcome;
  data = TrimJsonSpace(data);
  if (event_type == "error") {
    outcome.status = ErrorEvent(data, headers_);
  } else if (data == "[DONE]") {
    outcome.done = true;
  } else if (event_type == "ping" || data.empty()) {
    // A keep-alive.
  } else if (data.front() == '{') {
    PushChunk(data, messages, &outcome);
    document_.Shrink();
  } else {
    outcome.status = PushText(data);
  }
  return outcome;
}

void StreamTranslator::ReleaseContent(Messages* messages) {
  if (!held_ || !HoldsContent(*held_)) return;
  v1::StreamChatResponse finish;
  for (v1::StreamChoice& entry : *held_->mutable_choices()) {
    if (!entry.has_finish_reason()) continue;
    EntryOf(entry.index(), &finish)->set_finish_reason(entry.finish_reason());
    entry.clear_finish_reason();
  }
  messages->push_back(std::move(*held_));
  held_ = std::move(finish);
}

void StreamTranslator::Release(bool complete, Messages* messages) {
  FlushChoices(messages);
  AddPendingFinishReasons(complete);
  if (complete) AddTotals(messages);
  SendHeld(messages);
}

CallStatus StreamTranslator::StatusAtEndMark() const {
  if (!text_.empty() && !AllChoicesHadFinish()) return ErrorEvent(text_, headers_);
  if (!SawChoice()) return MalformedAnswer("its stream ends without any answer in it", headers_);
  if (requested_ > 1 && saw_no_index_ && choices_.size() == 1) {
    return MalformedAnswer("its choices have no index, and more than one was asked for", headers_);
  }
  return CallStatus();
}

int StreamTranslator::anomalies() const {
  int sum = anomalies_ + top_level_.anomalies();
  for (const auto& [index, choice] : choices_) sum += choice.anomalies();
  return sum;
}

// Data that is not an object. It may be an error in a list.
CallStatus StreamTranslator::PushText(std::string_view data) {
  ++anomalies_;
  if (data.front() == '[' && document_.Parse(data) == JsonDocument::Result::kOk) {
    const auto first = document_.root().First();
    if (first && first->is(JsonKind::kObject)) return ErrorOfAnswer(*first, headers_);
  }
  if (text_.empty() && !IsKeepAlive(data)) text_ = data.substr(0, kMaxText);
  return CallStatus();
}

void StreamTranslator::PushChunk(std::string_view data, Messages* messages, Outcome* outcome) {
  outcome->status = ParseAnswer(data, headers_, Endpoint::kCompletion, &document_);
  if (!outcome->status.ok()) return;
  const JsonValue root = document_.root();
  const auto choices = root.Find("choices");
  std::string error = ChoicesError(choices);
  if (choices && choices->size() > requested_ + kMaxExtraChoices) error = kTooManyChoices;
  if (choices && error.empty()) error = IndexError(*choices);
  if (!error.empty()) {
    outcome->status = MalformedAnswer(error, headers_);
    return;
  }
  if (document_.loose()) ++anomalies_;
  Decode(root, choices, messages);
  if (chunk_.choices_size() > 0) AdvanceChoices(*choices, messages, outcome);
  anomalies_ += decoder_->anomalies();
}

// "" if it is clear which answer each choice belongs to: two are never mixed.
std::string StreamTranslator::IndexError(const JsonValue& choices) {
  std::string error;
  choices.ForEachElement([&](const JsonValue& choice) {
    const auto index = choice.Find("index");
    int64_t number;
    if (!index || index->is(JsonKind::kNull)) {
      saw_no_index_ = true;  // choice 0, from servers that omit zeros
    } else if (!LenientInteger(*index, &number) && (requested_ > 1 || choices.size() > 1)) {
      error = "a choice's index is no number";
    }
  });
  return error;
}

// Leaves only the choices in chunk_, and moves the rest to where it is kept.
void StreamTranslator::Decode(const JsonValue& root, const std::optional<JsonValue>& choices,
                              Messages* messages) {
  chunk_.Clear();
  decoder_.emplace(document_);
  decoder_->Object(root, chunk_schema_, &chunk_);
  if (choices) decoder_->TotalsInChoices(*choices, &chunk_);
  if (chunk_.has_usage()) {
    if (!usage_) usage_.emplace();
    usage_->Swap(chunk_.mutable_usage());  // a running total: the last one counts
  }
  if (chunk_.has_perf_metrics()) metrics_.MergeFrom(chunk_.perf_metrics());
  if (top_level_.Take(&chunk_)) return;
  // Two different sets of unknown members without a message in between: a message of our own
  // carries the first set.
  v1::StreamChatResponse carrier;
  EntryOf(last_index_, &carrier);
  top_level_.MoveInto(&carrier);
  Deliver(std::move(carrier), messages);
  top_level_.Take(&chunk_);
}

// A message has at most one entry for each choice: a chunk that repeats a choice becomes several.
void StreamTranslator::AdvanceChoices(const JsonValue& choices, Messages* messages,
                                      Outcome* outcome) {
  Messages earlier;
  v1::StreamChatResponse message;
  int at = 0;
  choices.ForEachElement([&](const JsonValue& value) {
    v1::StreamChoice* entry = chunk_.mutable_choices(at++);
    if (!Advance(value, entry, outcome)) return;
    if (FindEntry(message, entry->index()) != nullptr) {
      top_level_.MoveInto(&message);
      earlier.push_back(std::move(message));
      message.Clear();
    }
    message.add_choices()->Swap(entry);
  });
  for (v1::StreamChatResponse& one : earlier) DeliverNow(std::move(one), messages);
  if (message.choices_size() == 0) return;
  top_level_.MoveInto(&message);
  Deliver(std::move(message), messages);
}

// False if the entry is not to be sent.
bool StreamTranslator::Advance(const JsonValue& value, v1::StreamChoice* entry, Outcome* outcome) {
  const int index = entry->index();
  if (index < 0 || index >= requested_) ++anomalies_;
  if (choices_.size() >= requested_ + kMaxExtraChoices && choices_.count(index) == 0) {
    outcome->status = MalformedAnswer(kTooManyChoices, headers_);
    return false;
  }
  last_index_ = index;
  ChoiceState& choice = choices_[index];
  const bool had_finish = choice.had_finish();
  const bool was_finished = choice.finished();
  const bool failed = entry->finish_reason() == "error";
  if (failed) {
    outcome->status = ErrorFinish(headers_);
    entry->clear_finish_reason();
  }
  AdvanceChoice(value, &choice, entry);
  outcome->content = outcome->content || CarriesContent(value) || HasContent(entry->delta());
  CountFinished(index, choice.finished() - was_finished);
  // While other answers are unfinished, more of this one may come too.
  if (entry->has_finish_reason() && HasContent(entry->delta()) && !AllChoicesFinished()) {
    choice.HoldFinish(entry);
  }
  const bool nothing = AddsNothing(*entry);
  if (had_finish && choice.finished() && !nothing) ++anomalies_;
  // An empty entry beside usage must not push out the message that waits for this usage.
  return !((held_ || failed) && nothing);
}

void StreamTranslator::AdvanceChoice(const JsonValue& value, ChoiceState* choice,
                                     v1::StreamChoice* entry) {
  const auto message = value.Find("message", JsonKind::kObject);
  if (!message) return choice->Advance(document_, value, nullptr, entry);
  v1::ChatMessage decoded;
  decoder_->Object(*message, message_schema_, &decoded);
  choice->Advance(document_, value, &decoded, entry);
}

void StreamTranslator::CountFinished(int index, int more) {
  finished_ += more;
  if (index >= 0 && index < requested_) finished_in_range_ += more;
}

bool StreamTranslator::AllChoicesHadFinish() const {
  int had = 0;
  for (const auto& [index, choice] : choices_) {
    had += index >= 0 && index < requested_ && choice.had_finish();
  }
  return had >= requested_;
}

// Sends `message`, or holds it until it is known whether it is the last.
void StreamTranslator::Deliver(v1::StreamChatResponse message, Messages* messages) {
  if (!AllChoicesFinished()) return DeliverNow(std::move(message), messages);
  SendHeld(messages);
  held_ = std::move(message);
  for (const auto& [index, choice] : choices_) {
    if (choice.finished() && !choice.pending_finish().empty()) {
      EntryOf(index, &*held_)->set_finish_reason(choice.pending_finish());
    }
  }
}

void StreamTranslator::DeliverNow(v1::StreamChatResponse message, Messages* messages) {
  // If one of the finish reasons meant nothing, the others may mean nothing too.
  if (!AllChoicesFinished()) TakeBackFinishReasons();
  SendHeld(messages);
  Send(std::move(message), messages);
}

void StreamTranslator::SendHeld(Messages* messages) {
  if (held_ && !SaysNothing(*held_)) Send(std::move(*held_), messages);
  held_.reset();
}

void StreamTranslator::Send(v1::StreamChatResponse message, Messages* messages) {
  for (const v1::StreamChoice& entry : message.choices()) {
    if (entry.has_finish_reason()) choices_[entry.index()].NoteFinishSent();
  }
  messages->push_back(std::move(message));
}

void StreamTranslator::TakeBackFinishReasons() {
  if (!held_) return;
  for (v1::StreamChoice& entry : *held_->mutable_choices()) {
    if (entry.has_finish_reason()) choices_[entry.index()].HoldFinish(&entry);
  }
}

// A finish reason that content followed means nothing, unless the answer is complete without
// another.
void StreamTranslator::AddPendingFinishReasons(bool complete) {
  for (const auto& [index, choice] : choices_) {
    if (choice.pending_finish().empty() || !(choice.finished() || complete)) continue;
    if (!held_) held_.emplace();
    EntryOf(index, &*held_)->set_finish_reason(choice.pending_finish());
    if (!choice.finished()) ++finished_;
  }
}

// Sends what the choices have kept back.
void StreamTranslator::FlushChoices(Messages* messages) {
  for (auto& [index, choice] : choices_) {
    if (!choice.waiting()) continue;
    v1::StreamChatResponse message;
    const bool held = held_ && FindEntry(*held_, index) != nullptr;
    choice.Flush(EntryOf(index, held ? &*held_ : &message)->mutable_delta());
    if (!held) Send(std::move(message), messages);
  }
}

// Adds what belongs on the last message to the held one, or to one made for it.
void StreamTranslator::AddTotals(Messages* messages) {
  const bool has_metrics = metrics_.ByteSizeLong() > 0;
  if (held_ && !top_level_.Fits(*held_)) SendHeld(messages);
  if (!held_) {
    if (!SawChoice() || (!usage_ && !has_metrics && top_level_.empty())) return;
    held_.emplace();
    EntryOf(last_index_, &*held_);
  }
  top_level_.MoveInto(&*held_);
  if (usage_) *held_->mutable_usage() = *usage_;
  if (has_metrics) *held_->mutable_perf_metrics() = metrics_;
}

}  // namespace sparkgate::translate
