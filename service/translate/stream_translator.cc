#include "service/translate/stream_translator.h"

#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/json_reader.h"
#include "base/json_text.h"
#include "service/translate/message_decoder.h"
#include "service/translate/message_schema.h"
#include "service/translate/response_values.h"
#include "service/translate/stream_state.h"
#include "service/translate/upstream_error.h"

namespace sparkgate::translate {
namespace {

// Choices beyond the requested ones that are followed before the stream counts as malformed.
constexpr size_t kMaxExtraChoices = 128;
constexpr char kTooManyChoices[] = "it has more choices than were asked for";

}  // namespace

class StreamTranslator::Impl {
 public:
  using Messages = std::vector<v1::StreamChatResponse>;

  Impl(int requested_choices, const HeaderList& headers)
      : requested_(requested_choices), headers_{{"x-request-id", UpstreamRequestId(headers)}} {
    AddHeaderMetrics(headers, &metrics_);
  }

  Outcome Push(std::string_view event_type, std::string_view data, Messages* messages) {
    Outcome outcome;
    data = TrimJsonSpace(data);
    if (event_type == "error") {
      outcome.status = ErrorEvent(data, headers_);
    } else if (data == "[DONE]") {
      outcome.done = true;
    } else if (event_type == "ping" || data.empty()) {
      // Says that the server lives, and nothing else.
    } else if (data.front() == '{') {
      PushChunk(data, messages, &outcome);
      document_.Shrink();
    } else {
      outcome.status = PushSignOfLife(data);
    }
    return outcome;
  }

  void ReleaseContent(Messages* messages) {
    if (!holding_ || !HoldsContent()) return;
    v1::StreamChatResponse finish;
    for (v1::StreamChoice& entry : *held_.mutable_choices()) {
      if (!entry.has_finish_reason()) continue;
      EntryOf(entry.index(), &finish)->set_finish_reason(entry.finish_reason());
      entry.clear_finish_reason();
    }
    messages->push_back(std::move(held_));
    held_ = std::move(finish);
  }

  void Release(bool complete, Messages* messages) {
    FlushHalves(messages);
    TellKeptFinishes(complete, messages);
    if (complete) AttachTotals(messages);
    SendHeld(messages);
  }

  CallStatus StatusAtEndMark() const {
    const std::string& words = signs_of_life_.words();
    if (!words.empty() && !AllChoicesHadFinish()) return ErrorEvent(words, headers_);
    if (!SawChoice()) return MalformedAnswer("its stream ends without any answer in it", headers_);
    if (requested_ > 1 && saw_no_index_ && choices_.size() == 1) {
      return MalformedAnswer("its choices have no index, and more than one was asked for",
                             headers_);
    }
    return CallStatus();
  }

  bool AllChoicesFinished() const { return finished_in_range_ >= requested_; }
  bool SawChoice() const { return !choices_.empty(); }
  int finished_choices() const { return finished_; }

  int anomalies() const {
    int sum = anomalies_ + head_.anomalies();
    for (const auto& [index, choice] : choices_) sum += choice.anomalies();
    return sum;
  }

 private:
  // Data that is no object. An error is an error, even in a list.
  CallStatus PushSignOfLife(std::string_view data) {
    ++anomalies_;
    if (data.front() == '[' && document_.Parse(data) == JsonDocument::Result::kOk) {
      const auto first = document_.root().First();
      if (first && first->is(JsonKind::kObject)) return ErrorOfAnswer(*first, headers_);
    }
    signs_of_life_.Add(data);
    return CallStatus();
  }

