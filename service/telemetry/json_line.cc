#include "service/telemetry/json_line.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace sparkgate::telemetry {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// The length of the UTF-8 character that `text` begins with; 0 if it begins with none.
size_t CharacterLength(std::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first < 0xC2   ? 0
                        : first < 0xE0 ? 2
                        : first < 0xF0 ? 3
                        : first < 0xF5 ? 4
                                       : 0;
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const unsigned char second = byte(1);
  const bool too_long = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool no_character = (first == 0xED && second > 0x9F) || (first == 0xF4 && second > 0x8F);
  return too_long || no_character ? 0 : length;
}

// How many bytes at the beginning of `text` stand for themselves.
size_t PlainLength(std::string_view text) {
  size_t length = 0;
  while (length < text.size() && text[length] >= 0x20 && text[length] < 0x7f &&
         text[length] != '"' && text[length] != '\\') {
    ++length;
  }
  return length;
}

void AppendEscaped(unsigned char c, std::string* line) {
  switch (c) {
    case '"':
      line->append("\\\"");
      return;
    case '\\':
      line->append("\\\\");
      return;
    case '\n':
      line->append("\\n");
      return;
    case '\t':
      line->append("\\t");
      return;
    default:
      break;
  }
  char escape[8];
  std::snprintf(escape, sizeof(escape), "\\u%04x", c);
  line->append(escape);
}

template <typename Number>
void AppendNumber(Number number, std::string* line) {
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof(text), number);
  line->append(text, end - text);
}

void AppendTime(std::chrono::system_clock::time_point time, std::string* line) {
  const int64_t us =
      std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
  const time_t seconds = us / 1000000;
  tm utc = {};
  gmtime_r(&seconds, &utc);
  char text[64];
  const int size = std::snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ",
                                 utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour,
                                 utc.tm_min, utc.tm_sec, static_cast<int>(us % 1000000));
  line->append(text, size);
}

struct Appender {
  std::string* line;

  void operator()(std::string_view text) const { AppendJsonText(text, line); }
  void operator()(bool value) const { line->append(value ? "true" : "false"); }
  void operator()(double number) const {
    if (!std::isfinite(number)) {
      line->append("null");
    } else {
      AppendNumber(number, line);
    }
  }
  template <typename Integer>
  void operator()(Integer number) const {
    AppendNumber(number, line);
  }
};

}  // namespace

void Value::AppendTo(std::string* line) const { std::visit(Appender{line}, value_); }

void AppendJsonText(std::string_view text, std::string* line) {
  line->push_back('"');
  size_t room = kMaxTextBytes;
  while (!text.empty()) {
    const size_t plain = PlainLength(text.substr(0, room));
    const size_t character = plain > 0 ? 0 : CharacterLength(text);
    const size_t length = std::max<size_t>(plain + character, 1);
    if (length > room) {
      line->append("...");
      break;
    }
    if (plain > 0 || character > 1) {
      line->append(text.substr(0, length));
    } else if (character == 1) {
      AppendEscaped(text[0], line);
    } else {
      line->append(kReplacement);
    }
    room -= length;
    text.remove_prefix(length);
  }
  line->push_back('"');
}

std::string JsonLine(Level level, std::chrono::system_clock::time_point time,
                     std::string_view message, const std::vector<Field>& fields) {
  std::string line = "{\"level\":\"";
  line.append(LevelName(level)).append("\",\"time\":\"");
  AppendTime(time, &line);
  line.append("\",\"message\":");
  AppendJsonText(message, &line);
  for (const Field& field : fields) {
    line.push_back(',');
    AppendJsonText(field.key, &line);
    line.push_back(':');
    field.value.AppendTo(&line);
  }
  line.append("}\n");
  return line;
}

}  // namespace sparkgate::telemetry
