#ifndef SPARKGATE_SERVICE_SSE_EVENT_PARSER_H_
#define SPARKGATE_SERVICE_SSE_EVENT_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sparkgate::sse {

// One event of a text/event-stream. The views are valid until the parser is used again or the bytes
// given to it go away: an event whose one data line lies within them is not copied.
struct Event {
  std::string_view type;  // of `event:`; "" if there was none
  std::string_view data;  // lines of `data:` joined by LF
};

// Cuts a stream of bytes into events by the rules of the HTML standard, in whatever pieces the
// bytes arrive.
//
// A pull parser, so that the owner can stop between two events (to pause, or to decode a large one
// on another thread) and go on with the rest of the same bytes:
//
//   while (!bytes.empty()) {
//     Event event;
//     size_t used;
//     switch (parser.Next(bytes, &used, &event)) {
//       case EventParser::Result::kEvent: Handle(event); break;
//       case EventParser::Result::kNeedMore: break;
//       case EventParser::Result::kTooLarge: return Fail();
//     }
//     bytes.remove_prefix(used);
//   }
//
// Not thread-safe.
class EventParser {
 public:
  enum class Result { kEvent, kNeedMore, kTooLarge };

  // An event of more than `max_event_bytes` (all its lines, without line ends) is kTooLarge, and so
  // is everything after it. Comments count line by line, so that keep-alives never add up to it.
  explicit EventParser(size_t max_event_bytes) : max_event_bytes_(max_event_bytes) {}

  // Takes bytes up to the end of the next event, or all of them; `*used` is how many.
  Result Next(std::string_view bytes, size_t* used, Event* event);

  // To be called when the stream has ended properly. True if its last lines are an unfinished event
  // whose data is a whole object, by its first and last characters, or `[DONE]`: some servers close
  // without the blank line. Nothing may be parsed after this.
  bool LastEvent(Event* event);

  // To be called when the stream has ended in any way. True if its last line is an unfinished event
  // whose data is `[DONE]`, which ends an answer however the connection ended. The standard drops
  // any other unfinished event.
  bool EndsWithDone() const;

  // The first 4 KiB of lines that are not a field of an event, an unfinished last line included: a
  // server that sends plain JSON as an event stream says there what went wrong.
  std::string unparsed() const;

  // Comment lines, which are keep-alives.
  size_t comments() const { return comments_; }

  // The last `id:` that took effect, which happens at the blank line, with or without data.
  const std::string& last_event_id() const { return last_event_id_; }

  // The last valid `retry:`, in milliseconds.
  std::optional<int64_t> retry_ms() const { return retry_ms_; }

 private:
  size_t SkipByteOrderMark(std::string_view bytes);
  bool Fits(size_t more_bytes) const;
  bool TakeLine(std::string_view rest, size_t length, Event* event);
  void TakeField(std::string_view line, bool in_input);
  void TakeData(std::string_view value, bool in_input);
  bool EndEvent(Event* event);
  void BeginEvent();
  void KeepData();

  const size_t max_event_bytes_;

  // The position in the stream, across pieces.
  size_t mark_bytes_ = 0;   // of a byte order mark, matched at the stream's start
  bool mark_over_ = false;  // found, or known not to be there
  bool skip_lf_ = false;    // the last byte was CR, to which a LF would belong
  bool too_large_ = false;
  std::string line_;  // the beginning of an unfinished line; never scanned again

  // The event that is being collected.
  bool given_ = false;  // it was returned, so the next call begins a new one
  size_t event_bytes_ = 0;
  size_t data_lines_ = 0;
  std::optional<std::string_view> data_view_;  // the only data line, within this call's bytes; or:
  std::string data_;
  std::string type_;
  std::optional<std::string> id_;

  std::string unparsed_;
  size_t comments_ = 0;
  std::string last_event_id_;
  std::optional<int64_t> retry_ms_;
};

}  // namespace sparkgate::sse

#endif  // SPARKGATE_SERVICE_SSE_EVENT_PARSER_H_
