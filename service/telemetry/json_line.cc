#include "service/telemetry/json_line.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <ctime>

#include "base/json_writer.h"
#include "base/text.h"

namespace sparkgate::telemetry {
namespace {

// Most of what is logged.
bool IsPrintableAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

// Characters of `text` that fit into `limit` bytes.
std::string_view PrefixOf(std::string_view text, size_t limit) {
  if (text.size() <= limit) return text;
  size_t size = 0;
  while (true) {
    const size_t next = size + std::max<size_t>(CharacterLength(text.substr(size)), 1);
    if (next > limit) return text.substr(0, size);
    size = next;
  }
}

// Valid UTF-8. DEL is no control to JSON, but it is to a terminal that shows the log.
void AppendEscaped(std::string_view text, std::string* line) {
  for (size_t at = text.find('\x7f'); at != text.npos; at = text.find('\x7f')) {
    AppendJsonEscaped(text.substr(0, at), line);
    line->append("\\u007f");
    text.remove_prefix(at + 1);
  }
  AppendJsonEscaped(text, line);
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
  const std::string_view kept = PrefixOf(text, kMaxTextBytes);
  line->push_back('"');
  if (IsPrintableAscii(kept)) {
    AppendJsonEscaped(kept, line);
  } else {
    AppendEscaped(RepairUtf8(kept), line);
  }
  line->append(kept.size() < text.size() ? "...\"" : "\"");
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
