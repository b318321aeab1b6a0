#include "service/translate/joined_text.h"

#include <algorithm>

#include "base/text.h"

namespace sparkgate::translate {
namespace {

// FNV-1a's step: what is compared is the upstream's own text, so that nobody gains by a collision.
uint64_t Extend(uint64_t hash, std::string_view text) {
  constexpr uint64_t kPrime = 1099511628211u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * kPrime;
  return hash;
}

constexpr size_t kEscapeLength = 6;  // \uXXXX

// The half that was replaced at `offset` of the document; 0 if there is none.
uint16_t HalfAt(const JsonDocument& document, size_t offset) {
  const auto& halves = document.lone_surrogates();
  const auto at = std::lower_bound(
      halves.begin(), halves.end(), offset,
      [](const LoneSurrogate& half, size_t offset) { return half.offset < offset; });
  return at != halves.end() && at->offset == offset ? at->unit : 0;
}

bool IsHigh(uint16_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool IsLow(uint16_t unit) { return unit >= 0xDC00; }

}  // namespace

void GrowingText::Append(std::string_view increment) {
  if (increment.empty()) return;
  had_deltas_ = true;
  hash_ = Extend(hash_, increment);
  length_ += increment.size();
}

bool GrowingText::BeginsWithThis(std::string_view text) const {
  return text.size() >= length_ && Extend(0, text.substr(0, length_)) == hash_;
}

std::optional<std::string_view> GrowingText::NewPart(std::string_view text, Habit habit) {
  if (text.empty()) return text;
  const bool begins = BeginsWithThis(text);
  if (!seen_ && length_ > 0) {
    if (!begins && !had_deltas_) seen_ = Habit::kIncrements;
    if (begins && text.size() > length_) seen_ = Habit::kWhole;
  }
  std::string_view added = text;
  if (had_deltas_ || seen_.value_or(habit) == Habit::kWhole) {
    if (!begins) return std::nullopt;
    added.remove_prefix(length_);
  }
  hash_ = Extend(hash_, added);
  length_ += added.size();
  return added;
}

void SurrogateJoiner::Join(const JsonDocument& document, const JsonValue& value,
                           std::string* text) {
  if (text->empty()) return;  // says nothing about what comes next
  // As long as the raw text is, it is a string: a half has six characters and two quotes around.
  const size_t begin = value.offset() + 1;
  const size_t end = value.offset() + value.raw().size() - 1;
  const bool has_half = value.is(JsonKind::kString) && end - begin >= kEscapeLength;
  const uint16_t first = has_half ? HalfAt(document, begin) : 0;
  const uint16_t last = has_half ? HalfAt(document, end - kEscapeLength) : 0;
  if (IsHigh(last)) text->resize(text->size() - kReplacement.size());
  if (waiting() && IsLow(first)) {
    std::string joined;
    AppendCodePoint(JoinSurrogates(high_, first), &joined);
    text->replace(0, kReplacement.size(), joined);
  } else if (waiting()) {
    text->insert(0, kReplacement);
  }
  high_ = IsHigh(last) ? last : 0;
}

std::string SurrogateJoiner::Flush() {
  if (!waiting()) return "";
  high_ = 0;
  return std::string(kReplacement);
}

}  // namespace sparkgate::translate
