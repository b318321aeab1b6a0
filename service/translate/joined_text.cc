#include "service/translate/joined_text.h"

#include <algorithm>

#include "base/text.h"

namespace sparkgate::translate {
namespace {

// FNV-1a. The upstream's own texts are compared, so nobody gains by a collision.
uint64_t Extend(uint64_t hash, std::string_view text) {
  constexpr uint64_t kPrime = 1099511628211u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * kPrime;
  return hash;
}

// The surrogate that was replaced at `offset` of the document; 0 if there is none.
uint16_t SurrogateAt(const JsonDocument& document, size_t offset) {
  const auto& surrogates = document.lone_surrogates();
  const auto at = std::lower_bound(
      surrogates.begin(), surrogates.end(), offset,
      [](const LoneSurrogate& surrogate, size_t offset) { return surrogate.offset < offset; });
  return at != surrogates.end() && at->offset == offset ? at->unit : 0;
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

std::optional<std::string_view> GrowingText::NewPart(std::string_view text, Repeats documented) {
  if (text.empty()) return text;
  const bool begins = BeginsWithThis(text);
  if (!seen_ && length_ > 0) {
    if (!begins && !had_deltas_) seen_ = Repeats::kNothing;
    if (begins && text.size() > length_) seen_ = Repeats::kAll;
  }
  std::string_view added = text;
  if (had_deltas_ || seen_.value_or(documented) == Repeats::kAll) {
    if (!begins) return std::nullopt;
    added.remove_prefix(length_);
  }
  hash_ = Extend(hash_, added);
  length_ += added.size();
  return added;
}

void SurrogateJoiner::Join(const JsonDocument& document, const JsonValue& value,
                           std::string* text) {
  if (text->empty()) return;
  const size_t begin = value.offset() + 1;
  const size_t end = value.offset() + value.raw().size() - 1;
  const bool has_escape = value.is(JsonKind::kString) && end - begin >= kUnicodeEscapeLength;
  const uint16_t first = has_escape ? SurrogateAt(document, begin) : 0;
  const uint16_t last = has_escape ? SurrogateAt(document, end - kUnicodeEscapeLength) : 0;
  if (IsHighSurrogate(last)) text->resize(text->size() - kReplacement.size());
  if (waiting() && IsLowSurrogate(first)) {
    std::string joined;
    AppendCodePoint(JoinSurrogates(high_, first), &joined);
    text->replace(0, kReplacement.size(), joined);
  } else if (waiting()) {
    text->insert(0, kReplacement);
  }
  high_ = IsHighSurrogate(last) ? last : 0;
}

std::string SurrogateJoiner::Flush() {
  if (!waiting()) return "";
  high_ = 0;
  return std::string(kReplacement);
}

}  // namespace sparkgate::translate
