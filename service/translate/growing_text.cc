#include "service/translate/growing_text.h"

namespace sparkgate::translate {
namespace {

// FNV-1a's step: what is compared is the upstream's own text, so that nobody gains by a collision.
uint64_t Extend(uint64_t hash, std::string_view text) {
  constexpr uint64_t kPrime = 1099511628211u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * kPrime;
  return hash;
}

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

}  // namespace sparkgate::translate
