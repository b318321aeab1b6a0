#include "service/sse/event_parser.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

namespace sparkgate::sse {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kDone = "[DONE]";
constexpr std::string_view kFields[] = {"data", "event", "id", "retry"};
constexpr size_t kMaxUnparsed = 4096;
constexpr size_t kKeptCapacity = 16 * 1024;

// The length of the line that `rest` begins with, or npos if it has no end. Searches for both line
// ends in growing windows, so that a stream with CR alone is not searched for LF to its end again
// and again, and the usual one costs two calls of memchr.
size_t LineLength(std::string_view rest) {
  size_t begin = 0;
  for (size_t window = 512; begin < rest.size(); window *= 2) {
    const size_t size = std::min(window, rest.size() - begin);
    const char* from = rest.data() + begin;
    const void* lf = std::memchr(from, '\n', size);
    const size_t limit = lf != nullptr ? static_cast<const char*>(lf) - from : size;
    const void* cr = std::memchr(from, '\r', limit);
    const void* end = cr != nullptr ? cr : lf;
    if (end != nullptr) return static_cast<const char*>(end) - rest.data();
    begin += size;
  }
  return std::string_view::npos;
}

struct Field {
  std::string_view name;
  std::string_view value;
};

Field SplitField(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return {line, {}};
  std::string_view value = line.substr(colon + 1);
  if (!value.empty() && value[0] == ' ') value.remove_prefix(1);
  return {line.substr(0, colon), value};
}

// Whether a line without its end is a field of an event, or may still become one.
bool MayBeField(std::string_view line) {
  const Field field = SplitField(line);
  const bool whole_name = field.name.size() < line.size();
  for (std::string_view known : kFields) {
    if (field.name == known) return true;
    if (!whole_name && known.substr(0, line.size()) == line) return true;
  }
  return false;
}

void AppendUnparsed(std::string_view line, std::string* unparsed) {
  const size_t room = kMaxUnparsed - unparsed->size();
  unparsed->append(line.substr(0, room));
  if (unparsed->size() < kMaxUnparsed) unparsed->push_back('\n');
}

std::optional<int64_t> ParseDigits(std::string_view value) {
  int64_t number = 0;
  const char* end = value.data() + value.size();
  if (value.empty() || value[0] == '-') return std::nullopt;
  const auto [stop, error] = std::from_chars(value.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

// Frees the memory of a large event, which the stream will not need again.
void Clear(std::string* buffer) {
  if (buffer->capacity() > kKeptCapacity) std::string().swap(*buffer);
  buffer->clear();
}

}  // namespace

EventParser::Result EventParser::Next(std::string_view bytes, size_t* used, Event* event) {
  *event = Event();
  if (given_) BeginEvent();
  size_t at = SkipByteOrderMark(bytes);
  while (at < bytes.size() && !too_large_) {
    if (std::exchange(skip_lf_, false) && bytes[at] == '\n') {
      ++at;
      continue;
    }
    const std::string_view rest = bytes.substr(at);
    const size_t length = LineLength(rest);
    if (!Fits(std::min(length, rest.size()))) {
      too_large_ = true;
    } else if (length == std::string_view::npos) {
      line_.append(rest);
      at = bytes.size();
    } else {
      at += length + 1;
      if (TakeLine(rest, length, event)) {
        *used = at;
        return Result::kEvent;
      }
    }
  }
  KeepData();
  *used = bytes.size();
  return too_large_ ? Result::kTooLarge : Result::kNeedMore;
}

bool EventParser::LastEvent(Event* event) {
  if (too_large_ || given_) return false;
  if (!line_.empty()) {
    const std::string line = std::exchange(line_, {});
    if (line[0] != ':') TakeField(line, /*in_input=*/false);
  }
  if (data_lines_ == 0) return false;
  std::string_view data = data_;
  while (!data.empty() && (data.back() == ' ' || data.back() == '\t')) data.remove_suffix(1);
  const bool object = !data.empty() && data.front() == '{' && data.back() == '}';
  return (object || data == kDone) && EndEvent(event);
}

bool EventParser::EndsWithDone() const {
  if (too_large_ || given_) return false;
  if (line_.empty()) return data_ == kDone;
  const Field field = SplitField(line_);
  return data_lines_ == 0 && field.name == "data" && field.value == kDone;
}

std::string EventParser::unparsed() const {
  std::string all = unparsed_;
  if (!line_.empty() && line_[0] != ':' && !MayBeField(line_)) AppendUnparsed(line_, &all);
  return all;
}

// Returns how many bytes to skip. Bytes that looked like the mark and were not begin the first
// line.
size_t EventParser::SkipByteOrderMark(std::string_view bytes) {
  size_t at = 0;
  while (!mark_over_ && at < bytes.size()) {
    if (bytes[at] == kByteOrderMark[mark_bytes_]) {
      ++at;
      mark_over_ = ++mark_bytes_ == kByteOrderMark.size();
    } else {
      line_.append(kByteOrderMark.substr(0, mark_bytes_));
      mark_over_ = true;
    }
  }
  return at;
}

bool EventParser::Fits(size_t more_bytes) const {
  return event_bytes_ + line_.size() + more_bytes <= max_event_bytes_;
}

// Takes the line that `rest` ends after `length` bytes. True if it ended an event with data.
bool EventParser::TakeLine(std::string_view rest, size_t length, Event* event) {
  skip_lf_ = rest[length] == '\r';
  std::string_view line = rest.substr(0, length);
  const bool in_input = line_.empty();
  if (!in_input) {
    line_.append(line);
    line = line_;
  }
  if (line.empty()) return EndEvent(event);
  if (line[0] == ':') {
    ++comments_;
  } else {
    event_bytes_ += line.size();
    TakeField(line, in_input);
  }
  if (!in_input) Clear(&line_);
  return false;
}

void EventParser::TakeField(std::string_view line, bool in_input) {
  const Field field = SplitField(line);
  if (field.name == "data") {
    TakeData(field.value, in_input);
  } else if (field.name == "event") {
    type_ = field.value;
  } else if (field.name == "id") {
    if (field.value.find('\0') == std::string_view::npos) id_ = field.value;
  } else if (field.name == "retry") {
    if (std::optional<int64_t> ms = ParseDigits(field.value)) retry_ms_ = ms;
  } else {
    AppendUnparsed(line, &unparsed_);
  }
}

void EventParser::TakeData(std::string_view value, bool in_input) {
  if (++data_lines_ == 1 && in_input) {
    data_view_ = value;
    return;
  }
  KeepData();
  if (data_lines_ > 1) data_.push_back('\n');
  data_.append(value);
}

// For the blank line. True if there was data; otherwise there is no event.
bool EventParser::EndEvent(Event* event) {
  if (id_.has_value()) last_event_id_ = *std::exchange(id_, std::nullopt);
  if (data_lines_ == 0) {
    BeginEvent();
    return false;
  }
  given_ = true;
  event->type = type_;
  event->data = data_view_.value_or(data_);
  return true;
}

void EventParser::BeginEvent() {
  given_ = false;
  event_bytes_ = 0;
  data_lines_ = 0;
  data_view_.reset();
  Clear(&data_);
  Clear(&type_);
}

// The caller's bytes go away before the event is complete.
void EventParser::KeepData() {
  if (!data_view_.has_value()) return;
  data_ = *data_view_;
  data_view_.reset();
}

}  // namespace sparkgate::sse