  void PushChunk(std::string_view data, Messages* messages, Outcome* outcome) {
    const auto result = document_.Parse(data);
    if (result != JsonDocument::Result::kOk) {
      outcome->status = MalformedAnswer(DescribeParse(result), headers_);
      return;
    }
    const JsonValue root = document_.root();
    if (!root.is(JsonKind::kObject)) {
      outcome->status = MalformedAnswer("an event is no JSON object", headers_);
      return;
    }
    outcome->status = ErrorOfAnswer(root, headers_);
    if (!outcome->status.ok()) return;
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

  // "" if it is known which answer each choice belongs to: two are never mixed.
  std::string IndexError(const JsonValue& choices) {
    std::string error;
    choices.ForEachElement([&](const JsonValue& choice) {
      const auto index = choice.Find("index");
      int64_t number;
      if (!index.has_value() || index->is(JsonKind::kNull)) {
        saw_no_index_ = true;  // of choice 0, by servers that write no zeros
      } else if (!LenientInteger(*index, &number) && (requested_ > 1 || choices.size() > 1)) {
        error = "a choice's index is no number";
      }
    });
    return error;
  }

  // Leaves only the choices in chunk_; the rest goes where it is kept.
  void Decode(const JsonValue& root, const std::optional<JsonValue>& choices, Messages* messages) {
    chunk_.Clear();
    decoder_.emplace(document_);
    decoder_->Object(root, chunk_shape_, &chunk_);
    if (choices) decoder_->TotalsInChoices(*choices, &chunk_);
    if (chunk_.has_usage()) {
      usage_.Swap(chunk_.mutable_usage());  // a running total: the last one holds
      has_usage_ = true;
    }
    if (chunk_.has_perf_metrics()) MergeMetrics(chunk_.perf_metrics(), &metrics_);
    if (head_.Absorb(&chunk_)) return;
    // Two different sets of unknown members, and no message between them: one of our own carries
    // the first.
    v1::StreamChatResponse carrier;
    AddEmptyEntry(&carrier);
    head_.Attach(&carrier);
    Deliver(std::move(carrier), messages);
    head_.Absorb(&chunk_);
  }

  void AdvanceChoices(const JsonValue& choices, Messages* messages, Outcome* outcome) {
    v1::StreamChatResponse message;
    int at = 0;
    choices.ForEachElement([&](const JsonValue& value) {
      v1::StreamChoice* entry = chunk_.mutable_choices(at++);
      if (!Advance(value, entry, outcome)) return;
      if (FindEntry(message, entry->index()) != nullptr) {
        head_.Attach(&message);
        messages_in_turn_.push_back(std::move(message));
        message.Clear();
      }
      message.add_choices()->Swap(entry);
    });
    for (auto& earlier : messages_in_turn_) DeliverNow(std::move(earlier), messages);
    messages_in_turn_.clear();
    if (message.choices_size() == 0) return;
    head_.Attach(&message);
    Deliver(std::move(message), messages);
  }

  // False if the entry is not to be sent.
  bool Advance(const JsonValue& value, v1::StreamChoice* entry, Outcome* outcome) {
    const int index = entry->index();
    if (index < 0 || index >= requested_) ++anomalies_;
    if (choices_.size() >= requested_ + kMaxExtraChoices && choices_.count(index) == 0) {
      outcome->status = MalformedAnswer(kTooManyChoices, headers_);
      return false;
    }
    last_index_ = index;
    ChoiceState& choice = choices_[index];
    const bool had_finish = choice.finished() || choice.void_finish();
    const bool was_finished = choice.finished();
    const bool failed = entry->finish_reason() == "error";
    if (failed) {
      outcome->status = ErrorFinish(headers_);
      entry->clear_finish_reason();
    }
    AdvanceChoice(value, &choice, entry);
    outcome->content = outcome->content || CarriesContent(value) || HasContent(entry->delta());
    CountFinished(index, choice.finished() - was_finished);
    // With other answers still to come, more of this one may come too.
    if (entry->has_finish_reason() && HasContent(entry->delta()) && !AllChoicesFinished()) {
      choice.KeepFinish(entry);
    }
    const bool nothing = AddsNothing(*entry);
    if (had_finish && !choice.void_finish() && !nothing) ++anomalies_;
    // An empty entry beside usage must not push the message out that waits for this usage.
    return !((holding_ || failed) && nothing);
  }

  void AdvanceChoice(const JsonValue& value, ChoiceState* choice, v1::StreamChoice* entry) {
    const auto message = value.Find("message");
    if (!message.has_value() || !message->is(JsonKind::kObject)) {
      return choice->Advance(document_, value, nullptr, entry);
    }
    v1::ChatMessage decoded;
    decoder_->Object(*message, message_shape_, &decoded);
    choice->Advance(document_, value, &decoded, entry);
  }

  void CountFinished(int index, int more) {
    finished_ += more;
    if (index >= 0 && index < requested_) finished_in_range_ += more;
  }

  void TakeBackHeldFinishes() {
    if (!holding_) return;
    for (v1::StreamChoice& entry : *held_.mutable_choices()) {
      if (entry.has_finish_reason()) choices_[entry.index()].KeepFinish(&entry);
    }
  }

  // Sends `message`, or keeps it until it is known whether it is the last.
  void Deliver(v1::StreamChatResponse message, Messages* messages) {
    // If one of the finish reasons meant nothing, the others may mean nothing too.
    if (!AllChoicesFinished()) TakeBackHeldFinishes();
    SendHeld(messages);
    if (!AllChoicesFinished()) return Send(std::move(message), messages);
    held_ = std::move(message);
    holding_ = true;
    for (auto& [index, choice] : choices_) {
      if (choice.finished() && !choice.kept_finish().empty()) {
        EntryOf(index, &held_)->set_finish_reason(choice.kept_finish());
      }
    }
  }

  void DeliverNow(v1::StreamChatResponse message, Messages* messages) {
    if (!AllChoicesFinished()) TakeBackHeldFinishes();
    SendHeld(messages);
    Send(std::move(message), messages);
  }

  void SendHeld(Messages* messages) {
    if (holding_ && !SaysNothing(held_)) Send(std::move(held_), messages);
    holding_ = false;
  }

  void Send(v1::StreamChatResponse message, Messages* messages) {
    for (const v1::StreamChoice& entry : message.choices()) {
      if (entry.has_finish_reason()) choices_[entry.index()].NoteFinishTold();
    }
    messages->push_back(std::move(message));
  }

  bool HoldsContent() const {
    for (const v1::StreamChoice& entry : held_.choices()) {
      if (HasContent(entry.delta())) return true;
    }
    return false;
  }

  bool AllChoicesHadFinish() const {
    int had = 0;
    for (const auto& [index, choice] : choices_) {
      had += index >= 0 && index < requested_ && (choice.finished() || choice.void_finish());
    }
    return had >= requested_;
  }

  // A finish reason that content followed says nothing, unless the end mark confirms it.
  void TellKeptFinishes(bool complete, Messages* messages) {
    for (auto& [index, choice] : choices_) {
      if (choice.kept_finish().empty() || (choice.void_finish() && !complete)) continue;
      if (!holding_) held_.Clear();
      holding_ = true;
      EntryOf(index, &held_)->set_finish_reason(choice.kept_finish());
      if (choice.void_finish()) ++finished_;
    }
  }

  void AddEmptyEntry(v1::StreamChatResponse* message) const {
    v1::StreamChoice* entry = message->add_choices();
    entry->set_index(last_index_);
    entry->mutable_delta();
  }

  void FlushHalves(Messages* messages) {
    for (auto& [index, choice] : choices_) {
      if (!choice.waiting()) continue;
      v1::StreamChatResponse message;
      const bool held = holding_ && FindEntry(held_, index) != nullptr;
      choice.Flush(EntryOf(index, held ? &held_ : &message)->mutable_delta());
      if (!held) Send(std::move(message), messages);
    }
  }

  // Makes sure that there is a message to hold what belongs to the end.
  void AttachTotals(Messages* messages) {
    const bool totals = has_usage_ || !IsEmpty(metrics_);
    if (holding_ && !head_.Fits(held_)) SendHeld(messages);
    if (!holding_) {
      if (!SawChoice() || (!totals && head_.empty())) return;
      held_.Clear();
      AddEmptyEntry(&held_);
      holding_ = true;
    }
    head_.Attach(&held_);
    if (has_usage_) *held_.mutable_usage() = usage_;
    if (!IsEmpty(metrics_)) *held_.mutable_perf_metrics() = metrics_;
  }

  const int requested_;
  const HeaderList headers_;  // what a failure tells of them: the request id
  const MessageSchema& chunk_shape_ = MessageSchema::Of(v1::StreamChatResponse::descriptor());
  const MessageSchema& message_shape_ = MessageSchema::Of(v1::ChatMessage::descriptor());

  JsonDocument document_;                  // kept for its memory
  v1::StreamChatResponse chunk_;           // likewise
  std::optional<MessageDecoder> decoder_;  // of the chunk at hand
  Messages messages_in_turn_;

  StreamHead head_;
  v1::Usage usage_;
  bool has_usage_ = false;
  v1::PerfMetrics metrics_;
  v1::StreamChatResponse held_;
  bool holding_ = false;

  std::unordered_map<int, ChoiceState> choices_;
  int last_index_ = 0;
  bool saw_no_index_ = false;
  SignsOfLife signs_of_life_;
  int finished_ = 0;
  int finished_in_range_ = 0;
  int anomalies_ = 0;
};

StreamTranslator::StreamTranslator(int requested_choices, const HeaderList& headers)
    : impl_(std::make_unique<Impl>(requested_choices, headers)) {}
StreamTranslator::~StreamTranslator() = default;
StreamTranslator::StreamTranslator(StreamTranslator&&) noexcept = default;
StreamTranslator& StreamTranslator::operator=(StreamTranslator&&) noexcept = default;

StreamTranslator::Outcome StreamTranslator::Push(std::string_view event_type, std::string_view data,
                                                 std::vector<v1::StreamChatResponse>* messages) {
  return impl_->Push(event_type, data, messages);
}

void StreamTranslator::Release(bool complete, std::vector<v1::StreamChatResponse>* messages) {
  impl_->Release(complete, messages);
}

bool StreamTranslator::AllChoicesFinished() const { return impl_->AllChoicesFinished(); }
bool StreamTranslator::SawChoice() const { return impl_->SawChoice(); }
void StreamTranslator::ReleaseContent(std::vector<v1::StreamChatResponse>* messages) {
  impl_->ReleaseContent(messages);
}

CallStatus StreamTranslator::StatusAtEndMark() const { return impl_->StatusAtEndMark(); }
int StreamTranslator::finished_choices() const { return impl_->finished_choices(); }
int StreamTranslator::anomalies() const { return impl_->anomalies(); }

}  // namespace sparkgate::translate
